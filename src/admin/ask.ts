/**
 * What a request to `/admin` asks for: checked, and nothing in it that isn't known.
 *
 * @module
 */
import { timeOf } from "../date.ts";
import type { Body } from "../call.ts";
import { sentence } from "../config.ts";
import { GatewayError } from "../errors.ts";
import { isObject, readJson } from "../json.ts";
import { type Grants, isReserved, type Role, ROLES } from "../keys/key.ts";
import { isSecret } from "../keys/secret.ts";
import { either, list, matching, misfits, object, oneOf, type Part, whole } from "../part.ts";

/** Asks for a new key. */
export interface Creation {
  readonly id?: string | undefined;
  readonly tenant?: string | undefined;
  readonly roles?: readonly Role[] | undefined;
  readonly grants?: Grants | undefined;
  /** Epoch milliseconds; never, if absent. */
  readonly expiresAt?: number | undefined;
}

/** Asks for a change: what is absent stays. */
export interface Alteration {
  readonly roles?: readonly Role[] | undefined;
  readonly grants?: Grants | undefined;
  /** Epoch milliseconds; `null` for never. */
  readonly expiresAt?: number | null | undefined;
}

/** Asks for another secret. */
export interface Rotation {
  /** How long the older one still opens. */
  readonly graceSeconds: number;
}

const DAY_SECONDS = 86_400;
const MAX_GRACE_SECONDS = 30 * DAY_SECONDS;

/** Of one grant: they are looked through at every call. */
const MOST_PATTERNS = 100;

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;
const ID = /^(?!\.+$)[\w.@:-]{1,128}$/;

const id = matching(ID, "must be 1 to 128 of: letters, digits, . _ - : @");
const time = matching(TIME, "must be a time like 2030-01-31T12:00:00Z");
const pattern = matching(/^[\w.@:*/+-]{1,128}$/, "must be 1 to 128 of: letters, digits, . _ - : @ / + *");
const grants = object({ gateways: list(pattern), providers: list(pattern), models: list(pattern) });
const roles = list(oneOf(ROLES));

const creation = object({ id, tenant: id, roles, grants, expiresAt: time });
const alteration = object({
  roles,
  grants,
  expiresAt: either("must be a time like 2030-01-31T12:00:00Z, or null", time, oneOf([null] as unknown as string[])),
});
const rotation = object({ graceSeconds: whole(0, MAX_GRACE_SECONDS) });

interface Written extends Omit<Alteration, "expiresAt"> {
  readonly id?: string;
  readonly tenant?: string;
  readonly expiresAt?: string | null;
}

/** @throws {GatewayError} `invalid_request`, `duplicate_key`. */
export function creationIn(body: Body, now: number): Creation {
  const { expiresAt, ...rest } = read<Written>(body, creation);
  if (rest.id !== undefined && isSecret(rest.id)) throw wrong("id looks like a secret; give it a name");
  if (rest.id !== undefined && isReserved(rest.id)) throw wrong("id is reserved; give it another name");
  return { ...rest, expiresAt: timeIn(expiresAt, now) ?? undefined };
}

/** @throws {GatewayError} `invalid_request`, `duplicate_key`. */
export function alterationIn(body: Body, now: number): Alteration {
  const { expiresAt, ...rest } = read<Written>(body, alteration);
  const asked: Alteration = expiresAt === undefined ? rest : { ...rest, expiresAt: timeIn(expiresAt, now) };
  if (Object.keys(asked).length === 0) throw wrong("names nothing to change; send roles, grants or expiresAt");
  return asked;
}

/** @throws {GatewayError} `invalid_request`, `duplicate_key`. */
export function rotationIn(body: Body): Rotation {
  const { graceSeconds = DAY_SECONDS } = read<Partial<Rotation>>(body, rotation);
  return { graceSeconds };
}

/** An empty body asks for nothing in particular. */
function read<T>(body: Body, part: Part): T {
  if (body.kind === "none") return {} as T;
  const value = body.kind === "json" ? body.json.value : undefined;
  if (body.kind !== "json" || !isObject(value)) throw wrong("must be a JSON object");
  const [first] = misfits(value, part);
  if (first !== undefined) throw wrong(sentence(first).replace(/^the config /, ""));
  const long = Object.entries(value["grants"] ?? {}).find(([, patterns]) => patterns.length > MOST_PATTERNS);
  if (long !== undefined) {
    throw wrong(`grants.${long[0]} has more than ${MOST_PATTERNS} patterns; join them with stars`);
  }
  // Twice the same name on the top level was refused when the body was read.
  const span = body.json.members.get("grants");
  if (span !== undefined) readJson(new TextEncoder().encode(body.json.text.slice(span.start, span.end)));
  return value as T;
}

function timeIn(text: string | null | undefined, now: number): number | null | undefined {
  if (text === undefined || text === null) return text;
  const at = timeOf(text);
  if (Number.isNaN(at)) throw wrong("expiresAt is no such time; write it like 2030-01-31T12:00:00Z");
  if (at <= now) throw wrong("expiresAt is past; to end a key now, delete it");
  return at;
}

const wrong = (what: string) => new GatewayError("invalid_request", `Correct the body: ${what}.`);

/** A name in a path or a query, with its escapes undone; `undefined` if no key can have it. */
export function idIn(text: string | undefined): string | undefined {
  try {
    const id = decodeURIComponent(text ?? "");
    return ID.test(id) ? id : undefined;
  } catch {
    return undefined;
  }
}

/** Which query parameters a route takes, and what they look like. */
export type Query<Name extends string> = Readonly<Record<Name, RegExp>>;

/**
 * Reads a query.
 *
 * @throws {GatewayError} `invalid_request` for a parameter that isn't known, comes twice, or isn't as it must be.
 */
export function queryIn<Name extends string>(
  url: URL,
  query: Query<Name>,
): Readonly<Partial<Record<Name, string>>> {
  const found: Partial<Record<Name, string>> = {};
  for (const [name, value] of url.searchParams) {
    const known = Object.keys(query).find((one): one is Name => one === name);
    if (known === undefined) {
      throw new GatewayError("invalid_request", `Leave out unknown parameters: known are ${listOf(query)}.`);
    }
    if (found[known] !== undefined || !query[known].test(value)) {
      throw new GatewayError("invalid_request", `Correct ${known} in the query: it is there twice, or no such value.`);
    }
    found[known] = value;
  }
  return found;
}

const listOf = (query: Readonly<Record<string, unknown>>) => Object.keys(query).join(", ") || "none";

const LIMIT = /^([1-9]\d?|100)$/;

/** Of a list of keys. */
export const KEYS_QUERY: Query<"tenant" | "limit" | "cursor"> = { tenant: ID, limit: LIMIT, cursor: ID };

/** Of the trail. */
export const AUDIT_QUERY: Query<"limit" | "cursor" | "verify"> = {
  limit: LIMIT,
  cursor: /^[1-9]\d{0,14}$/,
  verify: /^[01]$/,
};

/** Of what takes none. */
export const NO_QUERY: Query<never> = {};
