/**
 * Retry: the same target once more.
 *
 * @module
 */
import type { Aimed, Call } from "../call.ts";
import { CLOCK, type Clock } from "../clock.ts";
import { GatewayError } from "../errors.ts";
import type { Middleware } from "../middleware.ts";
import { asksOtherKey, decide, type Situation } from "../routing/decision.ts";
import type { Cooling } from "../routing/cooling.ts";
import { DEFAULT_POLICY, isHurried, type Policy } from "../routing/policy.ts";
import { spareKeys } from "../routing/ring.ts";
import { RetryTokens } from "../routing/tokens.ts";
import type { Verdict } from "../routing/verdict.ts";
import { bringsCredential, coolingKeys } from "./credentials.ts";
import { discard, given, resultOf, verdictOn } from "./result.ts";

/** Which attempt at its target this is. Given by `retry`. */
export interface Attempting {
  /** From 1. */
  readonly attempt: number;
}

/** Options of {@link retry}. */
export interface RetryOptions {
  readonly clock?: Clock;
  /** What retries may cost; a budget of this room's own if absent. */
  readonly tokens?: RetryTokens;
  /** What the gateway itself says: a caller who leaves less time than that tells nothing of a target. */
  readonly policy?: Policy;
  /** Which stored keys are dead or throttled: the same that `credentials` has. Without it none stands in for another. */
  readonly cooling?: Cooling | undefined;
}

/**
 * Tries one target as often as its policy, the call's deadline and allowance, and the target's retry budget let it,
 * where trying again may help. What the last attempt brings is the target's answer.
 */
export function retry(options: RetryOptions = {}): Middleware<Aimed, Attempting> {
  const { cooling, clock = CLOCK, tokens = new RetryTokens(), policy = DEFAULT_POLICY } = options;
  // Nothing stands in for a client's own key.
  const sparesOf = (call: Call & Aimed, now: number) =>
    cooling === undefined || bringsCredential(call, call.target) ? undefined : spareKeys(call.target, cooling, now);
  return async (call, next) => {
    const { target } = call;
    for (let attempt = 1;; attempt++) {
      call.allowance?.take();
      const result = await resultOf(next({ ...call, attempt }));
      const verdict = verdictOn(result, clock.now());
      if (verdict === undefined && tokens.isFull) return given(result);
      const key = coolingKeys(call, target).model;
      if (verdict === undefined) tokens.earn(key);
      const situation = verdict && situationOf(call, verdict, attempt, {
        isAffordable: tokens.affords(key, verdict.reason),
        spareKeys: sparesOf(call, clock.now()),
      }, clock);
      const decision = situation && decide(situation);
      if (situation === undefined || decision?.again !== true) return given(result);
      discard(result);
      const { verdict: { reason } } = situation;
      const { waitMs } = decision;
      const course = asksOtherKey(situation) ? "key" : "retry";
      if (course === "retry" && !(reason === "timeout" && isHurried(target.policy, policy))) tokens.spend(key, reason);
      call.note({ type: "left", left: { step: target.step, reason, course, waitMs, situation } });
      await clock.wait(waitMs, call.signal);
      if (call.signal.aborted) throw new GatewayError("client_gone", "The client left before the answer.");
    }
  };
}

/** What is known when an attempt has failed; `undefined` where there can't be another: an upload streams through once. */
function situationOf(
  call: Call & Aimed,
  verdict: Verdict,
  made: number,
  means: Pick<Situation, "isAffordable" | "spareKeys">,
  clock: Clock,
): Situation | undefined {
  const { target: { policy, body }, others = 0, isOnly = true, allowance, deadlineAt } = call;
  if (body.kind === "stream") return undefined;
  return {
    verdict,
    maxAttempts: policy.maxAttempts,
    retryDelayMs: policy.retryDelayMs,
    backoff: policy.backoff,
    made,
    others,
    isOnly,
    allowed: allowance?.left,
    remainingMs: deadlineAt === undefined ? undefined : deadlineAt - clock.now(),
    ...means,
    roll: clock.random(),
  };
}
