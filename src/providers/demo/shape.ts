/**
 * Reads JSON that may have any shape. A field goes by its camel-case name or, as Google accepts it too, in snake case.
 *
 * @module
 */
import { Refusal } from "./refusal.ts";

/** A JSON object. */
export type Fields = Readonly<Record<string, unknown>>;

/** Whether the value is a JSON object. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A field; `undefined` where it is absent or null. */
export function field(from: Fields, name: string): unknown {
  const value = from[name] ?? from[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
  return value ?? undefined;
}

/** A field that must be an object. */
export function object(from: Fields, name: string): Fields {
  const value = field(from, name);
  if (isFields(value)) return value;
  throw wrong(name, "an object");
}

/** The object at a dotted path; an empty one where it is absent. */
export function maybe(from: Fields, path: string): Fields {
  return path.split(".").reduce((here, name) => field(here, name) === undefined ? {} : object(here, name), from);
}

/** A list of objects; an empty one where it is absent. */
export function objects(from: Fields, name: string): readonly Fields[] {
  const value = field(from, name) ?? [];
  if (Array.isArray(value) && value.every(isFields)) return value;
  throw wrong(name, "an array of objects");
}

/** A list of at least one object. */
export function someObjects(from: Fields, name: string): readonly Fields[] {
  const list = objects(from, name);
  if (list.length > 0) return list;
  throw wrong(name, "an array with at least one object");
}

/** A field that must be a string. */
export function string(from: Fields, name: string): string {
  const value = field(from, name);
  if (typeof value === "string") return value;
  throw wrong(name, "a string");
}

/** A whole number of at least 1, where it is there. */
export function positive(from: Fields, name: string): number | undefined {
  const value = field(from, name);
  if (value === undefined || Number.isSafeInteger(value) && Number(value) > 0) return value as number | undefined;
  throw wrong(name, "a whole number above 0");
}

/** A boolean; absent means false. */
export function flag(from: Fields, name: string): boolean {
  const value = field(from, name) ?? false;
  if (typeof value === "boolean") return value;
  throw wrong(name, "true or false");
}

/** The texts of a message: a string, or a list of parts of which some hold text. */
export function texts(from: Fields, name: string): readonly string[] {
  const value = field(from, name);
  if (typeof value === "string") return [value];
  return objects(from, name).flatMap(({ text }) => typeof text === "string" ? [text] : []);
}

/** The refusal of a field that has the wrong type. */
export function wrong(name: string, wanted: string): Refusal {
  return new Refusal(400, `Send \`${name}\` as ${wanted}.`, { param: name });
}
