/**
 * Why a request to a provider failed, in words that any log may show: no URL, no host, no address.
 *
 * @module
 */

const SENTENCES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "The provider refused the connection.",
  ECONNRESET: "The provider closed the connection before its answer was complete.",
  EPIPE: "The provider closed the connection while the request was being sent.",
  ETIMEDOUT: "The connection to the provider timed out.",
  EHOSTUNREACH: "The provider's host can't be reached from here.",
  ENETUNREACH: "The provider's network can't be reached from here.",
  ENOTFOUND: "The provider's host name isn't known.",
  EAI_AGAIN: "The provider's host name couldn't be looked up just now.",
  EACCES: "The gateway isn't allowed to connect to the provider.",
  ERR_MALFORMED: "The provider's answer isn't proper HTTP.",
  ERR_HEAD_TOO_LARGE: "The provider's answer has too many bytes of headers.",
  ERR_INVALID_CHAR: "A request header holds a character that HTTP doesn't allow.",
  ERR_BODY_LENGTH: "The request's body isn't as long as was announced.",
};

/** What doesn't keep to HTTP. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly code: "ERR_MALFORMED" | "ERR_HEAD_TOO_LARGE" | "ERR_INVALID_CHAR" | "ERR_BODY_LENGTH";

  constructor(code: ProtocolError["code"] = "ERR_MALFORMED") {
    super(SENTENCES[code]);
    this.code = code;
  }
}

/** A failed request, with the system's code where there is one; the runtime's own error, which may name hosts, is its cause. */
export class TransportError extends Error {
  override readonly name = "TransportError";
  /** As `ECONNRESET`. */
  readonly code: string | undefined;

  constructor(cause: unknown) {
    const code = codeOf(cause);
    super(sentence(code), { cause });
    this.code = code;
  }
}

function sentence(code: string | undefined): string {
  if (code === undefined) return "The request to the provider failed.";
  const known = SENTENCES[code];
  if (known !== undefined) return known;
  if (/CERT|TLS|SSL|VERIFY|ISSUER|SIGNATURE/.test(code)) return `No trusted TLS connection to the provider (${code}).`;
  if (/^Z_|^ERR_(BROTLI|_?ZSTD|_?ZLIB)|BUF_ERROR|PADDING/.test(code)) {
    return `The provider's answer isn't encoded as it says (${code}).`;
  }
  return `The request to the provider failed (${code}).`;
}

/** Codes are words of the system's, Node's and OpenSSL's; anything else isn't shown. Of several tries the first is told. */
function codeOf(cause: unknown): string | undefined {
  if (cause instanceof AggregateError && !("code" in cause)) return codeOf(cause.errors[0]);
  const code = cause instanceof Error ? (cause as { code?: unknown }).code : undefined;
  return typeof code === "string" && /^[A-Z][A-Z0-9_]{2,63}$/.test(code) ? code : undefined;
}
