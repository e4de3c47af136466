/**
 * Google's `generateContent`, on AI Studio and Vertex.
 *
 * @module
 */
import { items, look, name, sum, tokens, usageOf } from "./fields.ts";
import type { Wire } from "./wire.ts";

/**
 * Every chunk of a stream tells the running totals. Thoughts are not among the candidates' tokens, nor is what tools
 * put into the prompt among the prompt's. A count of 0 is left out.
 */
export const gemini: Wire = {
  id: "gemini",
  mark: "TokenCount",
  usage(document) {
    const usage = look(document, "usageMetadata");
    const input = sum(tokens(usage, "promptTokenCount"), tokens(usage, "toolUsePromptTokenCount"));
    const thoughts = tokens(usage, "thoughtsTokenCount");
    const output = sum(tokens(usage, "candidatesTokenCount", "responseTokenCount"), thoughts);
    if (input === undefined && output === undefined) return undefined;
    const prompt = [look(usage, "promptTokensDetails"), look(usage, "toolUsePromptTokensDetails")];
    const answer = [look(usage, "candidatesTokensDetails", "responseTokensDetails")];
    return usageOf({
      input: input ?? 0,
      output: output ?? 0,
      cachedInput: tokens(usage, "cachedContentTokenCount"),
      audioInput: modality(prompt, AUDIO),
      cachedAudioInput: modality([look(usage, "cacheTokensDetails")], AUDIO),
      imageInput: modality(prompt, PICTURES),
      reasoningOutput: thoughts,
      audioOutput: modality(answer, AUDIO),
      imageOutput: modality(answer, PICTURES),
    });
  },
  model: (document) => name(document, "modelVersion"),
};

const AUDIO: readonly unknown[] = ["AUDIO"];
const PICTURES: readonly unknown[] = ["IMAGE", "DOCUMENT"];

/** Tokens of one kind in lists of `{modality, tokenCount}`. */
function modality(lists: readonly unknown[], kinds: readonly unknown[]): number | undefined {
  const parts = lists.flatMap(items).filter((part) => kinds.includes(look(part, "modality")));
  return sum(...parts.map((part) => tokens(part, "tokenCount")));
}
