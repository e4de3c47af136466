/**
 * From a path to what is asked there. Pure.
 *
 * @module
 */
import type { Dialect } from "../provider.ts";
import { chat } from "./chat.ts";
import { batchEmbedContents, embedContent, embeddings } from "./embeddings.ts";
import { countTokens as countGemini, gemini } from "./gemini.ts";
import { countTokens, messages } from "./messages.ts";
import type { Setting } from "./model.ts";
import type { Speaker } from "./reply.ts";
import { responses } from "./responses.ts";
import type { Fields } from "./shape.ts";

/** What is asked for. */
export type Job =
  /** Text, plain or as a stream; `undefined` leaves that to the body. */
  | { readonly kind: "speech"; readonly speaker: Speaker; readonly shape?: "plain" | "sse" | "array" }
  /** One document about the body. */
  | { readonly kind: "document"; readonly write: (body: Fields, setting: Setting) => Fields }
  /** The models, or the one that the path names. */
  | { readonly kind: "models" };

/** Where a request arrived. */
export interface Place {
  readonly dialect: Dialect;
  /** Nothing, where the path is unknown. */
  readonly job: Job | undefined;
  /** The model, where the path names it. */
  readonly model: string | undefined;
  readonly query: URLSearchParams;
}

const JOBS: Readonly<Record<string, readonly [Dialect, Job]>> = {
  "chat/completions": ["openai", { kind: "speech", speaker: chat }],
  "responses": ["openai", { kind: "speech", speaker: responses }],
  "embeddings": ["openai", { kind: "document", write: embeddings }],
  "messages": ["anthropic", { kind: "speech", speaker: messages }],
  "messages/count_tokens": ["anthropic", { kind: "document", write: countTokens }],
};

const GEMINI_JOBS: Readonly<Record<string, Job>> = {
  generateContent: { kind: "speech", speaker: gemini, shape: "plain" },
  streamGenerateContent: { kind: "speech", speaker: gemini, shape: "array" },
  embedContent: { kind: "document", write: embedContent },
  batchEmbedContents: { kind: "document", write: batchEmbedContents },
  countTokens: { kind: "document", write: countGemini },
};

/** Paths that are served, for the sentence that says so. */
export const PATHS: string = [...Object.keys(JOBS), "models", "models/{model}:generateContent"].join(", ");

/** Finds out what is asked; never throws. */
export function place(url: URL, headers: Headers): Place {
  const [, version = "", path = ""] = /^\/*((?:v1\w*\/+)*)(.*?)\/*$/.exec(decoded(url.pathname)) ?? [];
  const query = url.searchParams;
  const known = Object.hasOwn(JOBS, path) ? JOBS[path] : undefined;
  if (known !== undefined) return { dialect: known[0], job: known[1], model: undefined, query };
  const called = /^models\/([^:]+):(\w+)(?:\?(.*))?$/s.exec(path + decoded(url.search));
  if (called !== null) return geminiPlace(called, query);
  const dialect = headers.has("anthropic-version") ? "anthropic" : version.includes("beta") ? "gemini" : "openai";
  const listed = /^models(?:\/(.+))?$/s.exec(path);
  return { dialect, job: listed === null ? undefined : { kind: "models" }, model: listed?.[1], query };
}

/** A model's knobs may stand before the method: `models/echo?ttft=200:streamGenerateContent?alt=sse`. */
function geminiPlace([, model, method = "", search]: readonly (string | undefined)[], query: URLSearchParams): Place {
  const job = Object.hasOwn(GEMINI_JOBS, method) ? GEMINI_JOBS[method] : undefined;
  const params = search === undefined ? query : new URLSearchParams(search);
  const isSse = job?.kind === "speech" && job.shape === "array" && params.get("alt") === "sse";
  return { dialect: "gemini", job: isSse ? { ...job, shape: "sse" } : job, model, query: params };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
