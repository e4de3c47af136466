/**
 * OpenAI's chat completions, and what the many who speak it add: Groq, DeepSeek, Mistral, xAI, OpenRouter, Perplexity.
 *
 * @module
 */
import type { Usage } from "../../usage.ts";
import { amount, look, name, tokens, usageOf } from "./fields.ts";
import type { Wire } from "./wire.ts";

/** Usage is in the answer's `usage`, in a stream's last chunk; Groq streams it in `x_groq.usage`. */
export const openaiChat: Wire = {
  id: "openai-chat",
  mark: "_tokens",
  usage: (document) => chatUsage(told(document)),
  model: (document) => name(document, "model"),
  costUsd: (document) => chatCost(told(document)),
};

const told = (document: unknown) => look(document, "usage", "x_groq.usage");

/** Reads `{prompt_tokens, completion_tokens, ...}` in all its dialects. */
export function chatUsage(usage: unknown): Usage | undefined {
  const inDetails = look(usage, "prompt_tokens_details", "prompt_token_details");
  const outDetails = look(usage, "completion_tokens_details");
  const prompt = tokens(usage, "prompt_tokens");
  const cachedInput = tokens(inDetails, "cached_tokens") ??
    tokens(usage, "prompt_cache_hit_tokens", "num_cached_tokens") ?? tokens(usage, "cached_tokens");
  const reasoningOutput = tokens(outDetails, "reasoning_tokens") ?? tokens(usage, "reasoning_tokens");
  return usageOf({
    input: prompt === undefined ? undefined : withPart(prompt, cachedInput),
    output: output(usage, prompt, reasoningOutput),
    ...partsOf(inDetails, outDetails),
    cachedInput,
    reasoningOutput,
  });
}

/** What OpenAI's two formats name alike. */
export function partsOf(input: unknown, output: unknown): Partial<Usage> {
  return {
    cacheWriteInput: tokens(input, "cache_write_tokens"),
    audioInput: tokens(input, "audio_tokens"),
    imageInput: tokens(input, "image_tokens"),
    audioOutput: tokens(output, "audio_tokens"),
    imageOutput: tokens(output, "image_tokens"),
  };
}

/**
 * OpenAI counts reasoning within the completion, xAI and Perplexity beside it. xAI's total gives it away;
 * Perplexity's counts its citations beside it.
 */
function output(usage: unknown, prompt: number | undefined, reasoning: number | undefined): number | undefined {
  const total = tokens(usage, "total_tokens");
  const rest = total === undefined || prompt === undefined || total < prompt ? undefined : total - prompt;
  const completion = tokens(usage, "completion_tokens") ?? rest;
  if (completion === undefined || reasoning === undefined) return completion;
  const isApart = rest === completion + reasoning || look(usage, "citation_tokens") !== undefined;
  return isApart ? completion + reasoning : withPart(completion, reasoning);
}

/** A part that is larger than its whole can't have been counted in it. */
function withPart(whole: number, part: number | undefined): number {
  return part !== undefined && part > whole ? whole + part : whole;
}

/** OpenRouter tells a number, Perplexity a table with a total, xAI ten-thousand-millionths of a dollar. */
function chatCost(usage: unknown): number | undefined {
  const ticks = amount(look(usage, "cost_in_usd_ticks"));
  if (ticks !== undefined) return ticks / 1e10;
  const charged = amount(look(usage, "cost.total_cost", "cost"));
  if (charged === undefined || look(usage, "is_byok") !== true) return charged;
  const upstream = amount(look(usage, "cost_details.upstream_inference_cost"));
  return upstream === undefined ? undefined : charged + upstream;
}
