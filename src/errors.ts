/**
 * Every way a call can fail: one table, one class.
 *
 * @module
 */

import { overlay } from "./overlay.ts";

/** Stable codes; the table says what each means. */
export type ErrorCode =
  | "unknown_gateway"
  | "unauthenticated"
  | "forbidden"
  | "rate_limited"
  | "budget_exhausted"
  | "unpriced_model"
  | "store_unavailable"
  | "invalid_model"
  | "invalid_json"
  | "too_deep"
  | "duplicate_key"
  | "invalid_request"
  | "invalid_path"
  | "invalid_parameter"
  | "forbidden_target"
  | "unknown_path"
  | "unknown_provider"
  | "unsupported_endpoint"
  | "unknown_alias"
  | "missing_credential"
  | "body_too_large"
  | "encoded_body"
  | "method_not_allowed"
  | "upgrade_required"
  | "client_gone"
  | "outpaced"
  | "credential_refused"
  | "credential_unavailable"
  | "upstream_unreachable"
  | "upstream_timeout"
  | "upstream_redirect"
  | "upstream_too_large"
  | "upstream_broken"
  | "upstream_error"
  | "unknown_key"
  | "conflict"
  | "internal";

/** What the client sees, who is at fault, and whether another target may help. */
export interface ErrorSpec {
  readonly status: number;
  /** Cloudflare's number for it, where it has one, else a number of our own from 9000. */
  readonly number: number;
  readonly source: "client" | "gateway" | "upstream";
  /** Whether the next target is worth a try. */
  readonly canRetry: boolean;
}

const client = (status: number, number: number): ErrorSpec => ({ status, number, source: "client", canRetry: false });
const upstream = (status: number, number: number): ErrorSpec => ({
  status,
  number,
  source: "upstream",
  canRetry: true,
});

/** Answers, logs and fallback all read this table; `docs/errors.md` says what each row means and is held to it by a test. */
export const ERRORS: Readonly<Record<ErrorCode, ErrorSpec>> = {
  unknown_gateway: client(400, 2001),
  unauthenticated: client(401, 2009),
  forbidden: client(403, 9017),
  rate_limited: client(429, 2003),
  budget_exhausted: client(402, 2041),
  unpriced_model: client(400, 9018),
  store_unavailable: { status: 503, number: 9030, source: "gateway", canRetry: false },
  invalid_model: client(400, 2019),
  invalid_json: client(400, 9001),
  too_deep: client(400, 9002),
  duplicate_key: client(400, 9003),
  invalid_request: client(400, 9004),
  invalid_path: client(400, 9005),
  invalid_parameter: client(400, 9006),
  forbidden_target: client(400, 9007),
  unknown_path: client(404, 9008),
  unknown_provider: client(404, 9009),
  unsupported_endpoint: client(400, 9010),
  unknown_alias: client(400, 2040),
  missing_credential: client(400, 9028),
  body_too_large: client(413, 9011),
  encoded_body: client(415, 9012),
  method_not_allowed: client(405, 9013),
  upgrade_required: client(426, 9014),
  client_gone: client(499, 9015),
  outpaced: { status: 499, number: 9016, source: "gateway", canRetry: false },
  credential_refused: { status: 502, number: 9026, source: "gateway", canRetry: true },
  credential_unavailable: { status: 502, number: 9027, source: "gateway", canRetry: true },
  upstream_unreachable: upstream(502, 9020),
  upstream_timeout: upstream(504, 9021),
  upstream_redirect: upstream(502, 9022),
  upstream_too_large: upstream(502, 9023),
  upstream_broken: upstream(502, 9024),
  upstream_error: upstream(502, 9025),
  unknown_key: client(404, 9031),
  conflict: client(409, 9032),
  internal: { status: 500, number: 9099, source: "gateway", canRetry: false },
};

/** What an error may carry beside its sentence. */
export interface ErrorDetails {
  /** For people who debug the gateway; never shown to a client, never logged. */
  readonly cause?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Where a case has another status than its row. */
  readonly status?: number | undefined;
  /** Where another target can help in a case, though in general it can't. */
  readonly canRetry?: boolean | undefined;
}

/** Thrown anywhere, answered once, at the entry. `message` is one sentence and safe to show; `cause` is not. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly code: ErrorCode;
  readonly headers: Readonly<Record<string, string>>;
  /** The row of the table, with what is special about the case. */
  readonly spec: ErrorSpec;

  /**
   * @param code A row of {@link ERRORS}.
   * @param message One sentence that says what to do; holds no secret and no internal address.
   */
  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.code = code;
    this.headers = details.headers ?? {};
    const { status, canRetry } = details;
    this.spec = status === undefined && canRetry === undefined
      ? ERRORS[code]
      : overlay(ERRORS[code], { status, canRetry });
  }
}

/** Whatever was thrown, as an error that may be shown. */
export function toGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  return new GatewayError(
    "internal",
    "The gateway failed on this call; try again, and report its log id if it persists.",
    {
      cause: thrown,
    },
  );
}
