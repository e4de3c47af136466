/**
 * Amazon Bedrock's Converse.
 *
 * @module
 */
import type { Usage } from "../../usage.ts";
import { count, field, items, name, sum, usageOf } from "./fields.ts";
import type { Wire } from "./wire.ts";

/** Usage is in the answer, or in a stream's last frame, `metadata`. The answer names no model: the URL does. */
export const bedrockConverse: Wire = {
  id: "bedrock-converse",
  mark: "Tokens",
  usage: (document) => converseUsage(field(document, "usage") ?? field(field(document, "metadata"), "usage")),
  model: () => undefined,
};

/** Reads `{inputTokens, outputTokens, ...}`, whose input leaves out what was read from or written to the cache. */
export function converseUsage(usage: unknown): Usage | undefined {
  const get = (key: string) => count(field(usage, key));
  const input = get("inputTokens");
  const cachedInput = get("cacheReadInputTokens") ?? get("cacheReadInputTokenCount");
  const cacheWriteInput = get("cacheWriteInputTokens") ?? get("cacheWriteInputTokenCount");
  return usageOf({
    input: input === undefined ? undefined : sum(input, cachedInput, cacheWriteInput),
    output: get("outputTokens"),
    cachedInput,
    cacheWriteInput,
    longCacheWriteInput: longWrites(field(usage, "cacheDetails")),
  });
}

function longWrites(details: unknown): number | undefined {
  const long = items(details).filter((part) => /^t?1h$/i.test(name(field(part, "ttl")) ?? ""));
  return sum(...long.map((part) => count(field(part, "inputTokens"))));
}
