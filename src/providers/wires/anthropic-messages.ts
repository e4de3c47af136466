/**
 * Anthropic's messages.
 *
 * @module
 */
import type { Usage } from "../../usage.ts";
import { items, look, name, sum, tokens, usageOf } from "./fields.ts";
import type { Wire } from "./wire.ts";

/**
 * A stream tells the input in `message_start` and running totals in every `message_delta`, which win where they say
 * something. `input_tokens` leaves out what was read from or written to the cache.
 */
export const anthropicMessages: Wire = {
  id: "anthropic-messages",
  mark: "_tokens",
  usage: (document) => messageUsage(told(document)),
  fold(documents) {
    const members = documents.flatMap((document) => Object.entries(told(document) ?? {}));
    return messageUsage(Object.fromEntries(members.filter(([, value]) => value !== null)));
  },
  model: (document) => name(document, "message.model", "model"),
};

const told = (document: unknown) => look(document, "message.usage", "usage");

function messageUsage(usage: unknown): Usage | undefined {
  const uncached = tokens(usage, "input_tokens");
  const generated = tokens(usage, "output_tokens");
  if (uncached === undefined || generated === undefined) return undefined;
  const compactions = items(look(usage, "iterations")).filter((part) => look(part, "type") === "compaction");
  const plus = (key: string) => sum(...[usage, ...compactions].map((part) => tokens(part, key)));
  const cachedInput = plus("cache_read_input_tokens");
  const cacheWriteInput = plus("cache_creation_input_tokens");
  const long = plus("cache_creation.ephemeral_1h_input_tokens");
  return usageOf({
    input: sum(plus("input_tokens"), cachedInput, cacheWriteInput),
    output: plus("output_tokens"),
    cachedInput,
    cacheWriteInput,
    // A stream's last event may repeat the total without its parts, so the part is held below the total.
    longCacheWriteInput: long === undefined || cacheWriteInput === undefined
      ? undefined
      : Math.min(long, cacheWriteInput),
    reasoningOutput: tokens(usage, "output_tokens_details.thinking_tokens"),
  });
}
