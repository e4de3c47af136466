/**
 * Looks into JSON of any shape without throwing.
 *
 * @module
 */
import { field } from "../../json.ts";
import { overlay } from "../../overlay.ts";
import type { Usage } from "../../usage.ts";

/** A count of tokens; `undefined` for what can't be one, so that a broken number stays unknown. */
export function count(value: unknown): number | undefined {
  return Number.isSafeInteger(value) ? amount(value) : undefined;
}

/** An amount of money; `undefined` for what can't be one. */
export function amount(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** The first of some places in a document, as `response.usage`, where there is something. */
export const look = (document: unknown, ...places: readonly string[]): unknown => first(document, places, something);

/** The first of some places that holds a count of tokens. */
export const tokens = (document: unknown, ...places: readonly string[]): number | undefined =>
  first(document, places, count);

/** The first of some places that holds a name: a model's, mostly. */
export const name = (document: unknown, ...places: readonly string[]): string | undefined =>
  first(document, places, title);

const something = (value: unknown): unknown => value ?? undefined;

const title = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" && value.length <= 256 ? value : undefined;

function first<Value>(
  document: unknown,
  places: readonly string[],
  read: (value: unknown) => Value | undefined,
): Value | undefined {
  if (typeof document !== "object" || document === null) return undefined;
  for (const place of places) {
    const value = read(at(document, place));
    if (value !== undefined) return value;
  }
  return undefined;
}

/** What stands in one place. */
function at(document: unknown, place: string): unknown {
  const dot = place.indexOf(".");
  return dot < 0 ? field(document, place) : at(field(document, place.slice(0, dot)), place.slice(dot + 1));
}

/** What the last document that tells something says. */
export function latest<Value>(
  documents: readonly unknown[],
  read: (document: unknown) => Value | undefined,
): Value | undefined {
  for (let index = documents.length - 1; index >= 0; index--) {
    const value = read(documents[index]);
    if (value !== undefined) return value;
  }
  return undefined;
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
