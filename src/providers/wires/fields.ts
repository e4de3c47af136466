/**
 * Looks into JSON of any shape without throwing.
 *
 * @module
 */
import { overlay } from "../../overlay.ts";
import type { Usage } from "../../usage.ts";

/** A member of an object; `undefined` for anything else. */
export function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

/** A count of tokens; `undefined` for what can't be one, so that a broken number stays unknown. */
export function count(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** An amount of money; `undefined` for what can't be one. */
export function amount(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** A model's name; `undefined` for what can't be one. */
export function name(value: unknown): string | undefined {
  return typeof value === "string" && value.length > 0 && value.length <= 256 ? value : undefined;
}

/** The items of an array; none for anything else. */
export function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The sum of what is known; `undefined` when nothing is. */
export function sum(...parts: readonly (number | undefined)[]): number | undefined {
  let total: number | undefined;
  for (const part of parts) if (part !== undefined) total = (total ?? 0) + part;
  return total;
}

/** Usage without members that say nothing; `undefined` when the tokens in or out are unknown. */
export function usageOf(parts: { readonly [Part in keyof Usage]: Usage[Part] | undefined }): Usage | undefined {
  const { input, output } = parts;
  if (input === undefined || output === undefined) return undefined;
  return overlay<Usage>({ input, output }, parts);
}
