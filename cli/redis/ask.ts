/**
 * HTTP requests as what they ask of Redis. Pure.
 *
 * @module
 */
import { Refusal } from "./refusal.ts";
import type { Args } from "./reply.ts";

/** What a request asks for. */
export type Ask =
  | { readonly kind: "command"; readonly args: Args }
  | { readonly kind: "pipeline" | "transaction"; readonly commands: readonly Args[] }
  | Subscription;

/** Messages as they come. */
export interface Subscription {
  readonly kind: "subscription";
  /** SUBSCRIBE or PSUBSCRIBE, and where to. */
  readonly args: Args;
}

/** An address in its parts. */
export interface Address {
  /** Segments of the path; none for `/`. */
  readonly path: Args;
  /** Further arguments from the query, without the token. */
  readonly query: Args;
  /** From `?_token=`. */
  readonly token: string | undefined;
}

/** Takes `/set/foo/bar?EX=100` apart; what is no UTF-8 stays the bytes that it is. */
export function parseAddress(target: string): Address {
  const [path = "", query = ""] = target.split(/\?(.*)/s);
  const fields = query.split("&").filter((field) => field !== "").map((field) => {
    const [name = "", value = ""] = field.replaceAll("+", " ").split(/=(.*)/s);
    return [unescaped(name), unescaped(value)] as const;
  });
  const isToken = ([name]: readonly [Buffer, Buffer]) => name.toString() === "_token";
  return {
    path: path.replace(/^\/+/, "") === "" ? [] : path.slice(1).split("/").map(unescaped),
    query: fields.filter((field) => !isToken(field)).flatMap(([name, value]) =>
      value.length === 0 ? [name] : [name, value]
    ),
    token: fields.find(isToken)?.[1].toString(),
  };
}

/**
 * What is asked for at an address with a body.
 *
 * @throws {Refusal} If that can't be understood.
 */
export function askOf({ path, query }: Address, body: Buffer): Ask {
  if (path.length === 0) return { kind: "command", args: argsOf(arrayOf(body, COMMAND), COMMAND) };
  const whole = path.length === 1 ? path[0]?.toString() : undefined;
  if (whole === "pipeline" || whole === "multi-exec") {
    return { kind: whole === "pipeline" ? whole : "transaction", commands: commandsOf(body) };
  }
  return { kind: "command", args: [...path, ...(body.length === 0 ? [] : [body]), ...query] };
}

/**
 * The subscription that an address stands for, if it does.
 *
 * @throws {Refusal} If it names no channel.
 */
export function subscriptionOf({ path }: Address): Subscription | undefined {
  const name = path[0]?.toString();
  if (name !== "subscribe" && name !== "psubscribe") return undefined;
  if (path.length > 1) return { kind: "subscription", args: path };
  throw new Refusal(400, `ERR Name what to subscribe to: POST /${name}/NAME.`);
}

const COMMAND = 'a command such as ["SET","foo","bar"]';
const COMMANDS = 'commands such as [["SET","foo","bar"],["GET","foo"]]';

function commandsOf(body: Buffer): readonly Args[] {
  const rows = arrayOf(body, COMMANDS);
  if (rows.length === 0) throw new Refusal(400, `ERR empty pipeline request: send ${COMMANDS}.`);
  return rows.map((row) => {
    if (!Array.isArray(row)) throw new Refusal(400, `ERR The body holds what is no command: send ${COMMANDS}.`);
    return argsOf(row, COMMANDS);
  });
}

function arrayOf(body: Buffer, what: string): readonly unknown[] {
  const wrong = new Refusal(400, `ERR The body is no JSON array: send ${what}.`);
  let value: unknown;
  try {
    value = parseExactly(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    throw wrong;
  }
  if (!Array.isArray(value)) throw wrong;
  return value;
}

/**
 * Whole numbers that JavaScript can't hold are kept as they are written; where the runtime doesn't show how that was, as
 * Node 20 doesn't, they become what is refused.
 */
function parseExactly(text: string): unknown {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_key: string, value: unknown, context?: { readonly source?: string }) => {
    const isHeld = typeof value !== "number" || !Number.isInteger(value) || Number.isSafeInteger(value);
    return isHeld ? value : context?.source ?? null;
  });
}

function argsOf(values: readonly unknown[], what: string): Args {
  if (values.length === 0) throw new Refusal(400, `ERR empty command: send ${what}.`);
  return values.map((value) => {
    if (["string", "number", "boolean"].includes(typeof value)) return Buffer.from(String(value));
    throw new Refusal(400, "ERR An argument is no string, boolean or number that can be kept exactly: send a string.");
  });
}

/** Percent signs undone, whatever bytes they stand for. */
function unescaped(text: string): Buffer {
  if (!text.includes("%")) return Buffer.from(text);
  const parts = text.split(/%([\da-f]{2})/i);
  return Buffer.concat(parts.map((part, at) => Buffer.from(part, at % 2 === 1 ? "hex" : "utf8")));
}
