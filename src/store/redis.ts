/**
 * The one client of Redis.
 *
 * @module
 */
import { Redis } from "@upstash/redis/cloudflare";

/** Where the store is, and what opens it. */
export interface UpstashOptions {
  readonly url: string;
  readonly token: string;
  /** Milliseconds after which a request is given up; 1000 if absent. What a call waits for is far less: `storeTimeout`. */
  readonly timeoutMs?: number | undefined;
}

/** The usual variables of Upstash's own clients. */
export interface UpstashEnvironment {
  readonly UPSTASH_REDIS_REST_URL: string;
  readonly UPSTASH_REDIS_REST_TOKEN: string;
}

/** Runs one script. */
export type Run = (keys: string[], args: string[]) => Promise<unknown>;

const TIMEOUT_MS = 1000;

/** A client, of which each question is one round trip. Does no I/O before the first. */
export function redisOf(where: UpstashOptions | UpstashEnvironment): Redis {
  const { url, token, timeoutMs = TIMEOUT_MS } = "url" in where
    ? where
    : { url: where.UPSTASH_REDIS_REST_URL, token: where.UPSTASH_REDIS_REST_TOKEN };
  return new Redis({
    url,
    token,
    // What timed out may have been done: it is never asked for twice unseen.
    retry: { retries: 0 },
    signal: () => AbortSignal.timeout(timeoutMs),
    automaticDeserialization: false,
    enableAutoPipelining: false,
    enableTelemetry: false,
    readYourWrites: false,
  });
}

/** A script to be run there. */
export function scriptOf(redis: Redis, text: string): Run {
  const script = redis.createScript(text);
  // Sent whole until it is known to be there: no question takes two round trips, unless Redis has been emptied.
  let isThere = false;
  return async (keys, args) => {
    const result = await (isThere ? script.exec(keys, args) : script.eval(keys, args));
    isThere = true;
    return result;
  };
}
