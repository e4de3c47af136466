/**
 * `headgate redis`.
 *
 * @module
 */
import process from "node:process";
import type { RedisCommand } from "./flags.ts";
import { StartError } from "./launch.ts";
import { reachable, startError } from "./listening.ts";
import { packageVersion } from "./package.ts";
import { parseRedisUrl } from "./redis/address.ts";
import { serveFront } from "./redis/front.ts";
import { answers, type OwnRedis, startRedis } from "./redis/server.ts";
import { mustBeStrong } from "./redis/token.ts";
import { onSignal } from "./signals.ts";
import { environment } from "./source.ts";

const PROBE_MS = 2_000;

/**
 * Serves a REST front, before a Redis of its own unless one is named, until the process is told to stop.
 *
 * @returns 0 once everything is finished.
 * @throws {StartError} If Redis isn't there, or the front can't listen.
 */
export async function redis(command: RedisCommand): Promise<number> {
  const { port, hostname } = command;
  const token = valueOf(command.token, "--token");
  if (token !== undefined) mustBeStrong(token, hostname);
  const named = valueOf(command.redis, "--redis");
  if (named !== undefined) await mustAnswer(named);
  const signalled = new Promise<void>((resolve) => onSignal(resolve, () => process.exit(1)));
  const own = named === undefined ? await startRedis() : undefined;
  const front = await serveFront({ redis: named ?? own?.url ?? "", token, port, hostname }).catch(async (error) => {
    await own?.stop();
    throw startError(error, { port, hostname });
  });
  for (const output of [process.stdout, process.stderr]) output.on("error", () => {});
  console.log(banner(front.url, shownToken(command.token, front.token), own?.program));
  try {
    await Promise.race([signalled, ended(own)]);
  } finally {
    await front.stop();
    await own?.stop();
  }
  process.exit(0);
}

/** The lines for people, and the two for their shell. */
function banner(url: string, token: string, program: string | undefined): string {
  return [
    `Headgate ${packageVersion()} is a REST front for Redis at ${url}`,
    "",
    program === undefined
      ? "  before the Redis that --redis names"
      : `  before a ${program} of its own: what it holds is gone when this ends`,
    "",
    "Tell your application:",
    `  export UPSTASH_REDIS_REST_URL=${reachable(url)}`,
    `  export UPSTASH_REDIS_REST_TOKEN=${token}`,
    "",
  ].join("\n");
}

/** A token that was made here must be told; one that was given is a secret already. */
function shownToken(given: string | undefined, token: string): string {
  if (given === undefined) return token;
  return given.startsWith("env:") ? `"$${given.slice("env:".length)}"` : "...   # as given with --token";
}

/** A flag's value, which may stand in an environment variable: a command line can be read by anybody on the machine. */
function valueOf(given: string | undefined, flag: string): string | undefined {
  if (given?.startsWith("env:") !== true) return given;
  const name = given.slice("env:".length);
  const value = environment(name);
  if (value !== undefined && value !== "") return value;
  throw new StartError(`${flag} asks for the environment variable ${name}, which is not set: set it.`);
}

async function mustAnswer(url: string): Promise<void> {
  parseRedisUrl(url);
  if (await answers(url, PROBE_MS)) return;
  throw new StartError("Redis doesn't answer: check that it runs, and the address and the password in --redis.");
}

/** A Redis of one's own doesn't end by itself. */
async function ended(own: OwnRedis | undefined): Promise<never> {
  await (own?.ended ?? new Promise(() => {}));
  throw new StartError("redis-server has ended by itself: start again.");
}
