/**
 * What follows a failed attempt. Pure: the same situation and the same roll of the dice give the same decision.
 *
 * @module
 */
import { delayMs, type Policy } from "./policy.ts";
import { isOfKey } from "./ring.ts";
import type { Verdict } from "./verdict.ts";

/** What is known when an attempt has failed: plain data, which a log can hold. */
export interface Situation extends Pick<Policy, "maxAttempts" | "retryDelayMs" | "backoff"> {
  readonly verdict: Verdict;
  /** Attempts made at this target. */
  readonly made: number;
  /** Targets of the plan that haven't been asked. */
  readonly others: number;
  /** Whether the plan has no other target at all. */
  readonly isOnly: boolean;
  /** Upstream requests that the call may still make; absent: no limit. */
  readonly allowed: number | undefined;
  /** Milliseconds until the call's deadline; absent: there is none. */
  readonly remainingMs: number | undefined;
  /** Other stored keys of the target that could be asked at once; none if absent. */
  readonly spareKeys?: number | undefined;
  /** Whether the target's retry budget has something left. */
  readonly isAffordable: boolean;
  /** At least 0 and less than 1. */
  readonly roll: number;
}

/** What to do: the same target again after a while, or leave it. */
export type Decision = { readonly again: true; readonly waitMs: number } | { readonly again: false };

/** A provider that asks for a longer wait isn't waited for. */
const MAX_WAIT_MS = 5_000;
/** An attempt that has less time than this has none. */
export const LEAST_ATTEMPT_MS = 250;
/** Clients that were told the same time don't come back in the same moment. */
const SPREAD = 0.1;

const LEAVE: Decision = { again: false };

/** Whether the same target is asked again, and when. */
export function decide(situation: Situation): Decision {
  const { verdict, maxAttempts, made, others, isOnly, allowed = Infinity, remainingMs = Infinity, isAffordable } =
    situation;
  // Every target that is left can have one request.
  if (allowed <= others) return LEAVE;
  if (asksOtherKey(situation)) return remainingMs < LEAST_ATTEMPT_MS ? LEAVE : { again: true, waitMs: 0 };
  if (verdict.course !== "retry" || made >= maxAttempts || !isAffordable) return LEAVE;
  // Who was silent once is not worth waiting for a second time, where there is somebody else.
  if (verdict.reason === "timeout" && !isOnly) return LEAVE;
  const waitMs = waitOf(situation);
  return waitMs > MAX_WAIT_MS && verdict.retryAfterMs !== undefined || waitMs + LEAST_ATTEMPT_MS > remainingMs
    ? LEAVE
    : { again: true, waitMs };
}

/** Whether what failed is the key, and there is another: that one need not wait, and is no second try at the same. */
export const asksOtherKey = ({ verdict, spareKeys = 0 }: Situation): boolean =>
  spareKeys > 0 && isOfKey(verdict.reason);

/** As long as the provider says; else as the policy does. */
function waitOf(situation: Situation): number {
  const { verdict: { retryAfterMs }, made, roll } = situation;
  return retryAfterMs === undefined ? delayMs(situation, made, roll) : Math.round(retryAfterMs * (1 + SPREAD * roll));
}
