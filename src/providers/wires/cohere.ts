/**
 * Cohere's chat and embeddings, versions 1 and 2.
 *
 * @module
 */
import { look, name, tokens, usageOf } from "./fields.ts";
import type { Wire } from "./wire.ts";

/**
 * Tells what it bills, which can be far below what the model saw; that is what is counted. Embeddings have input only.
 * Version 2 tells it in `usage`, in a stream in `message-end`; version 1 in `meta`.
 */
export const cohere: Wire = {
  id: "cohere",
  mark: "_tokens",
  isWrapped: true,
  usage(document) {
    const told = look(document, "usage", "delta.usage") ?? look(document, "meta", "response.meta");
    const billed = look(told, "billed_units", "tokens");
    const isEmbedding = look(document, "embeddings") !== undefined ||
      name(document, "response_type")?.startsWith("embeddings") === true;
    return usageOf({
      input: tokens(billed, "input_tokens"),
      output: tokens(billed, "output_tokens") ?? (isEmbedding ? 0 : undefined),
    });
  },
  model: (document) => name(document, "model"),
};
