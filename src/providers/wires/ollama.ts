/**
 * Ollama's own API.
 *
 * @module
 */
import { name, tokens, usageOf } from "./fields.ts";
import type { Wire } from "./wire.ts";

/** Usage is in the last line of a stream, with the timings. A count of 0 is left out. */
export const ollama: Wire = {
  id: "ollama",
  mark: "eval_count",
  usage(document) {
    const input = tokens(document, "prompt_eval_count");
    const output = tokens(document, "eval_count");
    return input === undefined && output === undefined
      ? undefined
      : usageOf({ input: input ?? 0, output: output ?? 0 });
  },
  model: (document) => name(document, "model"),
};
