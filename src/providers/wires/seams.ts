/**
 * What has to be known of a streamed format to sew the rest of one stream to the beginning of another.
 *
 * @module
 */
import { field, isObject, itemsAt, type Json, memberOf, patchJson } from "../../json.ts";
import type { WireId } from "../provider.ts";
import { look } from "./fields.ts";

/** One streamed format. The functions are pure; a document is one event's parsed JSON. */
export interface Seam {
  /** The text that an event adds; `undefined` where it brings something that can't be sewn: a tool call, reasoning, audio. */
  text(document: unknown): string | undefined;
  /** The same event with another text. */
  withText(document: unknown, text: string): unknown;
  /** Whether an event only opens an answer: the second stream's is left out. */
  isOpening(document: unknown): boolean;
  /** Whether nothing can be added to the text after an event. */
  isClosing?(document: unknown): boolean;
  /** The request with the beginning of its answer at its end; `undefined` where that can't be said. */
  continued(json: Json, text: string): Json | undefined;
  /** Where a request says what form its answer has, or that it comes in several: such an answer isn't sewn. */
  readonly binding: readonly string[];
}

/** Formats whose streams can be sewn. */
export const SEAMS: { readonly [Id in WireId]?: Seam } = {
  "openai-chat": {
    text(document) {
      const choices = field(document, "choices");
      if (!Array.isArray(choices)) return "";
      if (choices.length > 1 || (choices[0] && field(choices[0], "index"))) return undefined;
      return textIn(field(choices[0], "delta"), "content", ["role"]);
    },
    withText: (document, text) => replaced(document, ["choices", 0, "delta", "content"], text),
    isOpening: (document) => look(document, "choices.0.delta.role") !== undefined && !isFinished(document),
    isClosing: isFinished,
    continued: (json, text) => appended(json, "messages", { role: "assistant", content: text }),
    binding: ["response_format", "n", "logprobs", "audio", "modalities"],
  },
  "anthropic-messages": {
    text(document) {
      const type = field(document, "type");
      const index = field(document, "index");
      if (type === "content_block_start") {
        return index === 0 && look(document, "content_block.type") === "text" ? "" : undefined;
      }
      return type === "content_block_delta" ? textIn(field(document, "delta"), "text", ["type"]) : "";
    },
    withText: (document, text) => replaced(document, ["delta", "text"], text),
    isOpening: (document) => /^(message|content_block)_start$/.test(String(field(document, "type"))),
    isClosing: (document) => field(document, "type") === "content_block_stop",
    continued: (json, text) => appended(json, "messages", { role: "assistant", content: text.trimEnd() }),
    binding: ["output_format", "output_config", "thinking"],
  },
  gemini: {
    text(document) {
      const candidates = field(document, "candidates");
      if (!Array.isArray(candidates)) return "";
      const parts = look(candidates[0], "content.parts");
      if (candidates.length > 1 || (Array.isArray(parts) && parts.length > 1)) return undefined;
      return textIn(Array.isArray(parts) ? parts[0] : undefined, "text", []);
    },
    withText: (document, text) => replaced(document, ["candidates", 0, "content", "parts", 0, "text"], text),
    isOpening: () => false,
    isClosing: isFinished,
    continued: (json, text) => appended(json, "contents", { role: "model", parts: [{ text }] }),
    binding: ["responseMimeType", "responseSchema", "responseJsonSchema", "candidateCount"].map((name) =>
      `generationConfig.${name}`
    ),
  },
};

/** Whether an answer to this request may be sewn: nobody asked for a form that only one piece can have. */
export const isSewable = ({ binding }: Seam, { value }: Json): boolean =>
  binding.every((place) => look(value, place) === undefined);

function isFinished(document: unknown): boolean {
  return typeof look(document, "choices.0.finish_reason", "candidates.0.finishReason") === "string";
}

/** A text by its name; nothing where the object has other members than these that say something. */
function textIn(object: unknown, name: string, harmless: readonly string[]): string | undefined {
  if (!isObject(object)) return "";
  for (const [key, value] of Object.entries(object)) {
    if (key !== name && !harmless.includes(key) && value !== null && value !== "") return undefined;
  }
  const text = object[name];
  return typeof text === "string" ? text : "";
}

function replaced(document: unknown, path: readonly (string | number)[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (Array.isArray(document)) return document.map((item, index) => index === key ? replaced(item, rest, value) : item);
  return isObject(document) ? { ...document, [key]: replaced(document[key], rest, value) } : document;
}

/** One item more at the end of a list; every other character stays. */
function appended(json: Json, name: string, item: unknown): Json | undefined {
  const span = json.members.get(name);
  if (span === undefined || !Array.isArray(memberOf(json, name))) return undefined;
  const last = itemsAt(json.text, span.start).at(-1);
  const at = last?.end ?? span.start + 1;
  return patchJson(json, [{ start: at, end: at, text: `${last === undefined ? "" : ","}${JSON.stringify(item)}` }]);
}
