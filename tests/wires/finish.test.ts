import assert from "node:assert/strict";
import { test } from "node:test";
import { finishReader, finishReasons, isWholeFinish } from "../../src/providers/wires/finish.ts";
import { WIRES } from "../../src/providers/wires/table.ts";
import { bytesOf, STREAMS } from "./streams.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** Why the sample streams stopped, by their names; the others don't say. */
const TOLD: Readonly<Record<string, readonly string[]>> = {
  "OpenAI chat": ["stop"],
  "OpenAI chat calling a tool": ["tool_calls"],
  "Azure with what it found in the prompt first, then a content filter, which is an answer": ["content_filter"],
  "DeepSeek reasoning": ["stop"],
  "OpenAI completions": ["length"],
  "OpenAI's audio": ["stop"],
  "a stream without [DONE]": ["stop"],
  "an empty answer that the model finished": ["stop"],
  "OpenRouter with its comments and an error in the middle": ["error"],
  "broken JSON between good events": ["stop"],
  "carriage returns, comments, names behind the data and data on several lines": ["stop"],
  "lines that end in a lone return": ["stop"],
  "a last event that no blank line closes": ["stop"],
  "OpenAI responses": ["completed"],
  "OpenAI responses calling a function": ["incomplete", "max_output_tokens"],
  "OpenAI responses failing": ["failed"],
  Anthropic: ["end_turn"],
  "Anthropic calling a tool that takes nothing": ["end_turn"],
  "Anthropic thinking": ["end_turn"],
  Gemini: ["STOP"],
  "Gemini calling a function that takes nothing": ["STOP"],
  "Gemini refusing the prompt, which is an answer": ["PROHIBITED_CONTENT"],
  "Gemini as a list on many lines": ["STOP"],
  "Gemini as a list with an object a line": ["STOP"],
  Cohere: ["COMPLETE"],
  "Cohere calling a tool": ["TOOL_CALL"],
  "Cohere failing": ["ERROR"],
  "Cohere version 1": ["COMPLETE"],
  "Workers AI in OpenAI's words": ["stop"],
  Ollama: ["stop"],
  "Bedrock Converse": ["end_turn"],
  "Bedrock Converse calling a tool": ["tool_use"],
  "Bedrock Invoke of Claude": ["end_turn"],
  "Bedrock Invoke of Nova": ["end_turn"],
  "Bedrock Invoke of Llama": ["stop"],
};

for (const stream of STREAMS) {
  test(`${stream.name}: why it stopped is told, wherever the chunks are cut`, () => {
    const bytes = bytesOf(stream);
    for (let cut = 0; cut <= bytes.byteLength; cut += 7) {
      const reader = finishReader(WIRES[stream.wire], stream.contentType);
      reader?.chunk(bytes.slice(0, cut));
      reader?.chunk(bytes.slice(cut));
      assert.deepEqual(reader?.reasons(), TOLD[stream.name] ?? [], `cut at ${cut}`);
    }
  });
}

test("every stream whose reason is awaited is there", () => {
  const names = STREAMS.map(({ name }) => name);
  assert.deepEqual(Object.keys(TOLD).filter((name) => !names.includes(name)), []);
});

const sse = (...documents: readonly object[]) => documents.map((document) => `data: ${JSON.stringify(document)}\n\n`);
const choice = (index: number, finish_reason: string | null, delta: object = {}) => ({
  choices: [{ index, delta, finish_reason }],
});

test("of several answers in one stream each is heard, however far apart they stop", () => {
  const reader = finishReader(WIRES["openai-chat"], "text/event-stream")!;
  const more = sse(choice(1, null, { content: "x".repeat(1000) }))[0]!;
  reader.chunk(encode(sse(choice(0, null, { content: "Hi" }), choice(0, "length"))[0]!));
  reader.chunk(encode(sse(choice(0, "length"))[0]!));
  for (let index = 0; index < 200; index++) reader.chunk(encode(more));
  reader.chunk(encode(sse(choice(1, "stop"))[0]!));
  assert.deepEqual(reader.reasons(), ["length", "stop"]);
});

test("a refusal that streams is told, though its reason is a good one", () => {
  const reader = finishReader(WIRES["openai-chat"], "text/event-stream")!;
  const role = { role: "assistant", content: "", refusal: null };
  const events = sse(choice(0, null, role), choice(0, null, { refusal: "No" }), choice(0, "stop"));
  for (const event of events) reader.chunk(encode(event));
  assert.deepEqual(reader.reasons(), ["refusal", "stop"]);
});

test("the reason in an event that is too long to keep is found at its beginning and at its end", () => {
  const data = { inlineData: { data: "A".repeat(400_000) } };
  for (const candidate of [{ finishReason: "SAFETY", data }, { data, finishReason: "SAFETY" }]) {
    const text = sse({ candidates: [candidate] })[0]!;
    const reader = finishReader(WIRES.gemini, "text/event-stream")!;
    for (let at = 0; at < text.length; at += 9_973) reader.chunk(encode(text.slice(at, at + 9_973)));
    assert.deepEqual(reader.reasons(), ["SAFETY"]);
  }
});

test("the reason in such an event is told whole, though a chunk ends within it", () => {
  const text = `data: {"candidates":[{"x":"${"A".repeat(300_000)}","finishReason":"SAFETY","index":0}]}\n\n`;
  const reader = finishReader(WIRES.gemini, "text/event-stream")!;
  const cut = text.indexOf("SAFETY") + 3;
  reader.chunk(encode(text.slice(0, cut)));
  reader.chunk(encode(text.slice(cut)));
  assert.deepEqual(reader.reasons(), ["SAFETY"]);
});

test("what is no stream has no reader", () => {
  assert.equal(finishReader(WIRES["openai-chat"], "application/json"), undefined);
});

const output = (part: object) => ({
  object: "response",
  status: "completed",
  output: [{ type: "reasoning" }, { type: "message", content: [part] }],
});

for (
  const [name, document, reasons, isWhole] of [
    ["OpenAI's chat", { choices: [{ finish_reason: "stop", message: { refusal: null } }] }, ["stop"], true],
    ["two answers", { choices: [{ finish_reason: "stop" }, { finish_reason: "length" }] }, ["stop", "length"], false],
    ["a refusal", { choices: [{ finish_reason: "stop", message: { refusal: "No" } }] }, ["stop", "refusal"], false],
    ["OpenAI's responses", output({ type: "output_text", text: "Hi" }), ["completed"], true],
    ["a refused response", output({ type: "refusal", refusal: "No" }), ["completed", "refusal"], false],
    ["a response under way", { object: "response", status: "queued" }, ["queued"], false],
    [
      "an incomplete response",
      { object: "response", status: "incomplete", incomplete_details: { reason: "content_filter" } },
      ["incomplete", "content_filter"],
      false,
    ],
    ["a response that only began", { type: "response.created", response: output({}) }, [], true],
    ["Anthropic", { type: "message", stop_reason: "stop_sequence" }, ["stop_sequence"], true],
    ["Anthropic pausing", { stop_reason: "pause_turn" }, ["pause_turn"], false],
    ["Anthropic refusing", { stop_reason: "refusal" }, ["refusal"], false],
    ["Gemini's list", [{ candidates: [{}] }, { candidates: [{ finishReason: "RECITATION" }] }], ["RECITATION"], false],
    ["Gemini's blocked prompt", { promptFeedback: { blockReason: "SAFETY" } }, ["SAFETY"], false],
    ["Converse", { stopReason: "guardrail_intervened" }, ["guardrail_intervened"], false],
    ["Converse calling a tool", { stopReason: "tool_use" }, ["tool_use"], true],
    ["Titan", { results: [{ completionReason: "FINISH" }] }, ["FINISH"], true],
    ["Cohere", { finish_reason: "MAX_TOKENS" }, ["MAX_TOKENS"], false],
    ["Ollama", { done: true, done_reason: "load" }, ["load"], false],
    ["Workers AI", { result: { choices: [{ finish_reason: "stop" }] } }, ["stop"], true],
    ["embeddings", { object: "list", data: [] }, [], true],
    ["another thing's status", { object: "batch", status: "failed" }, [], true],
    ["nothing", null, [], true],
    ["broken reasons", { choices: [null, { finish_reason: 5 }], stop_reason: {}, candidates: "x" }, [], true],
  ] as const
) {
  test(`${name}: a whole document tells ${JSON.stringify(reasons)}, which is ${isWhole ? "" : "not "}whole`, () => {
    assert.deepEqual(finishReasons(document), reasons);
    assert.equal(isWholeFinish(reasons), isWhole);
  });
}

test("a reason that nobody knows may say that something is missing", () => {
  for (const reason of ["", "stopped", "unstop", "STOP ", "length", "error", "SPII", "compaction"]) {
    assert.equal(isWholeFinish(["stop", reason]), false, reason);
  }
});
