/**
 * Upstash's own class for limits, `@upstash/ratelimit`: an exact algorithm for it, and its stock algorithms for the gateway's
 * rules.
 *
 * @module
 */
import { type Duration, Ratelimit, type RatelimitConfig } from "@upstash/ratelimit";
import { hexOf } from "../digest.ts";
import { admissionOf, type Admitted, askKeys, askText } from "./ask.ts";
import { ADMIT } from "./scripts/admit.ts";
import type { Admission, Claim } from "./store.ts";
import type { Stock } from "./upstash.ts";

/** What the `limiter` of Upstash's class is. */
export type Limiter = RatelimitConfig["limiter"];

type Context = Parameters<ReturnType<Limiter>["limit"]>[0];

/**
 * An algorithm for Upstash's own class that counts as the gateway's rules do: with the same script, by the clock of Redis,
 * in sixtieths of the time just past. No more than `tokens` pass in any window, whatever the clocks of the callers say.
 *
 * A call that is denied takes nothing. `reset` is told by the caller's clock, which is what the class compares it with. With
 * an `ephemeralCache` an identifier is blocked only when not even one token is left. What the class does by itself stays
 * its own: with a `timeout` that isn't 0 it lets calls pass that Redis was too slow for.
 *
 * `limit` rejects with a `RangeError` where `rate` isn't a whole number of 0 or more: nothing can be given back.
 *
 * @param tokens How many pass in a window: a whole number, 0 or more.
 * @param window Such as `"1 m"`: a number and one of `ms`, `s`, `m`, `h`, `d` and `w`.
 * @throws {RangeError} If one of them is something else.
 * @example
 * ```ts
 * import { Ratelimit } from "@upstash/ratelimit";
 * import { Redis } from "@upstash/redis";
 * import { exact } from "headgate/ratelimit";
 *
 * const ratelimit = new Ratelimit({ redis: Redis.fromEnv(), limiter: exact(50, "1 m"), timeout: 0 });
 * const { success } = await ratelimit.limit("somebody");
 * ```
 */
export function exact(tokens: number, window: Duration): Limiter {
  if (!isCount(tokens)) throw new RangeError("Give exact() a whole number of tokens, 0 or more.");
  const windowMs = msOf(window);
  // Ends in what tells it from counts of other algorithms and windows: no identifier can be written like another's.
  const keyOf = (identifier: string) => `${identifier}:exact:${windowMs}`;
  const claimOf = (identifier: string, limit: number, need: number, most: number): Claim => ({
    key: keyOf(identifier),
    measure: "sliding",
    limit,
    windowMs,
    need,
    most,
    isHold: false,
    isShadow: false,
  });
  return () => ({
    async limit(context, identifier, rate = 1) {
      if (!isCount(rate)) throw new RangeError("Give limit() a rate that is a whole number, 0 or more.");
      const { cache } = context;
      const pending = Promise.resolve();
      const blocked = rate > 0 ? cache?.isBlocked(keyOf(identifier)) : undefined;
      if (blocked?.blocked === true) {
        return { success: false, limit: tokens, remaining: 0, reset: blocked.reset, pending, reason: "cacheBlock" };
      }
      const limit = await limitNow(context, tokens);
      const { isGranted, standings } = await admit(context, [claimOf(identifier, limit, rate, rate)]);
      const { left, resetMs } = standings[0]!;
      const reset = Date.now() + resetMs;
      if (!isGranted && rate === 1) cache?.blockUntil(keyOf(identifier), reset);
      return { success: isGranted, limit, remaining: left, reset, pending };
    },
    async getRemaining(context, identifier) {
      const limit = await limitNow(context, tokens);
      // The first tells when all of it is free; the second is always refused, so that nothing is written.
      const claims = [limit, limit + 1].map((need) => claimOf(identifier, limit, need, 0));
      const { left, isShort, resetMs } = (await admit(context, claims)).standings[0]!;
      return { remaining: left, reset: Date.now() + (isShort ? resetMs : 0), limit };
    },
    async resetTokens({ redis, cache }, identifier) {
      cache?.pop(keyOf(identifier));
      await redis.del(keyOf(identifier));
    },
  });
}

/**
 * The library's stock algorithms for the gateway's rules: with `upstash(where, { stock: stock() })` as its store, a rule of
 * `requests` may have the `algorithm` `upstash-fixed`, `upstash-sliding` or `upstash-bucket`.
 *
 * Each such rule costs a round trip more: they are asked at the same time, and our own script after them, unless one
 * of them refuses or there is nothing left to ask. What they have counted stays counted where another rule refuses. They go
 * by the clock of the caller, and at the edge of a fixed window twice its limit can pass: our own `sliding` has neither fault.
 *
 * The library decides nothing by itself: it has no timeout, no cache and no list of its own, and where Redis can't be asked
 * in time the store is down, and the rule's `onStoreFailure` says what becomes of the call.
 */
export function stock(): Stock {
  return (redis) => async (claim) => {
    const at = claim.key.lastIndexOf(":");
    const ratelimit = new Ratelimit({
      redis,
      limiter: limiterOf(claim),
      // The class puts them together again: its keys begin with the claim's.
      prefix: claim.key.slice(0, at),
      timeout: 0,
      ephemeralCache: false,
      analytics: false,
      enableProtection: false,
      dynamicLimits: false,
      enableTelemetry: false,
    });
    const { success, remaining, reset, reason } = await ratelimit.limit(claim.key.slice(at + 1));
    if (reason !== undefined) throw new Error(`Redis wasn't asked about a limit: ${reason}.`);
    return {
      taken: success ? 1 : 0,
      left: remaining,
      isShort: !success,
      resetMs: Math.max(0, reset - Date.now()),
    };
  };
}

function limiterOf({ measure, limit, windowMs }: Claim): Limiter {
  if (measure === "fixed") return Ratelimit.fixedWindow(limit, `${windowMs} ms`);
  if (measure !== "bucket") return Ratelimit.slidingWindow(limit, `${windowMs} ms`);
  // Refilled as evenly as whole milliseconds allow; the rate is exact, and the library takes fractions.
  const stepMs = Math.ceil(windowMs / Math.max(1, limit));
  return Ratelimit.tokenBucket(limit * stepMs / windowMs, `${stepMs} ms`, limit);
}

/** The script's hash, once it is known. */
let hash: string | undefined;

async function admit({ redis }: Context, claims: readonly Claim[]): Promise<Admission> {
  const ask = { id: "", claims, leaseMs: 0 };
  const [keys, args] = [askKeys(ask), [askText(ask)]];
  hash ??= hexOf(await crypto.subtle.digest("SHA-1", new TextEncoder().encode(ADMIT)));
  const admitted = await redis.evalsha<string[], Admitted>(hash, keys, args).catch((error: unknown) => {
    if (!String(error).includes("NOSCRIPT")) throw error;
    return redis.eval<string[], Admitted>(ADMIT, keys, args);
  });
  return admissionOf(ask, admitted);
}

/** The limit that `setDynamicLimit` has set for the whole prefix, where the class looks for one; a round trip more. */
async function limitNow({ redis, prefix, dynamicLimits }: Context, tokens: number): Promise<number> {
  if (dynamicLimits !== true) return tokens;
  const found = await redis.get<string | number>(`${prefix}:dynamic:global`);
  const limit = found === null ? tokens : Number(found);
  return isCount(limit) ? limit : tokens;
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

function msOf(window: Duration): number {
  const [, count, unit = ""] = /^(\d+(?:\.\d+)?) ?(ms|s|m|h|d|w)$/.exec(window) ?? [];
  const ms = Math.round(Number(count) * (UNITS[unit] ?? 0));
  if (!(ms >= 1)) throw new RangeError('Give exact() a window like "10 s" or "1 m", of a millisecond or more.');
  return ms;
}
