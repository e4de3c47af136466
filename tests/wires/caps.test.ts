import assert from "node:assert/strict";
import { test } from "node:test";
import { type Json, readJson } from "../../src/json.ts";
import type { WireId } from "../../src/providers/provider.ts";
import { outputCap, withOutputCap } from "../../src/providers/wires/caps.ts";

const json = (text: string): Json => readJson(new TextEncoder().encode(text));
const cap = (wire: WireId, text: string) => outputCap(wire, json(text));

/** A format, a request with a cap of 900, the same with one of 50, one without, and what is made of that. */
const FORMATS: readonly (readonly [wire: WireId, high: string, low: string, none: string, added: string])[] = [
  [
    "openai-chat",
    `{"messages":[],"max_completion_tokens": 900 ,"seed":12345678901234567890}`,
    `{"messages":[],"max_completion_tokens": 50 ,"seed":12345678901234567890}`,
    `{"messages":[] }`,
    `{"messages":[],"max_tokens":50 }`,
  ],
  ["openai-chat", `{"max_tokens":900}`, `{"max_tokens":50}`, `{}`, `{"max_tokens":50}`],
  [
    "openai-responses",
    `{"max_output_tokens":9e2,"input":"Hi"}`,
    `{"max_output_tokens":50,"input":"Hi"}`,
    `{"input":"Hi"}`,
    `{"input":"Hi","max_output_tokens":50}`,
  ],
  [
    "anthropic-messages",
    `\n{ "max_tokens" : 900 }`,
    `\n{ "max_tokens" : 50 }`,
    `\n{ "stream" : true }`,
    `\n{ "stream" : true,"max_tokens":50 }`,
  ],
  [
    "gemini",
    `{"generationConfig":{"topK":1,"maxOutputTokens":900},"contents":[]}`,
    `{"generationConfig":{"topK":1,"maxOutputTokens":50},"contents":[]}`,
    `{"generationConfig":{"topK":1},"contents":[]}`,
    `{"generationConfig":{"topK":1,"maxOutputTokens":50},"contents":[]}`,
  ],
  [
    "gemini",
    `{"generation_config":{"max_output_tokens":900}}`,
    `{"generation_config":{"max_output_tokens":50}}`,
    `{"generation_config":{ }}`,
    `{"generation_config":{"maxOutputTokens":50 }}`,
  ],
  [
    "bedrock-converse",
    `{"inferenceConfig":{"maxTokens":900}}`,
    `{"inferenceConfig":{"maxTokens":50}}`,
    `{"messages":[]}`,
    `{"messages":[],"inferenceConfig":{"maxTokens":50}}`,
  ],
  [
    "cohere",
    `{"messages":[],"max_tokens":900}`,
    `{"messages":[],"max_tokens":50}`,
    `{"message":"Hi"}`,
    `{"message":"Hi","max_tokens":50}`,
  ],
  [
    "ollama",
    `{"options":{"num_predict":900}}`,
    `{"options":{"num_predict":50}}`,
    `{"options":null}`,
    `{"options":{"num_predict":50}}`,
  ],
];

for (const [wire, high, low, none, added] of FORMATS) {
  test(`${wire}: the cap in ${high.trim()} is read, and held lower by changing nothing else`, () => {
    assert.deepEqual(cap(wire, high), { tokens: 900, answers: 1 });
    assert.deepEqual(cap(wire, low), { tokens: 50, answers: 1 });
    assert.equal(withOutputCap(wire, json(high), 50)?.text, low);
    const document = json(low);
    for (const tokens of [50, 51, 900]) assert.equal(withOutputCap(wire, document, tokens), document);
  });

  test(`${wire}: a cap is added to ${none.trim()}`, () => {
    assert.deepEqual(cap(wire, none), { tokens: undefined, answers: 1 });
    assert.equal(withOutputCap(wire, json(none), 50)?.text, added);
  });
}

test("every cap of a request is held lower, and the highest is what it may cost", () => {
  const text = `{"max_completion_tokens":10,"max_tokens":900}`;
  assert.equal(cap("openai-chat", text).tokens, 900);
  assert.equal(withOutputCap("openai-chat", json(text), 50)?.text, `{"max_completion_tokens":10,"max_tokens":50}`);
  const spelt = `{"generationConfig":{"maxOutputTokens":1},"generation_config":{"max_output_tokens":900}}`;
  assert.equal(cap("gemini", spelt).tokens, 900);
  assert.equal(withOutputCap("gemini", json(spelt), 50)?.text, spelt.replace("900", "50"));
});

test("what can't be a cap counts as none, and is replaced", () => {
  for (const value of ["null", "0", "-1", "1.5", `"900"`, "1e999", "[]", "{}"]) {
    assert.equal(cap("ollama", `{"options":{"num_predict":${value}}}`).tokens, undefined, value);
    const text = withOutputCap("ollama", json(`{"options":{"num_predict":${value}}}`), 50)?.text;
    assert.equal(text, `{"options":{"num_predict":50}}`);
  }
});

test("OpenAI's own name is added where it is asked for, but not to the older completions", () => {
  const added = (text: string) => withOutputCap("openai-chat", json(text), 5, "max_completion_tokens")?.text;
  assert.equal(added(`{"messages":[]}`), `{"messages":[],"max_completion_tokens":5}`);
  assert.equal(added(`{"messages":[],"max_tokens":9}`), `{"messages":[],"max_tokens":5}`);
  assert.equal(added(`{"prompt":"Hi"}`), `{"prompt":"Hi","max_tokens":5}`);
});

test("nothing is said where the format has no cap, or its place holds something else", () => {
  for (
    const [wire, text] of [
      ["openai-embeddings", `{"input":"Hi","max_tokens":5}`],
      ["cohere", `{"texts":["Hi"],"max_tokens":5}`],
      ["openai-responses", `{"prompt":"A cat"}`],
      ["bedrock-invoke", `{"inputText":"Hi"}`],
      ["workers-ai", `{"prompt":"Hi"}`],
      ["gemini", `{"generationConfig":[]}`],
      ["ollama", `{"options":"none"}`],
      ["openai-chat", `[{}]`],
      ["anthropic-messages", `"{"`],
    ] as const
  ) {
    assert.equal(cap(wire, text).tokens, undefined, text);
    assert.equal(withOutputCap(wire, json(text), 50), undefined, text);
  }
});

test("Invoke's caps are read and held lower in the words of each vendor", () => {
  for (
    const place of [
      `{"max_tokens":900}`,
      `{"max_gen_len":900}`,
      `{"textGenerationConfig":{"maxTokenCount":900}}`,
      `{"inferenceConfig":{"max_new_tokens":900}}`,
    ]
  ) {
    assert.equal(cap("bedrock-invoke", place).tokens, 900);
    assert.equal(withOutputCap("bedrock-invoke", json(place), 50)?.text, place.replace("900", "50"));
  }
});

test("a name that is written with escapes is found", () => {
  assert.equal(
    withOutputCap("anthropic-messages", json(`{"max\\u005ftokens":900}`), 50)?.text,
    `{"max\\u005ftokens":50}`,
  );
});

test("the answers that are asked for are counted", () => {
  for (
    const [wire, text, answers] of [
      ["openai-chat", `{"messages":[],"n":3}`, 3],
      ["openai-chat", `{"prompt":"Hi","n":2,"best_of":5}`, 5],
      ["openai-chat", `{"prompt":["Hi","Ho"],"n":2}`, 4],
      ["openai-chat", `{"prompt":[[1,2],[3]]}`, 2],
      ["openai-chat", `{"prompt":[1,2,3]}`, 1],
      ["openai-chat", `{"prompt":["Hi","Ho"],"messages":[]}`, 1],
      ["openai-responses", `{"prompt":"A cat","n":4}`, 4],
      ["gemini", `{"generationConfig":{"candidateCount":2}}`, 2],
      ["gemini", `{"generation_config":{"candidate_count":2}}`, 2],
      ["cohere", `{"num_generations":3}`, 3],
      ["anthropic-messages", `{"n":3}`, 1],
      ["openai-embeddings", `{"n":3}`, 1],
    ] as const
  ) {
    assert.equal(cap(wire, text).answers, answers, text);
  }
  for (const n of ["0", "-2", "1.5", "null", `"3"`, "1e999"]) {
    assert.equal(cap("openai-chat", `{"n":${n}}`).answers, 1, n);
  }
});
