/**
 * Amazon Bedrock's Converse.
 *
 * @module
 */
import type { Usage } from "../../usage.ts";
import { items, look, name, sum, tokens, usageOf } from "./fields.ts";
import type { Wire } from "./wire.ts";

/** Usage is in the answer, or in a stream's last frame, `metadata`. The answer names no model: the URL does. */
export const bedrockConverse: Wire = {
  id: "bedrock-converse",
  mark: "Tokens",
  usage: (document) => converseUsage(look(document, "usage", "metadata.usage")),
  model: () => undefined,
};

/** Reads `{inputTokens, outputTokens, ...}`, whose input leaves out what was read from or written to the cache. */
export function converseUsage(usage: unknown): Usage | undefined {
  const input = tokens(usage, "inputTokens", "inputTokenCount");
  const cachedInput = tokens(usage, "cacheReadInputTokens", "cacheReadInputTokenCount");
  const cacheWriteInput = tokens(usage, "cacheWriteInputTokens", "cacheWriteInputTokenCount");
  const long = items(look(usage, "cacheDetails")).filter((part) => /^t?1h$/i.test(name(part, "ttl") ?? ""));
  return usageOf({
    input: input === undefined ? undefined : sum(input, cachedInput, cacheWriteInput),
    output: tokens(usage, "outputTokens", "outputTokenCount"),
    cachedInput,
    cacheWriteInput,
    longCacheWriteInput: sum(...long.map((part) => tokens(part, "inputTokens"))),
  });
}
