/**
 * The shape of a config, and what to say of a value that hasn't it.
 *
 * @module
 */
import * as v from "valibot";
import type { Config, ConfigIssue, KeyConfig, ProviderConfig } from "./config.ts";
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

const key = shape({
  id: word,
  key: v.optional(secret),
  sha256: v.optional(matching(/^[\da-fA-F]{64}$/, "must be a SHA-256 in hex: 64 digits")),
  tenant: v.optional(word),
  roles: v.optional(list(word)),
});

const provider = shape({
  key: v.optional(text),
  origin: v.optional(text),
  wire: v.optional(oneOf(Object.keys(WIRES) as WireId[])),
  allowPrivate: v.optional(flag),
  models: v.optional(list(text)),
  headers: v.optional(record(headerName, headerText)),
  auth: v.optional(shape({ header: headerName, scheme: v.optional(word) })),
});

const gateway = shape({
  auth: v.optional(oneOf(["required", "off"])),
  retry: v.optional(shape({
    attempts: v.optional(whole(1, 5)),
    delay: v.optional(whole(0, 60_000)),
    backoff: v.optional(oneOf(["constant", "linear", "exponential"])),
  })),
  timeouts: v.optional(shape({ headers: v.optional(whole(1, MAX_MS)) })),
  logs: v.optional(shape({ collect: v.optional(flag), payload: v.optional(oneOf(["full", "none"])) })),
  metadata: v.optional(shape({ maxEntries: v.optional(whole(0, 100)) })),
});

const gatewayName = matching(/^[\w-]{1,64}$/, "must be named with 1 to 64 letters, digits, _ and -");

/** The shape of a config; `headgate.schema.json` is made from it. */
export const schema: v.GenericSchema<Config> = shape({
  $schema: v.optional(text),
  store: v.optional(oneOf(["memory"])),
  basePath: v.optional(
    matching(/^(\/(?!\.\.?(\/|$))[\w.~-]+)+$/, "must begin with a slash and not end with one; write it like /ai"),
  ),
  auth: v.optional(shape({ keys: v.optional(list(key)) })),
  providers: v.optional(record(v.string(), provider)),
  gateways: v.optional(record(gatewayName, gateway)),
  body: v.optional(shape({
    maxBytes: v.optional(whole(1, 2 ** 31)),
    maxUploadBytes: v.optional(whole(1, 2 ** 40)),
    maxDepth: v.optional(whole(1, 10_000)),
    maxAnswerBytes: v.optional(whole(1, 2 ** 40)),
  })),
  log: v.optional(oneOf(["json", "off"])),
  drainSeconds: v.optional(whole(0, 3600)),
});

/** Whether a value has the shape of a gateway key. */
export const isKey = (value: unknown): value is KeyConfig => v.is(key, value);

/** Whether a value has the shape of a provider's settings. */
export const isProvider = (value: unknown): value is ProviderConfig => v.is(provider, value);

/**
 * All places where a value hasn't the shape of a config; keys that aren't known are taken out of the value.
 * No issue repeats a value, which may be a secret.
 */
export function misfits(value: unknown): ConfigIssue[] {
  const { issues = [] } = v.safeParse(schema, value, { abortPipeEarly: true });
  const found = issues.map(({ path = [], message }) =>
    issue(path.reduce((at, { key }) => below(at, key as Name), ""), message)
  );
  // The library stops at the first strange key of an object: take it away and look again.
  const strange = issues.filter(({ expected }) => expected === "never").map(({ path }) => path?.at(-1));
  for (const step of strange) delete (step?.input as Record<Name, unknown>)[step?.key as Name];
  return strange.length === 0 ? found : [...found, ...misfits(value)];
}

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

/** An object that holds these keys and no others. The messages are our own: the library's repeat the value. */
function shape<const T extends v.ObjectEntries>(entries: T) {
  return noList(v.strictObject(entries, ({ expected, input }) => {
    if (expected === "Object") return OBJECT;
    if (expected !== "never") return "is missing";
    if (LATER.includes(String(input))) return "is not supported by this version; remove it";
    return "is not a known key" + hint(input, Object.keys(entries));
  }));
}

/** An object with keys of its owner's choice. */
function record<K extends v.GenericSchema<string, string>, V extends v.GenericSchema>(name: K, value: V) {
  return noList(v.record(name, value, OBJECT));
}

/** The same schema, which takes a list for no object at all. */
function noList<T extends v.GenericSchema>(object: T): T {
  const run: T["~run"] = (dataset, config) =>
    object["~run"](Array.isArray(dataset.value) ? { value: null } : dataset, config);
  return { ...object, "~run": run };
}

function list<T extends v.GenericSchema>(item: T) {
  return v.array(item, "must be a list");
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
