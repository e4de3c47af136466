/**
 * Amazon Bedrock's Invoke: the vendor's own shape, wrapped in frames when it streams.
 *
 * @module
 */
import type { Usage } from "../../usage.ts";
import { anthropicMessages } from "./anthropic-messages.ts";
import { converseUsage } from "./bedrock-converse.ts";
import { count, field, items, sum, usageOf } from "./fields.ts";
import { openaiChat } from "./openai-chat.ts";
import type { Wire } from "./wire.ts";

/** Anthropic, Nova, OpenAI-like models, Titan and Llama; Bedrock itself adds its counts to a stream's last event. */
export const bedrockInvoke: Wire = {
  id: "bedrock-invoke",
  mark: "oken",
  usage: (document) =>
    anthropicMessages.usage(document) ?? nova(document) ?? openaiChat.usage(document) ?? titan(document) ??
      llama(document) ?? metrics(document),
  fold: (documents) => anthropicMessages.fold?.(documents) ?? last(documents),
  model: anthropicMessages.model,
};

function last(documents: readonly unknown[]): Usage | undefined {
  for (const document of [...documents].reverse()) {
    const usage = bedrockInvoke.usage(document);
    if (usage !== undefined) return usage;
  }
  return undefined;
}

const nova = (document: unknown) =>
  converseUsage(field(document, "usage") ?? field(field(document, "metadata"), "usage"));

function titan(document: unknown): Usage | undefined {
  const isEmbedding = field(document, "embedding") !== undefined || field(document, "embeddingsByType") !== undefined;
  const results = items(field(document, "results")).map((result) => count(field(result, "tokenCount")));
  return usageOf({
    input: count(field(document, "inputTextTokenCount")),
    output: isEmbedding ? 0 : count(field(document, "totalOutputTextTokenCount")) ?? sum(...results),
  });
}

const llama = (document: unknown) =>
  usageOf({
    input: count(field(document, "prompt_token_count")),
    output: count(field(document, "generation_token_count")),
  });

function metrics(document: unknown): Usage | undefined {
  const told = field(document, "amazon-bedrock-invocationMetrics");
  const input = count(field(told, "inputTokenCount"));
  const cachedInput = count(field(told, "cacheReadInputTokenCount"));
  const cacheWriteInput = count(field(told, "cacheWriteInputTokenCount"));
  return usageOf({
    input: input === undefined ? undefined : sum(input, cachedInput, cacheWriteInput),
    output: count(field(told, "outputTokenCount")),
    cachedInput,
    cacheWriteInput,
  });
}
