/**
 * Retry: the same target once more.
 *
 * @module
 */
import type { Aimed } from "../call.ts";
import { GatewayError } from "../errors.ts";
import type { Middleware } from "../middleware.ts";
import { delayMs, isRetryable } from "../routing/policy.ts";

/** Which attempt at its target this is. Given by `retry`. */
export interface Attempting {
  /** From 1. */
  readonly attempt: number;
}

/** Options of {@link retry}. */
export interface RetryOptions {
  /** Waits; the clock's own if absent. Ends early when the client goes away. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Tries one target as often as its policy says, waiting in between. What the last attempt brings is the target's answer. */
export function retry({ wait = sleep }: RetryOptions = {}): Middleware<Aimed, Attempting> {
  return async (call, next) => {
    const { policy } = call.target;
    const attempts = call.target.body.kind === "stream" ? 1 : policy.maxAttempts;
    for (let attempt = 1; attempt < attempts; attempt++) {
      const answer = await tried(() => next({ ...call, attempt }), isRetryable);
      if (answer !== undefined) return answer;
      await wait(delayMs(policy, attempt), call.signal);
    }
    return next({ ...call, attempt: attempts });
  };
}

/** What an attempt brings; `undefined` where another may help: its status or its error says so. */
export async function tried(
  attempt: () => Promise<Response>,
  isBad: (status: number) => boolean,
): Promise<Response | undefined> {
  try {
    const answer = await attempt();
    if (!isBad(answer.status)) return answer;
    await answer.body?.cancel().catch(() => {}); // a body that has broken off already is as good as let go
  } catch (error) {
    if (!(error instanceof GatewayError && error.spec.canRetry)) throw error;
  }
  return undefined;
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
