/**
 * Which of several stored credentials is asked, and for how long one that failed is left alone. The config's order
 * counts: a provider's prompt cache belongs to an account.
 *
 * @module
 */
import type { Target } from "../call.ts";
import { DEFAULT_ALIAS, type Ring, ringOf } from "../providers/keys.ts";
import type { Cooling } from "./cooling.ts";
import type { Reason, Verdict } from "./verdict.ts";

/** A key that is refused, or out of credit, isn't asked again before this time, unless there is no other. */
const DEAD_MS = 600_000;
/** One that is throttled and isn't told for how long. */
const THROTTLED_MS = 5_000;
const LEAST_MS = 500;
/** The words of a 400 may be the caller's own: they spoil no key for others. */
const QUOTED_MS = 5_000;

/** Failures that another key may not have. */
const OF_KEYS: ReadonlySet<Reason> = new Set<Reason>(["throttled", "unauthorized", "no-credit"]);

/** Whether a failure is that of a key. */
export const isOfKey = (reason: Reason): boolean => OF_KEYS.has(reason);

/** By what it is remembered how a key stands: altogether, and for the model. Holds no secret. */
function idsOf({ provider, url, policy, model }: Target, index: number): readonly [key: string, withModel: string] {
  const key = `${provider.id} ${url.origin} ${policy.keyAlias ?? DEFAULT_ALIAS}#${index}`;
  return [key, `${key} ${model}`];
}

/** Until when each key is left alone, in epoch milliseconds; 0 where nothing is known of it. */
const restsOf = (target: Target, ring: Ring, cooling: Cooling): readonly number[] =>
  ring.map((_, index) => Math.max(...idsOf(target, index).map((id) => cooling.restsUntil(id))));

/** The first key that isn't left alone; where all are, the one whose time is over first. */
export function chosenKey(target: Target, ring: Ring, cooling: Cooling, now: number): number {
  const fit = ring.findIndex((_, index) => idsOf(target, index).every((id) => cooling.standing(id, now) !== "cooling"));
  const rests = restsOf(target, ring, cooling);
  return fit < 0 ? rests.indexOf(Math.min(...rests)) : fit;
}

/** How many stored keys of a target could be asked at once: none where there is but one. */
export function spareKeys(target: Target, cooling: Cooling, now: number): number {
  const ring = ringOf(target) ?? [];
  return ring.length < 2 ? 0 : restsOf(target, ring, cooling).filter((until) => until <= now).length;
}

/**
 * What an answer says of the key that it was asked with.
 *
 * @param status Of the answer, where one came.
 */
export function learnOfKey(
  target: Target,
  index: number,
  verdict: Verdict | undefined,
  status: number | undefined,
  cooling: Cooling,
  now: number,
): void {
  const [key, withModel] = idsOf(target, index);
  if (verdict === undefined) return [key, withModel].forEach((id) => cooling.restore(id));
  const ms = restMs(verdict, status);
  // What is forbidden, or too much, is so for one model.
  if (ms > 0) cooling.rest(verdict.reason === "throttled" || status === 403 ? withModel : key, ms, now);
}

/** Milliseconds for which a key is left alone after a failure; 0 where that isn't the key's. Pure. */
export function restMs({ reason, retryAfterMs }: Verdict, status: number | undefined): number {
  if (!isOfKey(reason)) return 0;
  if (reason === "throttled") return Math.max(retryAfterMs ?? THROTTLED_MS, LEAST_MS);
  return status === 400 ? QUOTED_MS : Math.max(retryAfterMs ?? 0, DEAD_MS);
}
