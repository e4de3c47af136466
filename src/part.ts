/**
 * Parts that a config is made of, and what to say of a value that isn't like its part.
 *
 * @module
 */
import * as v from "valibot";
import type { ConfigIssue } from "./issue.ts";
import { isObject } from "./json.ts";
import { nearest } from "./nearest.ts";

/** Keys of the contract that mean nothing yet: nobody shall believe in a limit that isn't kept. */
const LATER = ["routes", "retentionDays", "push"];

/**
 * What a value must be: text or a flag, which the library checks, or something whose checks are few and light. The
 * library's own objects also take a list for one, and stop at the first strange key. `T` is what a value is that fits.
 */
export type Part<T = unknown> =
  | v.GenericSchema<T>
  | ((RangePart | AmountPart | ChoicePart | ObjectPart | RecordPart | ListPart | EitherPart) & { readonly holds?: T });

/** A whole number. */
interface RangePart {
  readonly kind: "range";
  readonly least: number;
  readonly most: number;
}

/** A number above 0, or from 0 on. */
interface AmountPart {
  readonly kind: "amount";
  readonly least: number;
}

/** One of some words. */
interface ChoicePart {
  readonly kind: "choice";
  readonly options: readonly (string | number)[];
}

/** An object that has no other members than these, of which some may not be left out. */
interface ObjectPart {
  readonly kind: "object";
  readonly members: Readonly<Record<string, Part>>;
  readonly needed: readonly string[];
}

/** An object whose keys are its owner's choice. */
interface RecordPart {
  readonly kind: "record";
  readonly name: v.GenericSchema<string>;
  readonly item: Part;
}

interface ListPart {
  readonly kind: "list";
  readonly item: Part;
  /** Whether it may not be empty. */
  readonly isFilled: boolean;
}

/** One of several parts, which a value's kind tells apart: text, a list, an object. */
interface EitherPart {
  readonly kind: "either";
  readonly options: readonly Part[];
  readonly message: string;
}

/** What fits a part. */
type Held<P> = P extends Part<infer T> ? T : never;

/** All places where a value isn't like a part. No issue repeats a value, which may be a secret. */
export function misfits(value: unknown, part: Part, path: string = ""): readonly ConfigIssue[] {
  const line = wrong(value, part);
  return line === undefined ? inside(value, part, path) : [issue(path, line)];
}

/** What is wrong with a value as a whole, not with what is in it. */
function wrong(value: unknown, part: Part): string | undefined {
  switch (part.kind) {
    case "schema":
      return isVariable(value) ? VARIABLE : v.safeParse(part, value).issues?.[0].message;
    case "range":
      if (Number.isInteger(value) && Number(value) >= part.least && Number(value) <= part.most) return undefined;
      return `must be a whole number from ${part.least} to ${part.most}`;
    case "amount":
      if (typeof value === "number" && value >= part.least && value < Infinity) return undefined;
      return "must be a number, " + (part.least > 0 ? "above 0" : "0 or more");
    case "either":
      return fitting(value, part) === undefined ? part.message : undefined;
    case "choice":
      if ((part.options as readonly unknown[]).includes(value)) return undefined;
      return `must be ${part.options.map((option) => JSON.stringify(option)).join(" or ")}${
        hint(value, part.options.map(String))
      }`;
    case "list":
      if (!Array.isArray(value)) return "must be a list";
      return part.isFilled && value.length === 0 ? "must not be empty; leave it out, or name something" : undefined;
    default:
      return isObject(value) ? undefined : "must be an object";
  }
}

const fitting = (value: unknown, { options }: EitherPart): Part | undefined =>
  options.find((option) => wrong(value, option) === undefined);

/** A config file may ask for a variable, and has its value in its place before it is checked. */
const isVariable = (value: unknown) => typeof value === "string" && value.startsWith("env:");

const VARIABLE = "asks for an environment variable, which only a config file can; give the value itself";

/** What is wrong with what is in a value, which is a container as its part is. */
function inside(value: unknown, part: Part, path: string): readonly ConfigIssue[] {
  switch (part.kind) {
    case "list":
      return (value as unknown[]).flatMap((item, index) => misfits(item, part.item, below(path, index)));
    case "record":
      return Object.entries(value as Fields).flatMap(([name, item]) => [
        ...misfits(name, part.name, below(path, name)),
        ...misfits(item, part.item, below(path, name)),
      ]);
    case "object":
      return [...missing(value as Fields, part, path), ...misfitMembers(value as Fields, part, path)];
    case "either": {
      const option = fitting(value, part);
      return option === undefined ? [] : inside(value, option, path);
    }
    default:
      return [];
  }
}

function missing(value: Fields, { needed }: ObjectPart, path: string): readonly ConfigIssue[] {
  return needed.filter((name) => value[name] === undefined).map((name) => issue(below(path, name), "is missing"));
}

function misfitMembers(value: Fields, { members }: ObjectPart, path: string): readonly ConfigIssue[] {
  return Object.entries(value).flatMap(([name, item]) => {
    const part = Object.hasOwn(members, name) ? members[name] : undefined;
    if (part === undefined) return [issue(below(path, name), strange(name, Object.keys(members)))];
    return item === undefined ? [] : misfits(item, part, below(path, name));
  });
}

const strange = (name: string, known: readonly string[]) =>
  LATER.includes(name) ? "is not supported by this version; remove it" : "is not a known key" + hint(name, known);

type Fields = Readonly<Record<string, unknown>>;

/** An issue from a line: what is wrong, and after a semicolon what to do. */
export function issue(path: string, line: string): ConfigIssue {
  const [message = "", suggestion] = line.split("; ");
  return suggestion === undefined ? { path, message } : { path, message, suggestion };
}

/** The end of a line on a word that isn't known. */
export function hint(typed: unknown, known: readonly string[]): string {
  const meant = typeof typed === "string" ? nearest(typed, known) : undefined;
  return meant === undefined ? "" : `; did you mean "${meant}"?`;
}

type Name = string | number;

/** The path of a member: `gateways.default`, `keys[0]`, `providers["my own"]`. */
export function below(path: string, name: Name): string {
  if (typeof name === "number") return `${path}[${name}]`;
  if (!/^[\w$-]+$/.test(name)) return `${path}[${JSON.stringify(name.slice(0, 64))}]`;
  return path === "" ? name : `${path}.${name}`;
}

/** An object that has no other members than these, of which some are needed. */
export function object<Members extends Readonly<Record<string, Part>>, Needed extends keyof Members & string = never>(
  members: Members,
  ...needed: readonly Needed[]
): Part<
  & { readonly [Name in Needed]: Held<Members[Name]> }
  & { readonly [Name in Exclude<keyof Members, Needed>]?: Held<Members[Name]> | undefined }
> {
  return { kind: "object", members, needed };
}

/** An object whose keys are its owner's choice. */
export function record<Item extends Part>(item: Item, name: v.GenericSchema<string> = v.string()): Part<
  Readonly<Record<string, Held<Item>>>
> {
  return { kind: "record", name, item };
}

/** A list of items that are all alike. */
export function list<Item extends Part>(item: Item): Part<readonly Held<Item>[]> {
  return { kind: "list", item, isFilled: false };
}

/** A list of items that are all alike, one of them at least. */
export function filled<Item extends Part>(item: Item): Part<readonly Held<Item>[]> {
  return { kind: "list", item, isFilled: true };
}

/** Text that a pattern is found in. */
export function matching<Text extends string = string>(pattern: RegExp, message: string): v.GenericSchema<Text> {
  return v.pipe(v.string("must be text"), v.regex(pattern, message)) as v.GenericSchema<string> as v.GenericSchema<
    Text
  >;
}

/** One of some words. */
export function oneOf<const Word extends string | number>(options: readonly Word[]): Part<Word> {
  return { kind: "choice", options };
}

/** A whole number, the bounds included. */
export function whole(least: number, most: number): Part<number> {
  return { kind: "range", least, most };
}

/** A number above 0, of which parts count, too; or also 0. */
export function amount(least: 0 | "above 0" = "above 0"): Part<number> {
  return { kind: "amount", least: least === 0 ? 0 : Number.MIN_VALUE };
}

/** One of several parts that a value's kind tells apart. */
export function either<const Options extends readonly Part[]>(
  message: string,
  ...options: Options
): Part<Held<Options[number]>> {
  return { kind: "either", options, message };
}
