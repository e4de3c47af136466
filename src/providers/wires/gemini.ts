/**
 * Google's `generateContent`, on AI Studio and Vertex.
 *
 * @module
 */
import { count, field, items, name, sum, usageOf } from "./fields.ts";
import type { Wire } from "./wire.ts";

/**
 * Every chunk of a stream tells the running totals. Thoughts are not among the candidates' tokens, nor is what tools
 * put into the prompt among the prompt's. A count of 0 is left out.
 */
export const gemini: Wire = {
  id: "gemini",
  mark: "TokenCount",
  usage(document) {
    const usage = field(document, "usageMetadata");
    const get = (key: string) => count(field(usage, key));
    const input = sum(get("promptTokenCount"), get("toolUsePromptTokenCount"));
    const thoughts = get("thoughtsTokenCount");
    const output = sum(get("candidatesTokenCount") ?? get("responseTokenCount"), thoughts);
    if (input === undefined && output === undefined) return undefined;
    const prompt = [field(usage, "promptTokensDetails"), field(usage, "toolUsePromptTokensDetails")];
    const answer = [field(usage, "candidatesTokensDetails") ?? field(usage, "responseTokensDetails")];
    return usageOf({
      input: input ?? 0,
      output: output ?? 0,
      cachedInput: get("cachedContentTokenCount"),
      audioInput: modality(prompt, AUDIO),
      cachedAudioInput: modality([field(usage, "cacheTokensDetails")], AUDIO),
      imageInput: modality(prompt, PICTURES),
      reasoningOutput: thoughts,
      audioOutput: modality(answer, AUDIO),
      imageOutput: modality(answer, PICTURES),
    });
  },
  model: (document) => name(field(document, "modelVersion")),
};

const AUDIO: readonly unknown[] = ["AUDIO"];
const PICTURES: readonly unknown[] = ["IMAGE", "DOCUMENT"];

/** Tokens of one kind in lists of `{modality, tokenCount}`. */
function modality(lists: readonly unknown[], kinds: readonly unknown[]): number | undefined {
  const parts = lists.flatMap(items).filter((part) => kinds.includes(field(part, "modality")));
  return sum(...parts.map((part) => count(field(part, "tokenCount"))));
}
