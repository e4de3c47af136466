/**
 * Reads JSON that may have any shape.
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

/** The value as an object; a refusal that names the field otherwise. */
export function fields(value: unknown, name: string): Fields {
  if (isFields(value)) return value;
  throw wrong(name, "an object");
}

/** The value as an object, where it may be absent. */
export function optionalFields(value: unknown, name: string): Fields {
  return value === undefined || value === null ? {} : fields(value, name);
}

/** The value as a list of objects; absent means empty. */
export function objects(value: unknown, name: string): readonly Fields[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw wrong(name, "an array");
  return value.map((item, index) => fields(item, `${name}[${index}]`));
}

/** The value as a whole number of at least 1, where it may be absent. */
export function positive(value: unknown, name: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (Number.isSafeInteger(value) && Number(value) > 0) return Number(value);
  throw wrong(name, "a whole number above 0");
}

/** The value as a boolean; absent means false. */
export function flag(value: unknown, name: string): boolean {
  if (value === undefined || value === null || typeof value === "boolean") return value === true;
  throw wrong(name, "true or false");
}

/** The texts of a message: a string, or a list of parts of which some hold text. */
export function texts(content: unknown, name: string): readonly string[] {
  if (content === undefined || content === null) return [];
  if (typeof content === "string") return [content];
  return objects(content, name).flatMap((part) => typeof part["text"] === "string" ? [part["text"]] : []);
}

/** A field by its camel-case name or, as Google accepts it too, in snake case. */
export function either(from: Fields, name: string): unknown {
  return from[name] ?? from[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
}

/** The refusal of a field that has the wrong type. */
export function wrong(name: string, wanted: string): Refusal {
  return new Refusal(400, `Send \`${name}\` as ${wanted}.`, { param: name, code: "invalid_type" });
}
