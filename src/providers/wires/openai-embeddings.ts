/**
 * OpenAI's embeddings.
 *
 * @module
 */
import { count, field, name, usageOf } from "./fields.ts";
import type { Wire } from "./wire.ts";

/** Usage is all input; some tell it as `total_tokens` alone. */
export const openaiEmbeddings: Wire = {
  id: "openai-embeddings",
  mark: "_tokens",
  usage(document) {
    const usage = field(document, "usage");
    return usageOf({
      input: count(field(usage, "prompt_tokens")) ?? count(field(usage, "total_tokens")),
      output: count(field(usage, "completion_tokens")) ?? 0,
    });
  },
  model: (document) => name(field(document, "model")),
};
