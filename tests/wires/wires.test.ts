import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { usageReader } from "../../src/providers/wires/reader.ts";
import { WIRES } from "../../src/providers/wires/table.ts";
import type { Told } from "../../src/providers/wires/wire.ts";
import { type Sample, SAMPLES } from "./samples.ts";

/** Feeds an answer in chunks that end where told. */
function read({ wire, contentType, body }: Sample, cuts: readonly number[] = []): Told {
  const reader = usageReader(WIRES[wire], contentType);
  let at = 0;
  for (const cut of [...cuts, body.byteLength]) {
    reader.chunk(body.slice(at, cut));
    at = cut;
  }
  return reader.read();
}

const expected = ({ usage, model, costUsd }: Sample): Told => ({ usage, model, costUsd });

for (const sample of SAMPLES) {
  test(`${sample.name}: usage, model and cost are read`, () => {
    assert.deepEqual(read(sample), expected(sample));
  });

  test(`${sample.name}: where the chunks are cut changes nothing`, () => {
    const step = Math.max(1, Math.floor(sample.body.byteLength / 400));
    for (let cut = 0; cut <= sample.body.byteLength; cut += step) {
      assert.deepEqual(read(sample, [cut]), expected(sample), `cut at ${cut}`);
    }
    const everyByte = Array.from({ length: sample.body.byteLength }, (_, index) => index);
    assert.deepEqual(read(sample, everyByte), expected(sample), "cut at every byte");
  });

  test(`${sample.name}: cut off anywhere, it tells no more than the whole`, () => {
    const step = Math.max(1, Math.floor(sample.body.byteLength / 200));
    for (let end = 0; end < sample.body.byteLength; end += step) {
      const { usage } = read({ ...sample, body: sample.body.slice(0, end) });
      assert.ok((usage?.output ?? 0) <= (sample.usage?.output ?? 0), `cut off at ${end}`);
    }
  });
}

test("each wire stands in the table under its own id", () => {
  for (const [id, wire] of Object.entries(WIRES)) assert.equal(wire.id, id);
});

/** JSON that is close to what wires look for, and wrong in every way. */
const KEYS = [
  ...new Set(
    SAMPLES.flatMap(({ body }) =>
      [...new TextDecoder().decode(body).matchAll(/"([\w-]+)":/g)].map((hit) => hit[1] ?? "")
    ),
  ),
  "toString",
  "valueOf",
  "__proto__",
  "constructor",
];
const nearJson = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(fc.integer(), fc.double(), fc.string(), fc.boolean(), fc.constant(null), fc.constant(1e308)),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(fc.constantFrom(...KEYS), tie("value")), { maxLength: 8 }).map((entries) =>
      JSON.parse(
        `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value) ?? "null"}`).join(",")}}`,
      )
    ),
  ),
})).value;

test("no JSON makes a wire throw or count what is no count", () => {
  fc.assert(
    fc.property(nearJson, fc.constantFrom(...Object.values(WIRES)), (document, wire) => {
      const found = [wire.usage(document), wire.fold?.([document, document])];
      wire.model(document);
      wire.costUsd?.(document);
      for (const tokens of found.flatMap((usage) => Object.values(usage ?? {}))) {
        assert.ok(Number.isInteger(tokens) && tokens >= 0, `${tokens}`);
      }
    }),
    { numRuns: 3000 },
  );
});

test("no bytes under any label make a reader throw", () => {
  const types = [...new Set(SAMPLES.map((sample) => sample.contentType)), "", "text/plain", "audio/mpeg"];
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    nearJson.map((value) => new TextEncoder().encode(JSON.stringify(value) ?? "")),
    fc.constantFrom(...SAMPLES.map((sample) => sample.body)),
  );
  fc.assert(
    fc.property(
      fc.array(bodies, { maxLength: 4 }),
      fc.constantFrom(...types),
      fc.constantFrom(...Object.values(WIRES)),
      (chunks, type, wire) => {
        const reader = usageReader(wire, type);
        for (const chunk of chunks) reader.chunk(chunk);
        assert.equal(typeof reader.read(), "object");
      },
    ),
    { numRuns: 1500 },
  );
});

test("a broken count is unknown, and an explicit 0 is 0", () => {
  const { usage } = WIRES["openai-chat"];
  const told = (more: object) => usage({ usage: { prompt_tokens: 3, completion_tokens: 0, ...more } });
  assert.deepEqual(told({}), { input: 3, output: 0 });
  assert.deepEqual(told({ prompt_tokens_details: { cached_tokens: 0 } }), { input: 3, output: 0, cachedInput: 0 });
  assert.deepEqual(told({ prompt_tokens_details: { cached_tokens: null } }), { input: 3, output: 0 });
  for (const broken of [-1, 1.5, "3", null, 1e300, [], {}]) assert.equal(told({ prompt_tokens: broken }), undefined);
});

test("a part that is larger than its whole is added to it", () => {
  const { usage } = WIRES["openai-chat"];
  assert.deepEqual(
    usage({ usage: { prompt_tokens: 10, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 50 } } }),
    { input: 60, output: 2, cachedInput: 50 },
  );
});

test("reasoning beside the completion shows by the total", () => {
  const told = (total_tokens: number) =>
    WIRES["openai-chat"].usage({
      usage: {
        prompt_tokens: 10,
        completion_tokens: 50,
        total_tokens,
        completion_tokens_details: { reasoning_tokens: 20 },
      },
    });
  assert.deepEqual(told(80), { input: 10, output: 70, reasoningOutput: 20 });
  assert.deepEqual(told(60), { input: 10, output: 50, reasoningOutput: 20 });
});

test("a total alone tells the output", () => {
  const { usage } = WIRES["openai-chat"];
  assert.deepEqual(usage({ usage: { prompt_tokens: 10, total_tokens: 12 } }), { input: 10, output: 2 });
  assert.equal(usage({ usage: { prompt_tokens: 10 } }), undefined);
  assert.equal(usage({ usage: { completion_tokens: 10 } }), undefined);
});

test("cache writes for an hour are never more than all cache writes", () => {
  const creation = { ephemeral_1h_input_tokens: 4000, ephemeral_5m_input_tokens: 0 };
  const start = { input_tokens: 1, cache_creation_input_tokens: 4000, cache_creation: creation, output_tokens: 1 };
  const usage = WIRES["anthropic-messages"].fold?.([
    { message: { usage: start } },
    { usage: { cache_creation_input_tokens: 3000, output_tokens: 5 } },
  ]);
  assert.deepEqual(usage, { input: 3001, output: 5, cacheWriteInput: 3000, longCacheWriteInput: 3000 });
});

test("Gemini's live answers name their output otherwise", () => {
  const usageMetadata = {
    promptTokenCount: 5,
    responseTokenCount: 9,
    responseTokensDetails: [{ modality: "AUDIO", tokenCount: 8 }, { modality: "TEXT", tokenCount: 1 }],
  };
  assert.deepEqual(WIRES.gemini.usage({ usageMetadata }), { input: 5, output: 9, audioOutput: 8 });
});

test("a price of OpenRouter's on one's own key adds what the vendor charges", () => {
  const told = (more: object) => WIRES["openai-chat"].costUsd?.({ usage: { cost: 0.001, ...more } });
  assert.equal(told({ is_byok: true, cost_details: { upstream_inference_cost: 0.02 } }), 0.021);
  assert.equal(told({ is_byok: true }), undefined);
  assert.equal(told({ is_byok: false }), 0.001);
});
