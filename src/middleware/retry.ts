/**
 * Retry: the same target once more.
 *
 * @module
 */
import type { Aimed, Call } from "../call.ts";
import { GatewayError } from "../errors.ts";
import type { Handler, Middleware } from "../middleware.ts";
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
      const answer = await once(call, attempt, next);
      if (answer !== undefined) return answer;
      await wait(delayMs(policy, attempt), call.signal);
    }
    return next({ ...call, attempt: attempts });
  };
}

/** `undefined` where another attempt may help. */
async function once<C extends Call>(
  call: C,
  attempt: number,
  next: Handler<C & Attempting>,
): Promise<Response | undefined> {
  try {
    const answer = await next({ ...call, attempt });
    if (!isRetryable(answer.status)) return answer;
    await answer.body?.cancel();
    return undefined;
  } catch (error) {
    if (error instanceof GatewayError && error.spec.canRetry) return undefined;
    throw error;
  }
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
