/**
 * Cloudflare's Workers AI.
 *
 * @module
 */
import { field, name } from "./fields.ts";
import { chatUsage } from "./openai-chat.ts";
import type { Wire } from "./wire.ts";

/** OpenAI's words, in the `result` of Cloudflare's envelope or, streaming or `/v1`, without it. */
export const workersAi: Wire = {
  id: "workers-ai",
  mark: "_tokens",
  isWrapped: true,
  usage: (document) => chatUsage(field(field(document, "result"), "usage") ?? field(document, "usage")),
  model: (document) => name(field(field(document, "result"), "model")) ?? name(field(document, "model")),
};
