/**
 * Deno's errors, with the codes that Node's have.
 *
 * @module
 */

const CODES: Readonly<Record<string, string>> = {
  ConnectionRefused: "ECONNREFUSED",
  ConnectionReset: "ECONNRESET",
  ConnectionAborted: "ECONNRESET",
  UnexpectedEof: "ECONNRESET",
  BrokenPipe: "EPIPE",
  TimedOut: "ETIMEDOUT",
  NotCapable: "EACCES",
  PermissionDenied: "EACCES",
};

/** The error itself where it has a code, or none is known for it; else one with a code, whose cause it is. */
export function coded(error: unknown): unknown {
  if (!(error instanceof Error) || "code" in error && error.code !== undefined) return error;
  const code = CODES[error.name] ?? codeIn(error.message);
  return code === undefined ? error : Object.assign(new Error(error.message, { cause: error }), { code });
}

/** What Deno tells in words only. */
function codeIn(message: string): string | undefined {
  if (message.includes("lookup address")) return "ENOTFOUND";
  if (message.includes("invalid peer certificate")) return "ERR_TLS_CERT_INVALID";
  if (/fatal alert|handshake|received corrupt message|tls/i.test(message)) return "ERR_TLS_HANDSHAKE";
  return undefined;
}
