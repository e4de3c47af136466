/**
 * What the wires read, against the extractors of `@pydantic/genai-prices`, which nobody here wrote.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { extractUsage, findProvider } from "@pydantic/genai-prices";
import { usageReader } from "../../src/providers/wires/reader.ts";
import { WIRES } from "../../src/providers/wires/table.ts";
import { type Sample, SAMPLES } from "./samples.ts";

/** Which of the library's extractors fits a plain sample. */
const EXTRACTORS: Readonly<Record<string, readonly [provider: string, flavour: string]>> = {
  "OpenAI chat": ["openai", "chat"],
  "OpenAI chat with audio": ["openai", "chat"],
  "Mistral's cache": ["mistral", "default"],
  "OpenAI responses": ["openai", "responses"],
  "OpenAI realtime's last event of a turn": ["openai", "realtime"],
  "OpenAI embeddings": ["openai", "embeddings"],
  "Anthropic message": ["anthropic", "default"],
  "Gemini": ["google", "default"],
  "Gemini drawing a picture, with no text": ["google", "default"],
  "Gemini refusing the prompt: what is 0 is left out": ["google", "default"],
  "Bedrock Converse": ["aws", "default"],
  "Bedrock Invoke of Claude": ["aws", "anthropic"],
  "Cohere chat": ["cohere", "default"],
  "Cohere embeddings": ["cohere", "embeddings"],
  "Workers AI in Cloudflare's envelope": ["cloudflare", "default"],
};

/** The last event of a stream in which that alone tells usage. */
const LAST_EVENTS: typeof EXTRACTORS = {
  "OpenAI chat stream": ["openai", "chat"],
  "xAI's stream, reasoning beside the completion": ["x-ai", "chat"],
  "OpenRouter's stream with its comments and its price": ["openrouter", "chat"],
  "Gemini stream": ["google", "default"],
  "Workers AI stream": ["cloudflare", "chat"],
};

/** Our words for the library's. */
const WORDS: Readonly<Record<string, string>> = {
  input_tokens: "input",
  output_tokens: "output",
  cache_read_tokens: "cachedInput",
  cache_write_tokens: "cacheWriteInput",
  cache_write_1h_tokens: "longCacheWriteInput",
  input_audio_tokens: "audioInput",
  cache_audio_read_tokens: "cachedAudioInput",
  input_image_tokens: "imageInput",
  output_reasoning_tokens: "reasoningOutput",
  output_audio_tokens: "audioOutput",
  output_image_tokens: "imageOutput",
};

/** What the library does not read of a sample that holds it: Mistral's own count of what its cache gave. */
const BEYOND: readonly (readonly [sample: string, part: string])[] = [["Mistral's cache", "cachedInput"]];

function compare(sample: Sample, document: unknown, [provider, flavour]: readonly [string, string]): number {
  const found = findProvider({ providerId: provider });
  assert.ok(found);
  const theirs = extractUsage(found, document, flavour).usage;
  const reader = usageReader(WIRES[sample.wire], sample.contentType);
  reader.chunk(sample.body);
  const ours: Readonly<Record<string, number | undefined>> = { ...reader.read().usage };
  let compared = 0;
  for (const [their, our] of Object.entries(WORDS)) {
    if (BEYOND.some(([name, part]) => name === sample.name && part === our)) continue;
    if (theirs[their] === undefined) continue;
    assert.equal(ours[our] ?? 0, theirs[their], `${sample.name}: ${our}`);
    compared++;
  }
  return compared;
}

const text = (sample: Sample) => new TextDecoder().decode(sample.body);

for (const [name, extractor] of Object.entries(EXTRACTORS)) {
  test(`${name}: the price library reads the same`, () => {
    const sample = SAMPLES.find((one) => one.name === name);
    assert.ok(sample);
    assert.ok(compare(sample, JSON.parse(text(sample)), extractor) >= 1);
  });
}

for (const [name, extractor] of Object.entries(LAST_EVENTS)) {
  test(`${name}: the price library reads the same in the last event`, () => {
    const sample = SAMPLES.find((one) => one.name === name);
    assert.ok(sample);
    const lines = text(sample).split("\n").filter((line) => line.startsWith("data: {"));
    assert.ok(compare(sample, JSON.parse((lines.at(-1) ?? "").slice(6)), extractor) >= 2);
  });
}
