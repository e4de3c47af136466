/**
 * The shape of a config, and what to say of a value that hasn't it.
 *
 * @module
 */
import * as v from "valibot";
import type { Config, ConfigIssue, KeyConfig, ProviderConfig } from "./config.ts";
import { isObject } from "./json.ts";
import { nearest } from "./nearest.ts";
import type { WireId } from "./providers/provider.ts";
import { WIRES } from "./providers/wires/table.ts";

/** Most milliseconds that a timer takes. */
const MAX_MS = 2_147_483_647;

/** Keys of the contract that mean nothing yet: nobody shall believe in a limit that isn't kept. */
const LATER = ["cache", "limits", "routes", "jwt", "keys", "firstToken", "idle", "total", "retentionDays", "push"];

const OBJECT = "must be an object";

const text = matching(/\S/, "must not be empty");
const flag = v.boolean("must be true or false");
const word = matching(/^[\w.@:-]{1,128}$/, "must be 1 to 128 of: letters, digits, . _ - : @");
const secret = matching(/^(?!undefined$)[\x21-\x7e]+$/, "must be printable ASCII without spaces");
const headerName = matching(/^[!#$%&'*+.^`|~\w-]+$/, "must be a header name");
const headerText = matching(/^[\t\x20-\x7e\x80-\xff]*$/, "must be a header's value: one line");

const key = object({
  id: word,
  key: secret,
  sha256: matching(/^[\da-fA-F]{64}$/, "must be a SHA-256 in hex: 64 digits"),
  tenant: word,
  roles: list(word),
}, "id");

const provider = object({
  key: text,
  origin: text,
  wire: oneOf(Object.keys(WIRES) as WireId[]),
  allowPrivate: flag,
  models: list(text),
  headers: record(headerText, headerName),
  auth: object({ header: headerName, scheme: word }, "header"),
});

const gateway = object({
  auth: oneOf(["required", "off"]),
  retry: object({
    attempts: whole(1, 5),
    delay: whole(0, 60_000),
    backoff: oneOf(["constant", "linear", "exponential"]),
  }),
  timeouts: object({ headers: whole(1, MAX_MS) }),
  logs: object({ collect: flag, payload: oneOf(["full", "none"]) }),
  metadata: object({ maxEntries: whole(0, 100) }),
});

const gatewayName = matching(/^[\w-]{1,64}$/, "must be named with 1 to 64 letters, digits, _ and -");

/** The shape of a config; `headgate.schema.json` is made from it. */
export const schema: Part<Config> = object({
  $schema: text,
  store: oneOf(["memory"]),
  basePath: matching(
    /^(\/(?!\.\.?(\/|$))[\w.~-]+)+$/,
    "must begin with a slash and not end with one; write it like /ai",
  ),
  auth: object({ keys: list(key) }),
  providers: record(provider),
  gateways: record(gateway, gatewayName),
  body: object({
    maxBytes: whole(1, 2 ** 31),
    maxUploadBytes: whole(1, 2 ** 40),
    maxDepth: whole(1, 10_000),
    maxAnswerBytes: whole(1, 2 ** 40),
  }),
  log: oneOf(["json", "off"]),
  drainSeconds: whole(0, 3600),
});

/** Whether a value has the shape of a gateway key. */
export const isKey = (value: unknown): value is KeyConfig => misfits(value, key).length === 0;

/** Whether a value has the shape of a provider's settings. */
export const isProvider = (value: unknown): value is ProviderConfig => misfits(value, provider).length === 0;

/**
 * All places where a value hasn't the shape of a config, or of a part of one. No issue repeats a value, which may be a
 * secret.
 */
export function misfits(value: unknown, part: Part = schema, path: string = ""): readonly ConfigIssue[] {
  switch (part.kind) {
    case "schema":
      return (v.safeParse(part, value).issues ?? []).map(({ message }) => issue(path, message));
    case "list":
      if (!Array.isArray(value)) return [issue(path, "must be a list")];
      return value.flatMap((item, index) => misfits(item, part.item, below(path, index)));
    case "record":
      return isObject(value)
        ? Object.entries(value).flatMap(([name, item]) => [
          ...misfits(name, part.name, below(path, name)),
          ...misfits(item, part.item, below(path, name)),
        ])
        : [issue(path, OBJECT)];
    case "object":
      return isObject(value) ? misfitMembers(value, part, path) : [issue(path, OBJECT)];
  }
}

function misfitMembers(value: Fields, { members, needed }: ObjectPart, path: string): readonly ConfigIssue[] {
  const missing = needed.filter((name) => value[name] === undefined);
  return [
    ...missing.map((name) => issue(below(path, name), "is missing")),
    ...Object.entries(value).flatMap(([name, item]) => {
      const known = Object.hasOwn(members, name) ? members[name] : undefined;
      if (known === undefined) return [issue(below(path, name), strange(name, Object.keys(members)))];
      return item === undefined ? [] : misfits(item, known, below(path, name));
    }),
  ];
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
  const meant = nearest(String(typed), known);
  return meant === undefined ? "" : `; did you mean "${meant}"?`;
}

type Name = string | number;

/** The path of a member: `gateways.default`, `keys[0]`, `providers["my own"]`. */
export function below(path: string, name: Name): string {
  if (typeof name === "number") return `${path}[${name}]`;
  if (!/^[\w$-]+$/.test(name)) return `${path}[${JSON.stringify(name.slice(0, 64))}]`;
  return path === "" ? name : `${path}.${name}`;
}

/**
 * What a value must be: plain, which the library checks, or of parts. The library's own objects take a list for one, and
 * stop at the first strange key. `T` is what a value is that fits.
 */
export type Part<T = unknown> = v.GenericSchema<T> | ((ObjectPart | RecordPart | ListPart) & { readonly holds?: T });

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
}

/** What fits a part. */
type Held<P> = P extends Part<infer T> ? T : never;

function object<Members extends Readonly<Record<string, Part>>, Needed extends keyof Members & string = never>(
  members: Members,
  ...needed: readonly Needed[]
): Part<
  & { readonly [Name in Needed]: Held<Members[Name]> }
  & { readonly [Name in Exclude<keyof Members, Needed>]?: Held<Members[Name]> | undefined }
> {
  return { kind: "object", members, needed };
}

function record<Item extends Part>(item: Item, name: v.GenericSchema<string> = v.string()): Part<
  Readonly<Record<string, Held<Item>>>
> {
  return { kind: "record", name, item };
}

function list<Item extends Part>(item: Item): Part<readonly Held<Item>[]> {
  return { kind: "list", item };
}

function matching(pattern: RegExp, message: string) {
  return v.pipe(v.string("must be text"), v.regex(pattern, message));
}

function oneOf<const T extends readonly string[]>(options: T) {
  const message = `must be ${options.map((option) => `"${option}"`).join(" or ")}`;
  return v.picklist(options, ({ input }) => message + hint(input, options));
}

function whole(least: number, most: number) {
  const message = `must be a whole number from ${least} to ${most}`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(least, message), v.maxValue(most, message));
}
