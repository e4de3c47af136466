/**
 * Cohere's chat and embeddings, versions 1 and 2.
 *
 * @module
 */
import { count, field, name, usageOf } from "./fields.ts";
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
    const told = field(document, "usage") ?? field(field(document, "delta"), "usage") ?? field(document, "meta") ??
      field(field(document, "response"), "meta");
    const tokens = field(told, "billed_units") ?? field(told, "tokens");
    const isEmbedding = field(document, "embeddings") !== undefined ||
      name(field(document, "response_type"))?.startsWith("embeddings") === true;
    return usageOf({
      input: count(field(tokens, "input_tokens")),
      output: count(field(tokens, "output_tokens")) ?? (isEmbedding ? 0 : undefined),
    });
  },
  model: (document) => name(field(document, "model")),
};
