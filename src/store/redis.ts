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

/** A client for scripts, each of which is one round trip. Does no I/O before the first. */
export function scripts(where: UpstashOptions | UpstashEnvironment): (text: string) => Run {
  const { url, token, timeoutMs = TIMEOUT_MS } = "url" in where
    ? where
    : { url: where.UPSTASH_REDIS_REST_URL, token: where.UPSTASH_REDIS_REST_TOKEN };
  const redis = new Redis({
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
  return (text) => {
    const script = redis.createScript(text);
    return (keys, args) => script.exec(keys, args);
  };
}
