import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { calcPrice, findProvider } from "@pydantic/genai-prices";
import { prices } from "../src/prices.ts";
import type { Usage } from "../src/usage.ts";

const AT = Date.UTC(2026, 9, 1, 12);
const { cost } = prices();

function close(actual: number | undefined, usd: number): void {
  assert.ok(actual !== undefined && Math.abs(actual - usd) < 1e-9, `${actual} is not ${usd}`);
}

/** Worked out by hand from the vendors' price pages, in US dollars. */
const BY_HAND: readonly (readonly [provider: string, model: string, usage: Usage, usd: number])[] = [
  ["openai", "gpt-4o-mini", { input: 1000, output: 500 }, 0.00045],
  ["openai", "gpt-5", { input: 10_000, output: 1000, cachedInput: 8000, reasoningOutput: 640 }, 0.0135],
  ["anthropic", "claude-sonnet-4-5", { input: 25_000, output: 800, cachedInput: 20_000, cacheWriteInput: 4000 }, 0.036],
  ["google", "gemini-2.5-pro", { input: 250_000, output: 2000 }, 0.655],
  [
    "openai",
    "gpt-realtime",
    { input: 2500, output: 1700, cachedInput: 1000, audioInput: 2000, cachedAudioInput: 1000, audioOutput: 1500 },
    0.1336,
  ],
  [
    "anthropic",
    "claude-sonnet-4-5",
    { input: 25_000, output: 800, cachedInput: 20_000, cacheWriteInput: 4000, longCacheWriteInput: 4000 },
    0.045,
  ],
  ["google", "gemini-2.5-flash-image", { input: 10, output: 1290, imageOutput: 1290 }, 0.038703],
  ["openai", "text-embedding-3-small", { input: 1000, output: 0 }, 0.00002],
];

for (const [provider, model, usage, usd] of BY_HAND) {
  test(`${model} costs what it costs by hand: ${JSON.stringify(usage)}`, () => {
    close(cost(usage, { provider, model, at: AT }), usd);
  });
}

const SOME: Usage = { input: 1_000_000, output: 1000 };

test("names as providers tell them are found", () => {
  const known: readonly (readonly [provider: string, priceId: string | undefined, model: string])[] = [
    ["openai", undefined, "gpt-4o-2024-08-06"],
    ["azure-openai", "azure", "gpt-4o-2024-08-06"],
    ["aws-bedrock", "aws", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"],
    ["google-ai-studio", "google", "models/gemini-2.5-flash"],
    ["google-vertex-ai", "google", "publishers/google/models/gemini-2.5-flash"],
    ["grok", "x-ai", "grok-4-0709"],
    ["workers-ai", "cloudflare", "@cf/meta/llama-3.1-8b-instruct"],
    ["groq", undefined, "llama-3.3-70b-versatile"],
    ["openrouter", undefined, "anthropic/claude-sonnet-4.5"],
  ];
  for (const [provider, priceId, model] of known) {
    assert.ok((cost(SOME, { provider, priceId, model, at: AT }) ?? 0) > 0.01, `${provider} ${model}`);
  }
});

test("what has no known price is unknown, never 0", () => {
  const unknown: readonly (readonly [provider: string, model: string])[] = [
    ["openai", "gpt-99-enormous"],
    ["nobody", "gpt-5"],
    ["custom-openai", "gpt-5"],
    ["", ""],
    ["groq", "whisper-large-v3"],
    ["__proto__", "constructor"],
  ];
  for (const [provider, model] of unknown) assert.equal(cost(SOME, { provider, model, at: AT }), undefined);
});

test("counts that contradict each other have no price", () => {
  const of = { provider: "openai", model: "gpt-5", at: AT };
  assert.equal(cost({ input: 10, output: 1, cachedInput: 20 }, of), undefined);
});

test("where nobody says what kind of input was cached, text is taken to be cached first", () => {
  const of = { provider: "openai", model: "gpt-realtime", at: AT };
  const usage = { input: 2500, output: 0, audioInput: 2000, cachedInput: 1000 };
  close(cost(usage, of), cost({ ...usage, cachedAudioInput: 500 }, of) ?? NaN);
});

test("a cost is a sum of money or unknown, whatever the counts", () => {
  const tokens = fc.option(fc.nat(5_000_000), { nil: undefined });
  const model = fc.constantFrom(["openai", "gpt-realtime"], ["google", "gemini-2.5-flash"], [
    "anthropic",
    "claude-opus-4-1",
  ]);
  const usages = fc.record({
    input: fc.nat(5_000_000),
    output: fc.nat(100_000),
    cachedInput: tokens,
    cacheWriteInput: tokens,
    longCacheWriteInput: tokens,
    audioInput: tokens,
    cachedAudioInput: tokens,
    imageInput: tokens,
    reasoningOutput: tokens,
    audioOutput: tokens,
    imageOutput: tokens,
  });
  fc.assert(fc.property(usages, model, (usage, [provider = "", model = ""]) => {
    const usd = cost(usage, { provider, model, at: AT });
    assert.ok(usd === undefined || (Number.isFinite(usd) && usd >= 0));
  }));
});

test("what is worked out here is what the library works out, for every model of the big providers", () => {
  const list = prices();
  const at = Date.UTC(2026, 10, 1);
  let compared = 0;
  for (const id of ["openai", "anthropic", "google", "groq", "mistral", "x-ai", "deepseek", "cohere"]) {
    for (const model of findProvider({ providerId: id })?.models ?? []) {
      for (const [input, cachedInput, output] of [[1000, 0, 500], [300_000, 250_000, 9000], [7, 7, 0]] as const) {
        const words = { input_tokens: input, output_tokens: output, cache_read_tokens: cachedInput };
        const theirs = calcPrice(words, model.id, { providerId: id, timestamp: new Date(at) })?.total_price;
        const ours = list.cost({ input, output, cachedInput }, { provider: id, model: model.id, at });
        if (ours === undefined || theirs === undefined) continue;
        assert.ok(Math.abs(ours - theirs) <= 1e-12 + theirs * 1e-9, `${id} ${model.id}: ${ours} is not ${theirs}`);
        compared++;
      }
    }
  }
  assert.ok(compared > 300, `only ${compared} compared`);
});

test("the list tells how much a model takes in, and of a model that isn't there nothing", () => {
  const { window } = prices();
  assert.equal(window?.({ provider: "openai", model: "gpt-4o-mini" }), 128_000);
  assert.equal(window?.({ provider: "openai", model: "no-such-model" }), undefined);
  assert.equal(window?.({ provider: "custom-mine", model: "gpt-4o-mini" }), undefined);
});
