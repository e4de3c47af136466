/**
 * Why the wall refuses, in the words of each provider.
 *
 * @module
 */

/** A reason for which providers refuse. */
export type Reason =
  | "rate"
  | "credit"
  | "server"
  | "busy"
  | "overloaded"
  | "denied"
  | "unpaid"
  | "length"
  | "filter"
  | "prefill"
  | "missing";

/** One refusal. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
  /** OpenAI's error type and code. */
  readonly openai: readonly [type: string, code: string | null];
  /** Anthropic's error type. */
  readonly anthropic: string;
  /** Google's status. */
  readonly google: string;
  /** Google's details. */
  readonly details?: readonly unknown[];
}

const LONG = "prompt is too long: 9631 tokens > 8192 maximum; reduce the length, it exceeds the maximum context length";

/** Quota that comes back the next day, as Google says it. */
const PER_DAY = {
  "@type": "type.googleapis.com/google.rpc.QuotaFailure",
  "violations": [{ quotaMetric: "generate_requests", quotaId: "GenerateRequestsPerDayPerProjectPerModel" }],
};

/** Each reason as each provider words it. */
export const REFUSALS: Readonly<Record<Reason, Refusal>> = {
  rate: of(429, "Rate limit reached.", ["requests", "rate_limit_exceeded"], "rate_limit_error", "RESOURCE_EXHAUSTED"),
  credit: {
    ...of(
      429,
      "You exceeded your current quota; check your plan and billing details.",
      ["insufficient_quota", "credit_balance_exhausted"],
      "enforced_spend_limit_reached",
      "RESOURCE_EXHAUSTED",
    ),
    details: [PER_DAY],
  },
  server: of(500, "The server had an error.", ["server_error", null], "api_error", "INTERNAL"),
  busy: of(503, "The engine is overloaded.", ["server_error", "server_is_overloaded"], "api_error", "UNAVAILABLE"),
  overloaded: of(529, "Overloaded", ["server_error", "server_is_overloaded"], "overloaded_error", "UNAVAILABLE"),
  denied: of(
    401,
    "The key is not valid.",
    ["invalid_request_error", "invalid_api_key"],
    "authentication_error",
    "UNAUTHENTICATED",
  ),
  unpaid: of(
    402,
    "The account has no credit.",
    ["billing_error", "billing_not_active"],
    "billing_error",
    "FAILED_PRECONDITION",
  ),
  length: of(
    400,
    LONG,
    ["invalid_request_error", "context_length_exceeded"],
    "invalid_request_error",
    "INVALID_ARGUMENT",
  ),
  filter: of(
    400,
    "Output blocked by content filtering policy",
    ["invalid_request_error", "content_policy_violation"],
    "invalid_request_error",
    "INVALID_ARGUMENT",
  ),
  prefill: of(
    400,
    "This model does not support assistant message prefill: the conversation must end with a user message.",
    ["invalid_request_error", "invalid_prefill"],
    "invalid_request_error",
    "INVALID_ARGUMENT",
  ),
  missing: of(
    404,
    "The wall knows no such fault.",
    ["invalid_request_error", "model_not_found"],
    "not_found_error",
    "NOT_FOUND",
  ),
};

function of(
  status: number,
  message: string,
  openai: Refusal["openai"],
  anthropic: string,
  google: string,
): Refusal {
  return { status, message, openai, anthropic, google };
}
