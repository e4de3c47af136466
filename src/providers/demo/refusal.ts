/**
 * Why a request is refused, and how each dialect says so.
 *
 * @module
 */
import type { Dialect } from "../provider.ts";
import type { Fields } from "./shape.ts";

/** Thrown where a request gets an error for an answer. */
export class Refusal extends Error {
  readonly status: number;
  /** OpenAI's `code`. */
  readonly code: string | null;
  /** The field at fault. */
  readonly param: string | null;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, more: Partial<Pick<Refusal, "code" | "param" | "headers">> = {}) {
    super(message);
    this.status = status;
    this.code = more.code ?? null;
    this.param = more.param ?? null;
    this.headers = more.headers ?? {};
  }
}

/** OpenAI's error type, Anthropic's, and Google's status. */
const NAMES: Readonly<Record<number, readonly [openai: string, anthropic: string, google: string]>> = {
  400: ["invalid_request_error", "invalid_request_error", "INVALID_ARGUMENT"],
  401: ["invalid_request_error", "authentication_error", "UNAUTHENTICATED"],
  404: ["invalid_request_error", "not_found_error", "NOT_FOUND"],
  405: ["invalid_request_error", "invalid_request_error", "UNIMPLEMENTED"],
  429: ["rate_limit_error", "rate_limit_error", "RESOURCE_EXHAUSTED"],
  503: ["server_error", "api_error", "UNAVAILABLE"],
  529: ["server_error", "overloaded_error", "UNAVAILABLE"],
};
const UNKNOWN = ["server_error", "api_error", "INTERNAL"] as const;

/** What each provider's clients look for, when a prompt is too long. */
const TOO_LONG: Readonly<Record<string, string>> = {
  anthropic: "prompt is too long: 200001 tokens > 200000 maximum",
  gemini: "The input token count (1048577) exceeds the maximum number of tokens allowed (1048576).",
};

/** The error document of a dialect. */
export function refusalBody(dialect: Dialect, refusal: Refusal, id: string): Fields {
  const { status, code, param } = refusal;
  const [openai, anthropic, google] = NAMES[status] ?? UNKNOWN;
  const message = (code === "context_length_exceeded" && TOO_LONG[dialect]) || refusal.message;
  if (dialect === "anthropic") return { type: "error", error: { type: anthropic, message }, request_id: `req_${id}` };
  if (dialect === "gemini") return { error: { code: status, message, status: google } };
  return { error: { message, type: code === "insufficient_quota" ? code : openai, param, code } };
}
