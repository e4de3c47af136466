/**
 * Looks into JSON of any shape without throwing.
 *
 * @module
 */
import { field } from "../../json.ts";
import { overlay } from "../../overlay.ts";
import { recalled } from "../../recall.ts";
import type { Usage } from "../../usage.ts";

/** A count of tokens; `undefined` for what can't be one, so that a broken number stays unknown. */
export function count(value: unknown): number | undefined {
  return Number.isSafeInteger(value) ? amount(value) : undefined;
}

/** An amount of money; `undefined` for what can't be one. */
export function amount(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** What stands in a place of a document, as `response.usage`, or else in another; `undefined` if nothing does. */
export const look = (document: unknown, place: string, other?: string): unknown =>
  at(document, place) ?? (other === undefined ? undefined : look(document, other));

/** The count of tokens that stands in one of two places. */
export const tokens = (document: unknown, place: string, other?: string): number | undefined =>
  count(at(document, place)) ?? (other === undefined ? undefined : tokens(document, other));

/** The name that stands in one of two places: a model's, mostly. */
export const name = (document: unknown, place: string, other?: string): string | undefined =>
  title(at(document, place)) ?? (other === undefined ? undefined : name(document, other));

const title = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" && value.length <= 256 ? value : undefined;

/** What stands in one place. */
function at(document: unknown, place: string): unknown {
  if (!place.includes(".")) return field(document, place);
  let part = document;
  for (const key of keysOf(place)) part = field(part, key);
  return part;
}

const keysOf = recalled((place) => place.split("."));

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
