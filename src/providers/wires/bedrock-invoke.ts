/**
 * Amazon Bedrock's Invoke: the vendor's own shape, wrapped in frames when it streams.
 *
 * @module
 */
import type { Usage } from "../../usage.ts";
import { anthropicMessages } from "./anthropic-messages.ts";
import { bedrockConverse, converseUsage } from "./bedrock-converse.ts";
import { items, latest, look, sum, tokens, usageOf } from "./fields.ts";
import { openaiChat } from "./openai-chat.ts";
import type { Wire } from "./wire.ts";

/** Anthropic, Nova, OpenAI-like models, Titan and Llama; Bedrock itself adds its counts to a stream's last event. */
export const bedrockInvoke: Wire = {
  id: "bedrock-invoke",
  mark: "oken",
  usage: (document) =>
    anthropicMessages.usage(document) ?? bedrockConverse.usage(document) ?? openaiChat.usage(document) ??
      titan(document) ?? llama(document) ?? converseUsage(look(document, "amazon-bedrock-invocationMetrics")),
  fold: (documents) => anthropicMessages.fold?.(documents) ?? latest(documents, bedrockInvoke.usage),
  model: anthropicMessages.model,
};

function titan(document: unknown): Usage | undefined {
  const isEmbedding = look(document, "embedding", "embeddingsByType") !== undefined;
  const results = items(look(document, "results")).map((result) => tokens(result, "tokenCount"));
  return usageOf({
    input: tokens(document, "inputTextTokenCount"),
    output: isEmbedding ? 0 : tokens(document, "totalOutputTextTokenCount") ?? sum(...results),
  });
}

const llama = (document: unknown) =>
  usageOf({ input: tokens(document, "prompt_token_count"), output: tokens(document, "generation_token_count") });
