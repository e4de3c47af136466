/**
 * Anthropic's messages.
 *
 * @module
 */
import type { Usage } from "../../usage.ts";
import { count, field, items, name, sum, usageOf } from "./fields.ts";
import type { Wire } from "./wire.ts";

/**
 * A stream tells the input in `message_start` and running totals in every `message_delta`, which win where they say
 * something. `input_tokens` leaves out what was read from or written to the cache.
 */
export const anthropicMessages: Wire = {
  id: "anthropic-messages",
  mark: "_tokens",
  usage: (document) => messageUsage((key) => field(told(document), key)),
  fold(documents) {
    const parts = documents.map(told).reverse();
    return messageUsage((key) => parts.map((part) => field(part, key)).find((value) => value != null));
  },
  model: (document) => name(field(field(document, "message"), "model")) ?? name(field(document, "model")),
};

const told = (document: unknown) => field(field(document, "message"), "usage") ?? field(document, "usage");

function messageUsage(get: (key: string) => unknown): Usage | undefined {
  const uncached = count(get("input_tokens"));
  const generated = count(get("output_tokens"));
  if (uncached === undefined || generated === undefined) return undefined;
  const compactions = items(get("iterations")).filter((part) => field(part, "type") === "compaction");
  const plus = (start: unknown, key: string) =>
    sum(count(start), ...compactions.map((part) => count(field(part, key))));
  const cachedInput = plus(get("cache_read_input_tokens"), "cache_read_input_tokens");
  const cacheWriteInput = plus(get("cache_creation_input_tokens"), "cache_creation_input_tokens");
  return usageOf({
    input: sum(plus(uncached, "input_tokens"), cachedInput, cacheWriteInput),
    output: plus(generated, "output_tokens"),
    cachedInput,
    cacheWriteInput,
    longCacheWriteInput: longWrites(get("cache_creation"), compactions, cacheWriteInput),
    reasoningOutput: count(field(get("output_tokens_details"), "thinking_tokens")),
  });
}

/** A stream's last event may repeat the total without its parts, so the part is held below the total. */
function longWrites(
  creation: unknown,
  compactions: readonly unknown[],
  writes: number | undefined,
): number | undefined {
  const all = [creation, ...compactions.map((part) => field(part, "cache_creation"))];
  const long = sum(...all.map((part) => count(field(part, "ephemeral_1h_input_tokens"))));
  return long === undefined || writes === undefined ? undefined : Math.min(long, writes);
}
