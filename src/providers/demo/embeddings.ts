/**
 * Embeddings: the same text, the same unit vector; texts that share words lie near each other.
 *
 * @module
 */
import type { Setting } from "./model.ts";
import { type Fields, object, positive, someObjects, texts, wrong } from "./shape.ts";
import { count, hash, scatter, tokens } from "./text.ts";

const USUAL_DIMENSIONS = 1536;
const MOST_DIMENSIONS = 3072;
const MOST_INPUTS = 2048;
/** How many dimensions a word touches. */
const SPREAD = 16;

/** Answers OpenAI's `embeddings`. */
export function embeddings(body: Fields, setting: Setting): Fields {
  const inputs = inputsOf(body["input"]);
  const size = dimensions(body, "dimensions");
  const write = body["encoding_format"] === "base64" ? base64 : listed;
  const data = inputs.map(({ text }, index) => ({ object: "embedding", index, embedding: write(vector(text, size)) }));
  const total = inputs.reduce((sum, input) => sum + input.tokens, 0);
  const usage = { prompt_tokens: total, total_tokens: total };
  return { object: "list", data: says(setting, data), model: setting.name, usage };
}

/** Answers Gemini's `:embedContent`. */
export function embedContent(body: Fields, setting: Setting): Fields {
  return { embedding: embedded(body, setting) };
}

/** Answers Gemini's `:batchEmbedContents`. */
export function batchEmbedContents(body: Fields, setting: Setting): Fields {
  const requests = someObjects(body, "requests");
  if (requests.length > MOST_INPUTS) throw wrong("requests", `at most ${MOST_INPUTS} requests`);
  return { embeddings: requests.map((request) => embedded(request, setting)) };
}

/** A unit vector that follows from the words of a text. */
export function vector(text: string, dimensions: number): Float32Array {
  const values = new Float32Array(dimensions);
  for (const token of tokens(text)) {
    let state = hash(token.toLowerCase().replace(/[^\p{L}\p{N}]/gu, ""), 7);
    for (let touched = 0; touched < SPREAD; touched++) {
      state = scatter(state);
      const at = (state >>> 1) % dimensions;
      values[at] = (values[at] ?? 0) + (state & 1 ? 1 : -1);
    }
  }
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  if (length === 0) values[0] = 1;
  return length === 0 ? values : values.map((value) => value / length);
}

function embedded(request: Fields, setting: Setting): Fields {
  const text = texts(object(request, "content"), "parts").join("\n");
  return { values: says(setting, listed(vector(text, dimensions(request, "outputDimensionality")))) };
}

const says = (setting: Setting, values: readonly unknown[]) => setting.behaviour.says === "nothing" ? [] : values;

function dimensions(body: Fields, name: string): number {
  const size = positive(body, name) ?? USUAL_DIMENSIONS;
  if (size <= MOST_DIMENSIONS) return size;
  throw wrong(name, `a whole number of at most ${MOST_DIMENSIONS}`);
}

interface Input {
  readonly text: string;
  readonly tokens: number;
}

/** A text, token numbers, or a list of either. */
function inputsOf(input: unknown): readonly Input[] {
  const list: readonly unknown[] = Array.isArray(input) && !isNumbers(input) ? input : [input];
  if (list.length === 0 || list.length > MOST_INPUTS) throw wrong("input", `1 to ${MOST_INPUTS} texts`);
  return list.map((one) => {
    if (typeof one === "string" && one !== "") return { text: one, tokens: count(one) };
    if (isNumbers(one)) return { text: one.join(" "), tokens: one.length };
    throw wrong("input", "a text or a list of texts, none of them empty");
  });
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "number");
}

const listed = (values: Float32Array): readonly number[] => Array.from(values);

function base64(values: Float32Array): string {
  return btoa(String.fromCharCode(...new Uint8Array(values.buffer)));
}
