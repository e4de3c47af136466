/**
 * OpenAI's responses, and its siblings that count in the same words: images, transcriptions and realtime.
 *
 * @module
 */
import { look, name, tokens, usageOf } from "./fields.ts";
import { partsOf } from "./openai-chat.ts";
import type { Wire } from "./wire.ts";

/** Usage is in the response: the whole answer, or the `response` of a stream's last event. */
export const openaiResponses: Wire = {
  id: "openai-responses",
  mark: "_tokens",
  isWrapped: true,
  usage(document) {
    const usage = look(document, "response.usage", "usage");
    const input = look(usage, "input_tokens_details", "input_token_details");
    const output = look(usage, "output_tokens_details", "output_token_details");
    return usageOf({
      input: tokens(usage, "input_tokens"),
      output: tokens(usage, "output_tokens"),
      ...partsOf(input, output),
      cachedInput: tokens(input, "cached_tokens"),
      cachedAudioInput: tokens(input, "cached_tokens_details.audio_tokens"),
      reasoningOutput: tokens(output, "reasoning_tokens"),
    });
  },
  model: (document) => name(document, "response.model", "model"),
};
