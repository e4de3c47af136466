/**
 * Cloudflare's Workers AI.
 *
 * @module
 */
import { look, name } from "./fields.ts";
import { chatUsage } from "./openai-chat.ts";
import type { Wire } from "./wire.ts";

/** OpenAI's words, in the `result` of Cloudflare's envelope or, streaming or `/v1`, without it. */
export const workersAi: Wire = {
  id: "workers-ai",
  mark: "_tokens",
  isWrapped: true,
  usage: (document) => chatUsage(look(document, "result.usage", "usage")),
  model: (document) => name(document, "result.model", "model"),
};
