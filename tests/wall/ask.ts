/**
 * Requests in each dialect, to the wall itself or as a step of a universal call.
 *
 * @module
 */
import type { DialectId, Fields } from "./dialects/dialect.ts";
import { DIALECTS } from "./dialects/table.ts";
import type { Ticket } from "./wall.ts";

/** What every model is asked. */
export const PROMPT = "Say in sixty words what a caller is owed when a provider fails.";

/** One step of a universal call. */
export interface Step {
  readonly provider: string;
  /** Path below the provider, with its query. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Fields;
}

/** Asks a model for the answer. */
export function step(ticket: Ticket, dialect: DialectId, model: string, isStream: boolean): Step {
  return {
    provider: DIALECTS[dialect].provider,
    endpoint: ENDPOINTS[dialect](model, isStream),
    headers: { "content-type": "application/json", ...CREDENTIALS[dialect](ticket.key) },
    query: QUERIES[dialect](model, isStream),
  };
}

/** Where a provider's origin lies at the wall. */
export const ORIGIN_PATH: Readonly<Record<string, string>> = { openai: "/v1" };

const ENDPOINTS: Readonly<Record<DialectId, (model: string, isStream: boolean) => string>> = {
  chat: () => "chat/completions",
  responses: () => "responses",
  messages: () => "v1/messages",
  gemini: (model, isStream) =>
    `v1beta/models/${model}:${isStream ? "streamGenerateContent?alt=sse" : "generateContent"}`,
};

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

const CREDENTIALS: Readonly<Record<DialectId, (key: string) => Readonly<Record<string, string>>>> = {
  chat: bearer,
  responses: bearer,
  messages: (key) => ({ "x-api-key": key, "anthropic-version": "2023-06-01" }),
  gemini: (key) => ({ "x-goog-api-key": key }),
};

const MESSAGES = [{ role: "user", content: PROMPT }];

const QUERIES: Readonly<Record<DialectId, (model: string, isStream: boolean) => Fields>> = {
  chat: (model, isStream) => ({
    model,
    messages: MESSAGES,
    ...(isStream ? { stream: true, stream_options: { include_usage: true } } : {}),
  }),
  responses: (model, isStream) => ({ model, input: PROMPT, ...(isStream ? { stream: true } : {}) }),
  messages: (model, isStream) => ({
    model,
    max_tokens: 256,
    messages: MESSAGES,
    ...(isStream ? { stream: true } : {}),
  }),
  gemini: () => ({ contents: [{ role: "user", parts: [{ text: PROMPT }] }] }),
};
