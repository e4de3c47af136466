/**
 * What rows of the provider table have in common: which wire is spoken where, and how a key is shown.
 *
 * @module
 */
import type { Auth, Provider, Rule } from "./provider.ts";

/** Which wire format is spoken where: the first whose pattern is found in the path. */
export type Wires = Provider["wires"];

/** OpenAI's endpoints that tell usage, wherever a vendor keeps them. */
export const OPENAI: Wires = [
  [/(?:^|\/)(?:chat\/)?completions\/?$/i, "openai-chat"],
  [/(?:^|\/)responses(?:\/compact)?\/?$/i, "openai-responses"],
  [/(?:^|\/)embeddings\/?$/i, "openai-embeddings"],
  // They count in the words of the responses.
  [/(?:^|\/)(?:images\/(?:generations|edits)|audio\/(?:transcriptions|translations))\/?$/i, "openai-responses"],
];

/** Anthropic's messages; not `count_tokens`, not `batches`. */
export const ANTHROPIC: Wires = [[/(?:^|\/)messages\/?$/i, "anthropic-messages"]];

/** Google's verbs; the colon may come encoded. */
export const GEMINI: Wires = [[/(?::|%3a)(?:stream)?generateContent\/?$/i, "gemini"]];

/** Cohere's own endpoints. */
export const COHERE: Wires = [[/(?:^|\/)(?:chat|embed|rerank)\/?$/i, "cohere"]];

/** Bedrock's two ways to call a model. */
export const CONVERSE: Wires = [[/(?:\/|%2f)converse(?:-stream)?\/?$/i, "bedrock-converse"]];
export const INVOKE: Wires = [[/(?:\/|%2f)invoke(?:-with-response-stream)?\/?$/i, "bedrock-invoke"]];

/** Workers AI's own way to run a model. */
export const WORKERS: Wires = [[/^(?:run\/|@|%40)/i, "workers-ai"]];

/** Ollama's own endpoints. */
export const OLLAMA: Wires = [[/(?:^|\/)api\/(?:chat|generate|embed)\/?$/i, "ollama"]];

/** `Authorization: Bearer`. */
export const BEARER: Auth = keyAfter("Bearer");

/** A key in `Authorization`, after a word. */
export function keyAfter(scheme: string): Auth {
  return { kind: "key", header: "authorization", scheme };
}

/** A key in a header of its own; clients may also send it as `Authorization`. */
export function keyIn(header: string): Auth {
  return { kind: "key", header, also: ["authorization"] };
}

/** The same where the vendor takes its keys as bearer tokens, too. */
export function keyInEither(header: string): Auth {
  return { kind: "key", header, also: ["authorization"], forms: ["authorization"] };
}

/** Where a vendor keeps OpenAI's endpoints, if just below its base URL. */
export const CHAT_ONLY: { readonly chat: string } = { chat: "chat/completions" };
export const CHAT_AND_MODELS: { readonly chat: string; readonly models: string } = { ...CHAT_ONLY, models: "models" };
export const ALL_OF_OPENAI: { readonly chat: string; readonly models: string; readonly embeddings: string } = {
  ...CHAT_AND_MODELS,
  embeddings: "embeddings",
};

/** What a row says itself; {@link row} and {@link openaiLike} add what goes without saying. */
type Said = Pick<Provider, "id" | "rules"> & Partial<Provider>;

/** A vendor with a bearer key; what it says itself comes first. */
export function row(said: Said): Provider {
  return { auth: BEARER, wires: [], dialect: "cloudflare", ...said };
}

/** A vendor that speaks OpenAI's formats. */
export function openaiLike(said: Said): Provider {
  return row({ wires: OPENAI, dialect: "openai", compat: CHAT_AND_MODELS, ...said });
}

/** Rules for paths that a vendor has at the same place below its base URL: `(v1/){rest}` is at `{base}/v1/{rest}`. */
export function at(base: string, ...paths: readonly string[]): readonly Rule[] {
  return paths.map((match) => ({ match, to: `${base}/${match.replace(/[()]/g, "")}` }));
}
