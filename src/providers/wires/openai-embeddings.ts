/**
 * OpenAI's embeddings.
 *
 * @module
 */
import { name, tokens, usageOf } from "./fields.ts";
import type { Wire } from "./wire.ts";

/** Usage is all input; some tell it as `total_tokens` alone. */
export const openaiEmbeddings: Wire = {
  id: "openai-embeddings",
  mark: "_tokens",
  usage: (document) =>
    usageOf({
      input: tokens(document, "usage.prompt_tokens", "usage.total_tokens"),
      output: tokens(document, "usage.completion_tokens") ?? 0,
    }),
  model: (document) => name(document, "model"),
};
