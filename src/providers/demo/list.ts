/**
 * The models as a list, in each dialect.
 *
 * @module
 */
import type { Dialect } from "../provider.ts";
import { MODELS, setting } from "./model.ts";
import { CREATED } from "./reply.ts";
import type { Fields } from "./shape.ts";

/**
 * Answers `GET models` and `GET models/{model}`.
 *
 * @throws {Refusal} 404 where no such model is.
 */
export function list(dialect: Dialect, model: string | undefined): Fields {
  const write = dialect === "anthropic" ? anthropic : dialect === "gemini" ? gemini : openai;
  if (model !== undefined) return write(setting(model, new URLSearchParams(), new Headers()).name);
  const names = Object.keys(MODELS);
  const data = names.map(write);
  if (dialect === "gemini") return { models: data };
  if (dialect === "anthropic") return { data, has_more: false, first_id: names[0], last_id: names.at(-1) };
  return { object: "list", data };
}

const openai = (id: string): Fields => ({ id, object: "model", created: CREATED, owned_by: "headgate" });

const anthropic = (id: string): Fields => ({
  type: "model",
  id,
  display_name: id,
  created_at: new Date(CREATED * 1000).toISOString(),
});

const gemini = (name: string): Fields => ({
  name: `models/${name}`,
  displayName: name,
  supportedGenerationMethods: ["generateContent", "countTokens", "embedContent"],
});
