/**
 * One error in each dialect, so that the client's SDK shows the sentence. Pure.
 *
 * @module
 */
import type { GatewayError } from "./errors.ts";
import type { Dialect } from "./providers/provider.ts";

/** The body of an error answer: the dialect's own fields, with Cloudflare's beside them. */
export function errorBody(error: GatewayError, dialect: Dialect, id: string): string {
  return JSON.stringify({ ...OWN_FIELDS[dialect](error, id), ...cloudflareFields(error) });
}

/**
 * The same within a stream that can't be completed, as its format says such things. What comes before it ends
 * whatever was under way.
 */
export function errorEvent(error: GatewayError, dialect: Dialect, id: string, form: StreamForm): string {
  const body = errorBody(error, dialect, id);
  switch (form) {
    case "lines":
      return `\n${JSON.stringify({ error: error.message })}\n`;
    case "responses": {
      const own = { type: "error", code: error.code, message: error.message, param: null };
      return `\n\nevent: error\ndata: ${JSON.stringify({ ...own, ...JSON.parse(body) })}\n\n`;
    }
    default:
      return `\n\n${dialect === "anthropic" ? "event: error\n" : ""}data: ${body}\n\n`;
  }
}

/** How a stream is made up: server-sent events, those of OpenAI's responses, or lines of JSON. */
export type StreamForm = "events" | "responses" | "lines";

type OwnFields = (error: GatewayError, id: string) => Record<string, unknown>;

const OWN_FIELDS: Readonly<Record<Dialect, OwnFields>> = {
  cloudflare: (error) => ({
    success: false,
    result: [],
    messages: [],
    error: [{ code: error.spec.number, message: error.message }],
    message: error.message,
  }),
  openai: (error) => ({
    error: { message: error.message, type: openaiType(error.spec.status), param: null, code: error.code },
    success: false,
  }),
  anthropic: (error, id) => ({
    type: "error",
    error: { type: anthropicType(error.spec.status), message: error.message },
    request_id: id,
    success: false,
  }),
  gemini: (error) => ({
    error: { code: error.spec.status, message: error.message, status: googleStatus(error.spec.status) },
    success: false,
  }),
};

const cloudflareFields = (error: GatewayError) => ({
  name: "AiGatewayError",
  httpCode: error.spec.status,
  internalCode: error.spec.number,
});

function openaiType(status: number): string {
  if (status === 401) return "authentication_error";
  if (status === 402) return "insufficient_quota";
  if (status === 429) return "rate_limit_error";
  return status >= 500 ? "api_error" : "invalid_request_error";
}

function anthropicType(status: number): string {
  if (status === 401) return "authentication_error";
  if (status === 402) return "billing_error";
  if (status === 403) return "permission_error";
  if (status === 404) return "not_found_error";
  if (status === 413) return "request_too_large";
  if (status === 429) return "rate_limit_error";
  return status >= 500 ? "api_error" : "invalid_request_error";
}

function googleStatus(status: number): string {
  if (status === 401) return "UNAUTHENTICATED";
  if (status === 404) return "NOT_FOUND";
  if (status === 403) return "PERMISSION_DENIED";
  if (status === 402 || status === 429) return "RESOURCE_EXHAUSTED";
  if (status === 504) return "DEADLINE_EXCEEDED";
  if (status >= 500) return status === 500 ? "INTERNAL" : "UNAVAILABLE";
  return "INVALID_ARGUMENT";
}
