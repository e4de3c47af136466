/**
 * A valid value for a JSON Schema: the same schema, the same value.
 *
 * @module
 */
import { type Fields, isFields } from "./shape.ts";

/** How deep a value may lie, tried in this order, so that a recursive schema ends early. */
const DEPTHS = [6, 12, 24, 60];
/** Schemas looked at for one value, so that a hostile one costs little. */
const MOST_STEPS = 5000;
const MOST_CHARACTERS = 10_000;

interface Walk {
  readonly root: unknown;
  readonly depth: number;
  left: number;
}

/**
 * A value that the schema allows, or `undefined` where none was found. Knows `$ref` within the schema, `allOf`, `anyOf`,
 * `oneOf`, `const`, `enum`, the types in any case, `required`, `format`, and the bounds of numbers, strings and arrays.
 */
export function example(schema: unknown): unknown {
  for (const depth of DEPTHS) {
    const value = make({ root: schema, depth, left: MOST_STEPS }, schema, "text", 0, 0);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** `name` is the property that the value is for, `nth` its place in a list. */
function make(walk: Walk, schema: unknown, name: string, nth: number, depth: number): unknown {
  if (depth > walk.depth || !pays(walk, schema)) return undefined;
  if (schema === true) return name;
  if (!isFields(schema)) return undefined;
  const { $ref, allOf, anyOf, oneOf, ...rest } = schema;
  const again = (next: unknown) => make(walk, next, name, nth, depth + 1);
  if ($ref !== undefined) return again(merge(walk, { ...rest, allOf, anyOf, oneOf }, lookUp(walk.root, $ref)));
  if (Array.isArray(allOf) && allOf.length > 0) {
    return again(merge(walk, { ...rest, anyOf, oneOf, allOf: allOf.slice(1) }, allOf[0]));
  }
  const choices = anyOf ?? oneOf;
  if (!Array.isArray(choices)) return plain(walk, rest, name, nth, depth);
  if (!pays(walk, choices)) return undefined;
  return firstOf(nullLast(choices), (choice) => again(merge(walk, rest, choice)));
}

/** Takes the cost of looking at something off what is left: a step, and one for every few of its entries. */
function pays(walk: Walk, thing: unknown): boolean {
  walk.left -= 1;
  if (walk.left >= 0 && typeof thing === "object" && thing !== null) {
    walk.left -= Math.floor(Object.keys(thing).length / 8);
  }
  return walk.left >= 0;
}

function plain(walk: Walk, schema: Fields, name: string, nth: number, depth: number): unknown {
  if (schema["const"] !== undefined) return schema["const"];
  if (Array.isArray(schema["enum"])) return schema["enum"][nth % schema["enum"].length];
  switch (typeOf(schema)) {
    case "object":
      return object(walk, schema, depth);
    case "array":
      return array(walk, schema, name, depth);
    case "number":
      return number(schema, 0, nth);
    case "integer":
      return number(schema, 1, nth);
    case "boolean":
      return nth % 2 === 0;
    case "null":
      return null;
    default:
      return string(schema, name, nth);
  }
}

function typeOf(schema: Fields): string {
  const { type } = schema;
  const named = Array.isArray(type) ? type.find((one) => one !== "null") ?? "null" : type;
  if (typeof named === "string") return named.toLowerCase();
  if (isFields(schema["properties"])) return "object";
  if (schema["items"] !== undefined || schema["prefixItems"] !== undefined) return "array";
  return schema["minimum"] !== undefined || schema["maximum"] !== undefined ? "number" : "string";
}

/** What is required; all properties where nothing is. */
function object(walk: Walk, schema: Fields, depth: number): unknown {
  const properties = isFields(schema["properties"]) ? schema["properties"] : {};
  const required = pays(walk, schema["required"]) ? listOf(schema["required"]).map(String) : [];
  const entries: [string, unknown][] = [];
  for (const name of required.length > 0 ? required : Object.keys(properties)) {
    const property = Object.hasOwn(properties, name) ? properties[name] : schema["additionalProperties"] ?? true;
    const value = make(walk, property, name, 0, depth + 1);
    if (value !== undefined) entries.push([name, value]);
    else if (required.length > 0) return undefined;
  }
  return Object.fromEntries(entries);
}

function array(walk: Walk, schema: Fields, name: string, depth: number): unknown {
  const prefix = Array.isArray(schema["prefixItems"]) ? schema["prefixItems"] : [];
  const least = bound(schema["minItems"]) ?? 0;
  const length = Math.min(Math.max(least, prefix.length, 1), bound(schema["maxItems"]) ?? Infinity);
  if (length > MOST_STEPS) return undefined;
  const values: unknown[] = [];
  for (let nth = 0; nth < length; nth++) {
    const value = make(walk, prefix[nth] ?? schema["items"] ?? true, name, nth, depth + 1);
    if (value === undefined) break;
    values.push(value);
  }
  return values.length < least ? undefined : values;
}

/** 1 where the bounds allow it, else near one of them; `grain` is 1 for whole numbers. */
function number(schema: Fields, grain: number, nth: number): number | undefined {
  const step = bound(schema["multipleOf"]) || grain;
  const unit = step || 1;
  const [above, below] = [bound(schema["exclusiveMinimum"]), bound(schema["exclusiveMaximum"])];
  const least = Math.max(bound(schema["minimum"]) ?? -Infinity, above ?? -Infinity);
  const most = Math.min(bound(schema["maximum"]) ?? Infinity, below ?? Infinity);
  const fits = (value: number) =>
    Number.isFinite(value) && value >= least && value <= most && value !== above && value !== below;
  const near = [1, least, least + unit, most, most - unit, (least + most) / 2];
  const tries = near.flatMap((value) =>
    step ? [Math.ceil(value / step) * step, Math.floor(value / step) * step] : [value]
  );
  return [...tries.map((value) => value + nth * unit), ...tries].find(fits);
}

const FORMATS: Readonly<Record<string, string>> = {
  "date-time": "2026-01-01T12:00:00Z",
  "date": "2026-01-01",
  "time": "12:00:00Z",
  "duration": "PT1H",
  "email": "demo@example.com",
  "hostname": "example.com",
  "ipv4": "192.0.2.1",
  "ipv6": "2001:db8::1",
  "uri": "https://example.com/",
  "url": "https://example.com/",
  "uuid": "00000000-0000-4000-8000-000000000000",
};

function string(schema: Fields, name: string, nth: number): string | undefined {
  const format = String(schema["format"]);
  if (Object.hasOwn(FORMATS, format)) return FORMATS[format];
  const least = bound(schema["minLength"]) ?? 0;
  if (least > MOST_CHARACTERS) return undefined;
  const text = (nth === 0 ? name : `${name} ${nth + 1}`).padEnd(least, ".");
  return text.slice(0, bound(schema["maxLength"]) ?? text.length);
}

/** A bound as a number; Google writes some as strings. */
function bound(value: unknown): number | undefined {
  const read = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof read === "number" && Number.isFinite(read) ? read : undefined;
}

/** Both schemas at once, as far as one object can say it; the second wins. */
function merge(walk: Walk, one: Fields, other: unknown): unknown {
  if (other === true) return one;
  if (
    !isFields(other) || ![one["properties"], one["required"], one["allOf"], other].every((part) => pays(walk, part))
  ) {
    return undefined;
  }
  const properties = isFields(one["properties"]) && isFields(other["properties"])
    ? { properties: { ...one["properties"], ...other["properties"] } }
    : {};
  const both = (name: string) => [...listOf(other[name]), ...listOf(one[name])];
  return { ...one, ...other, ...properties, required: [...new Set(both("required"))], allOf: both("allOf") };
}

/** Follows a reference within the document: `#`, `#/$defs/Name`. */
function lookUp(root: unknown, reference: unknown): unknown {
  if (typeof reference !== "string" || !reference.startsWith("#")) return undefined;
  let here = root;
  for (const part of reference.split("/").slice(1)) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof here !== "object" || here === null || !Object.hasOwn(here, name)) return undefined;
    here = (here as Fields)[name];
  }
  return here;
}

const listOf = (value: unknown): readonly unknown[] => Array.isArray(value) ? value : [];

const nullLast = (choices: readonly unknown[]): readonly unknown[] => [
  ...choices.filter((choice) => !isNull(choice)),
  ...choices.filter(isNull),
];
const isNull = (choice: unknown): boolean => isFields(choice) && choice["type"] === "null";

function firstOf<T>(choices: readonly T[], make: (choice: T) => unknown): unknown {
  for (const choice of choices) {
    const value = make(choice);
    if (value !== undefined) return value;
  }
  return undefined;
}
