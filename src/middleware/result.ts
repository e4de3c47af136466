/**
 * What an attempt came to, and what that means.
 *
 * @module
 */
import { wholeBody } from "../answer.ts";
import { type ErrorCode, GatewayError } from "../errors.ts";
import { isFailure } from "../routing/policy.ts";
import { type Verdict, verdictOf } from "../routing/verdict.ts";

/** An answer, good or bad, or why there is none. */
export type Result = Response | GatewayError;

/** Runs an attempt. What is no failure of an attempt, and nothing that another could better, is thrown on. */
export async function resultOf(attempt: Promise<Response>): Promise<Result> {
  try {
    return await attempt;
  } catch (error) {
    if (error instanceof GatewayError && error.spec.canRetry) return error;
    throw error;
  }
}

/** Hands a result on as it is. */
export function given(result: Result): Response {
  if (result instanceof GatewayError) throw result;
  return result;
}

/** Failures of attempts whose credential was the call's alone. */
const PERSONAL: WeakSet<Result> = new WeakSet();

/** Marks the result of an attempt whose credential nobody could know before: what it says of that, it says to this call only. */
export function personal(result: Result): Result {
  PERSONAL.add(result);
  return result;
}

/** Whether a result that is the fault of a credential tells other calls nothing. */
export const isPersonal = (result: Result): boolean => PERSONAL.has(result);

/** Nobody wants this answer. */
export function discard(result: Result): void {
  // A body that has broken off already is as good as let go.
  if (result instanceof Response) result.body?.cancel().catch(() => {});
}

/** What is wrong with a result; `undefined` where nothing is. */
export function verdictOn(result: Result, now: number): Verdict | undefined {
  if (result instanceof GatewayError) return ofError(result);
  if (!isFailure(result.status)) return undefined;
  const bytes = wholeBody(result);
  const body = bytes === undefined ? "" : decoder.decode(bytes);
  return verdictOf(result.status, result.headers, body, now);
}

const decoder = new TextDecoder();

function ofError({ code }: GatewayError): Verdict {
  const reason = REASONS[code] ?? "unavailable";
  const isFinal = reason === "unknown" || reason === "unauthorized";
  return { course: isFinal ? "next" : "retry", reason, retryAfterMs: undefined };
}

/** What a path alone may bring about says nothing of the target. */
const REASONS: { readonly [Code in ErrorCode]?: Verdict["reason"] } = {
  upstream_timeout: "timeout",
  credential_refused: "unauthorized",
  upstream_redirect: "unknown",
  upstream_too_large: "unknown",
  // What the gateway itself refuses isn't the target's fault.
  rate_limited: "unknown",
  budget_exhausted: "unknown",
  unpriced_model: "unknown",
};
