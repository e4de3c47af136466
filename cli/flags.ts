/**
 * What was typed after `headgate`. Pure.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { nearest } from "../src/nearest.ts";

/** Where a gateway can be served. */
export const RUNTIMES = ["node", "deno", "bun", "workers", "vercel"] as const;

/** One of {@link RUNTIMES}. */
export type Runtime = typeof RUNTIMES[number];

/** A command with its flags. */
export type Command =
  | ServeCommand
  | RedisCommand
  | { readonly name: "check"; readonly config: string | undefined }
  | { readonly name: "schema" | "help" | "version" };

/** `headgate serve`. */
export interface ServeCommand {
  readonly name: "serve";
  readonly config: string | undefined;
  readonly port: number;
  readonly hostname: string;
  readonly isSecure: boolean;
  /** The runtime that the command runs on, if absent. */
  readonly runtime: Runtime | undefined;
  readonly log: "json" | "off" | undefined;
}

/** `headgate redis`. */
export interface RedisCommand {
  readonly name: "redis";
  readonly port: number;
  readonly hostname: string;
  /** Where Redis is, or `env:NAME`; one of its own if absent. */
  readonly redis: string | undefined;
  /** The token, or `env:NAME`; a random one if absent. */
  readonly token: string | undefined;
}

/** Something was typed that can't be understood; the message says what to type instead. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const FLAGS = {
  serve: ["config", "port", "host", "https", "runtime", "log"],
  redis: ["port", "host", "redis", "token"],
  check: ["config"],
  schema: [],
  help: [],
  version: [],
} as const satisfies Record<Command["name"], readonly string[]>;

const OPTIONS = {
  config: { type: "string", short: "c" },
  port: { type: "string", short: "p" },
  host: { type: "string" },
  https: { type: "boolean" },
  runtime: { type: "string" },
  log: { type: "string" },
  redis: { type: "string" },
  token: { type: "string" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "v" },
} as const;

type Flag = keyof typeof OPTIONS;

/** @throws {UsageError} On an unknown command or flag, or a value that a flag can't have. */
export function parseFlags(args: readonly string[]): Command {
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options: OPTIONS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  if (values["version"] === true) return { name: "version" };
  if (values["help"] === true || args.length === 0) return { name: "help" };
  const [typed, ...rest] = positionals;
  const name = commandOf(typed);
  const given = new Map<Flag, string | undefined>();
  for (const token of tokens) {
    if (token.kind === "option") given.set(flagOf(token.name, token.rawName, token.value, name), token.value);
  }
  if (rest.length > 0) throw new UsageError(`${name} takes flags only, not "${rest[0]}".`);
  return commandWith(name, given);
}

function commandOf(typed: string | undefined): Command["name"] {
  if (typed === undefined) throw new UsageError(`Name a command first: ${Object.keys(FLAGS).join(", ")}.`);
  if (Object.hasOwn(FLAGS, typed)) return typed as Command["name"];
  throw new UsageError(`${typed} is not a command${guess(typed, Object.keys(FLAGS), "")}`);
}

function flagOf(typed: string, raw: string, value: string | undefined, command: Command["name"]): Flag {
  const known: readonly string[] = FLAGS[command];
  if (!known.includes(typed)) {
    const isMeantElsewhere = Object.hasOwn(OPTIONS, typed);
    throw new UsageError(
      isMeantElsewhere ? `${command} takes no ${raw}.` : `${command} knows no ${raw}${guess(typed, known, "--")}`,
    );
  }
  const takesValue = OPTIONS[typed as Flag].type === "string";
  if (takesValue && (value === undefined || value.startsWith("-"))) {
    throw new UsageError(`${raw} needs a value after it.`);
  }
  if (!takesValue && value !== undefined) throw new UsageError(`${raw} takes no value.`);
  return typed as Flag;
}

/** The end of a complaint. */
function guess(typed: string, known: readonly string[], prefix: string): string {
  const meant = nearest(typed, known);
  return meant === undefined ? "." : `; did you mean ${prefix}${meant}?`;
}

function commandWith(name: Command["name"], given: ReadonlyMap<Flag, string | undefined>): Command {
  if (name === "check") return { name, config: given.get("config") };
  if (name !== "serve" && name !== "redis") return { name };
  const hostname = given.get("host") ?? "127.0.0.1";
  if (name === "redis") {
    const port = portOf(given.get("port") ?? "8079");
    return { name, port, hostname, redis: given.get("redis"), token: given.get("token") };
  }
  return {
    name,
    config: given.get("config"),
    port: portOf(given.get("port") ?? "8787"),
    hostname,
    isSecure: given.has("https"),
    runtime: oneOf(given.get("runtime"), "--runtime", RUNTIMES),
    log: oneOf(given.get("log"), "--log", ["json", "off"]),
  };
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (port <= 65535) return port;
  throw new UsageError(`--port takes a number from 0 to 65535, not "${text}"; 0 picks a free one.`);
}

function oneOf<const T extends string>(value: string | undefined, flag: string, known: readonly T[]): T | undefined {
  if (value === undefined || known.some((word) => word === value)) return value as T | undefined;
  throw new UsageError(`${flag} takes ${known.join(", ")}, not "${value}"${guess(value, known, "")}`);
}
