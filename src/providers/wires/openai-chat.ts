/**
 * OpenAI's chat completions, and what the many who speak it add: Groq, DeepSeek, Mistral, xAI, OpenRouter, Perplexity.
 *
 * @module
 */
import type { Usage } from "../../usage.ts";
import { amount, count, field, name, usageOf } from "./fields.ts";
import type { Wire } from "./wire.ts";

/** Usage is in the answer's `usage`, in a stream's last chunk; Groq streams it in `x_groq.usage`. */
export const openaiChat: Wire = {
  id: "openai-chat",
  mark: "_tokens",
  usage: (document) => chatUsage(told(document)),
  model: (document) => name(field(document, "model")),
  costUsd: (document) => chatCost(told(document)),
};

const told = (document: unknown) => field(document, "usage") ?? field(field(document, "x_groq"), "usage");

/** Reads `{prompt_tokens, completion_tokens, ...}` in all its dialects. */
export function chatUsage(usage: unknown): Usage | undefined {
  const inDetails = field(usage, "prompt_tokens_details") ?? field(usage, "prompt_token_details");
  const outDetails = field(usage, "completion_tokens_details");
  const prompt = count(field(usage, "prompt_tokens"));
  const cachedInput = count(
    field(inDetails, "cached_tokens") ?? field(usage, "prompt_cache_hit_tokens") ??
      field(usage, "num_cached_tokens") ?? field(usage, "cached_tokens"),
  );
  const reasoningOutput = count(field(outDetails, "reasoning_tokens") ?? field(usage, "reasoning_tokens"));
  return usageOf({
    input: prompt === undefined ? undefined : withPart(prompt, cachedInput),
    output: output(usage, prompt, reasoningOutput),
    cachedInput,
    cacheWriteInput: count(field(inDetails, "cache_write_tokens")),
    audioInput: count(field(inDetails, "audio_tokens")),
    imageInput: count(field(inDetails, "image_tokens")),
    reasoningOutput,
    audioOutput: count(field(outDetails, "audio_tokens")),
    imageOutput: count(field(outDetails, "image_tokens")),
  });
}

/**
 * OpenAI counts reasoning within the completion, xAI and Perplexity beside it. xAI's total gives it away;
 * Perplexity's counts its citations beside it.
 */
function output(usage: unknown, prompt: number | undefined, reasoning: number | undefined): number | undefined {
  const total = count(field(usage, "total_tokens"));
  const rest = total === undefined || prompt === undefined || total < prompt ? undefined : total - prompt;
  const completion = count(field(usage, "completion_tokens")) ?? rest;
  if (completion === undefined || reasoning === undefined) return completion;
  const isApart = rest === completion + reasoning || field(usage, "citation_tokens") !== undefined;
  return isApart ? completion + reasoning : withPart(completion, reasoning);
}

/** A part that is larger than its whole can't have been counted in it. */
function withPart(whole: number, part: number | undefined): number {
  return part !== undefined && part > whole ? whole + part : whole;
}

/** OpenRouter tells a number, Perplexity a table with a total, xAI ten-thousand-millionths of a dollar. */
function chatCost(usage: unknown): number | undefined {
  const cost = field(usage, "cost");
  const ticks = amount(field(usage, "cost_in_usd_ticks"));
  if (ticks !== undefined) return ticks / 1e10;
  const charged = amount(cost) ?? amount(field(cost, "total_cost"));
  if (charged === undefined || field(usage, "is_byok") !== true) return charged;
  const upstream = amount(field(field(usage, "cost_details"), "upstream_inference_cost"));
  return upstream === undefined ? undefined : charged + upstream;
}
