/**
 * OpenAI's responses, and its siblings that count in the same words: images, transcriptions and realtime.
 *
 * @module
 */
import { count, field, name, usageOf } from "./fields.ts";
import type { Wire } from "./wire.ts";

/** Usage is in the response: the whole answer, or the `response` of a stream's last event. */
export const openaiResponses: Wire = {
  id: "openai-responses",
  mark: "_tokens",
  isWrapped: true,
  usage(document) {
    const usage = field(field(document, "response"), "usage") ?? field(document, "usage");
    const inDetails = field(usage, "input_tokens_details") ?? field(usage, "input_token_details");
    const outDetails = field(usage, "output_tokens_details") ?? field(usage, "output_token_details");
    return usageOf({
      input: count(field(usage, "input_tokens")),
      output: count(field(usage, "output_tokens")),
      cachedInput: count(field(inDetails, "cached_tokens")),
      cacheWriteInput: count(field(inDetails, "cache_write_tokens")),
      audioInput: count(field(inDetails, "audio_tokens")),
      cachedAudioInput: count(field(field(inDetails, "cached_tokens_details"), "audio_tokens")),
      imageInput: count(field(inDetails, "image_tokens")),
      reasoningOutput: count(field(outDetails, "reasoning_tokens")),
      audioOutput: count(field(outDetails, "audio_tokens")),
      imageOutput: count(field(outDetails, "image_tokens")),
    });
  },
  model: (document) => name(field(field(document, "response"), "model")) ?? name(field(document, "model")),
};
