/**
 * Every way a call can fail: one table, one class.
 *
 * @module
 */

/** Stable codes; the table says what each means. */
export type ErrorCode =
  | "unknown_gateway"
  | "unauthenticated"
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
  | "body_too_large"
  | "encoded_body"
  | "method_not_allowed"
  | "upgrade_required"
  | "client_gone"
  | "upstream_unreachable"
  | "upstream_timeout"
  | "upstream_redirect"
  | "upstream_too_large"
  | "internal";

/** What the client sees, who is at fault, and whether another target may help. */
export interface ErrorSpec {
  readonly status: number;
  /** Cloudflare's number for it, where it has one, else a number of our own from 9000. */
  readonly number: number;
  readonly source: "client" | "gateway" | "upstream";
  /** Whether the next target is worth a try. */
  readonly canRetry: boolean;
  readonly meaning: string;
}

const client = (status: number, number: number, meaning: string): ErrorSpec => ({
  status,
  number,
  source: "client",
  canRetry: false,
  meaning,
});

const upstream = (status: number, number: number, meaning: string): ErrorSpec => ({
  status,
  number,
  source: "upstream",
  canRetry: true,
  meaning,
});

/** Docs, answers, logs and fallback all read this table. */
export const ERRORS: Readonly<Record<ErrorCode, ErrorSpec>> = {
  unknown_gateway: client(400, 2001, "The URL names a gateway that isn't configured."),
  unauthenticated: client(401, 2009, "The gateway asks for a credential, and none or a wrong one came."),
  invalid_model: client(400, 2019, "A unified call's model isn't of the form provider/model."),
  invalid_json: client(400, 9001, "The body must be JSON and isn't."),
  too_deep: client(400, 9002, "The JSON body is nested too deeply."),
  duplicate_key: client(400, 9003, "The JSON body names a policy key twice."),
  invalid_request: client(400, 9004, "The request isn't of the form that this endpoint takes."),
  invalid_path: client(400, 9005, "The path could leave the provider's own."),
  invalid_parameter: client(
    400,
    9006,
    "A resource, region, account or deployment name holds characters that it can't.",
  ),
  forbidden_target: client(400, 9007, "A target URL isn't one of the provider's own hosts."),
  unknown_path: client(404, 9008, "Nothing is served at that path."),
  unknown_provider: client(404, 9009, "The URL names a provider that isn't known or configured."),
  unsupported_endpoint: client(400, 9010, "The provider doesn't offer that unified endpoint."),
  body_too_large: client(413, 9011, "The body is larger than the gateway takes."),
  encoded_body: client(415, 9012, "The body is compressed; the gateway reads plain bodies only."),
  method_not_allowed: client(405, 9013, "The path takes another method."),
  upgrade_required: client(426, 9014, "The gateway can't upgrade to a WebSocket here."),
  client_gone: {
    status: 499,
    number: 9015,
    source: "client",
    canRetry: false,
    meaning: "The client left before the answer.",
  },
  upstream_unreachable: upstream(502, 9020, "The provider couldn't be reached, or broke off before it answered."),
  upstream_timeout: upstream(504, 9021, "The provider's answer didn't begin in time."),
  upstream_redirect: upstream(502, 9022, "The provider answered with a redirect, which the gateway never follows."),
  upstream_too_large: upstream(502, 9023, "The provider's answer is larger than the gateway passes on."),
  internal: { status: 500, number: 9099, source: "gateway", canRetry: false, meaning: "The gateway itself failed." },
};

/** What an error may carry beside its sentence. */
export interface ErrorDetails {
  /** For people who debug the gateway; never shown to a client, never logged. */
  readonly cause?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Thrown anywhere, answered once, at the entry. `message` is one sentence and safe to show; `cause` is not. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly code: ErrorCode;
  readonly headers: Readonly<Record<string, string>>;

  /**
   * @param code A row of {@link ERRORS}.
   * @param message One sentence that says what to do; holds no secret and no internal address.
   */
  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.code = code;
    this.headers = details.headers ?? {};
  }

  /** The row of the table. */
  get spec(): ErrorSpec {
    return ERRORS[this.code];
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
