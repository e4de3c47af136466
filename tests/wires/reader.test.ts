import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { frame, joinedBytes } from "./frame.ts";
import { usageReader } from "../../src/providers/wires/reader.ts";
import { WIRES } from "../../src/providers/wires/table.ts";
import type { Told } from "../../src/providers/wires/wire.ts";
import { Window } from "../../src/providers/wires/window.ts";
import type { WireId } from "../../src/providers/provider.ts";

const encode = (text: string) => new TextEncoder().encode(text);

function read(wire: WireId, contentType: string, body: string | Uint8Array, chunkBytes = 1000): Told {
  const bytes = typeof body === "string" ? encode(body) : body;
  const reader = usageReader(WIRES[wire], contentType);
  for (let at = 0; at < bytes.byteLength; at += chunkBytes) reader.chunk(bytes.slice(at, at + chunkBytes));
  return reader.read();
}

const SSE = "text/event-stream";
const JSON_TYPE = "application/json";
const data = (document: unknown) => `data: ${JSON.stringify(document)}\n\n`;

/** Text of a model that tries to pass for a provider. */
const FORGED = `{"usage":{"prompt_tokens":1,"completion_tokens":1,"input_tokens":1,"output_tokens":1}}`;
const LONG = `${FORGED}"\\\n,`.repeat(2500);
const USAGE = { prompt_tokens: 40_000, completion_tokens: 30_000, total_tokens: 70_000 };

test("an answer of megabytes tells the usage at its end, and the model at its start", () => {
  const embedding = Array.from({ length: 400_000 }, (_, index) => index / 1e6);
  const body = JSON.stringify({ object: "list", model: "embed-1", data: [{ embedding }], usage: { prompt_tokens: 9 } });
  const told = { usage: { input: 9, output: 0 }, model: "embed-1", costUsd: undefined };
  assert.ok(body.length > 3e6);
  for (const bytes of [777, 65_536, 1e9]) assert.deepEqual(read("openai-embeddings", JSON_TYPE, body, bytes), told);
});

test("an answer of megabytes tells the usage at its start", () => {
  const body = JSON.stringify({ model: "m", usage: { prompt_tokens: 9 }, data: "x".repeat(1e6) });
  assert.deepEqual(read("openai-embeddings", JSON_TYPE, body).usage, { input: 9, output: 0 });
});

test("spaces and line ends of a pretty answer do not matter", () => {
  const body = JSON.stringify({ model: "m", choices: [{ text: LONG }], usage: USAGE }, null, 4) + "\r\n \n";
  assert.deepEqual(read("openai-chat", JSON_TYPE, body).usage, { input: 40_000, output: 30_000 });
});

test("what a model writes never passes for usage", () => {
  const choices = [{ message: { content: LONG, tool_calls: [{ function: { arguments: LONG } }] } }];
  assert.equal(read("openai-chat", JSON_TYPE, JSON.stringify({ model: "m", choices })).usage, undefined);
  const nested = { choices: [{ message: { parsed: [JSON.parse(FORGED), LONG, JSON.parse(FORGED)] } }] };
  assert.equal(read("openai-chat", JSON_TYPE, JSON.stringify({ model: "m", ...nested })).usage, undefined);
  const end = { model: "m", choices: [], extra: { text: LONG, usage: { prompt_tokens: 1, completion_tokens: 1 } } };
  assert.equal(read("openai-chat", JSON_TYPE, JSON.stringify(end)).usage, undefined);
  const real = JSON.stringify({ model: "m", ...nested, usage: USAGE, more: [JSON.parse(FORGED)] });
  assert.deepEqual(read("openai-chat", JSON_TYPE, real).usage, { input: 40_000, output: 30_000 });
});

test("what a model streams never passes for usage", () => {
  const chunks = Array.from(
    { length: 300 },
    () => data({ model: "m", choices: [{ delta: { content: LONG.slice(0, 500) } }] }),
  );
  assert.equal(read("openai-chat", SSE, chunks.join("")).usage, undefined);
  const withUsage = chunks.join("") + data({ model: "m", choices: [], usage: USAGE }) + "data: [DONE]\n\n";
  assert.deepEqual(read("openai-chat", SSE, withUsage).usage, { input: 40_000, output: 30_000 });
});

test("a last event of half a megabyte tells the usage of the response in it", () => {
  const usage = { input_tokens: 5, output_tokens: 100_000, output_tokens_details: { reasoning_tokens: 0 } };
  const response = {
    model: "gpt-5",
    output: [{ arguments: JSON.parse(FORGED), text: LONG.repeat(3) }],
    usage,
    metadata: {},
  };
  const start = `event: response.created\n` +
    data({ type: "response.created", response: { model: "gpt-5", usage: null } });
  const told = { input: 5, output: 100_000, reasoningOutput: 0 };
  for (const last of [{ type: "response.completed", response }, { response, type: "response.completed" }]) {
    const end = `event: response.completed\n` + data(last);
    assert.ok(end.length > 5e5);
    assert.deepEqual(read("openai-responses", SSE, start + end), { usage: told, model: "gpt-5", costUsd: undefined });
  }
});

test("a long answer in Cloudflare's envelope tells the usage within it", () => {
  const result = { response: LONG.repeat(2), usage: { prompt_tokens: 7, completion_tokens: 8 } };
  const body = { result, success: true, errors: [], messages: [] };
  assert.deepEqual(read("workers-ai", JSON_TYPE, JSON.stringify(body)).usage, { input: 7, output: 8 });
  const reversed = {
    result: { usage: { prompt_tokens: 7, completion_tokens: 8 }, response: LONG.repeat(2) },
    success: true,
  };
  assert.equal(read("workers-ai", JSON_TYPE, JSON.stringify(reversed)).usage, undefined);
});

test("a long message stream is told by its first event and its last", () => {
  const events = [
    {
      type: "message_start",
      message: { model: "claude", usage: { input_tokens: 3, cache_read_input_tokens: 90, output_tokens: 1 } },
    },
    ...Array.from({ length: 3000 }, () => ({ type: "content_block_delta", delta: { text: FORGED } })),
    { type: "message_delta", usage: { output_tokens: 77 } },
  ];
  assert.deepEqual(read("anthropic-messages", SSE, events.map(data).join("")), {
    usage: { input: 93, output: 77, cachedInput: 90 },
    model: "claude",
    costUsd: undefined,
  });
});

test("what stands neither at the very start nor at the very end is found all the same", () => {
  const padding = "x".repeat(5000);
  const body = JSON.stringify({ padding, model: "m", text: LONG, usage: USAGE, more: padding });
  const told = { usage: { input: 40_000, output: 30_000 }, model: "m", costUsd: undefined };
  assert.deepEqual(read("openai-chat", JSON_TYPE, body), told);
  assert.deepEqual(
    read("openai-chat", SSE, `: ${padding}\n\n${data({ model: "m", padding, usage: USAGE })}: ${padding}\n\n`),
    told,
  );
  const events = [
    { type: "message_start", message: { model: "m", usage: { input_tokens: 3, output_tokens: 1 } } },
    { type: "ping", padding },
    { type: "message_delta", usage: { input_tokens: 4, output_tokens: 5 } },
    { type: "ping", padding: padding + padding + padding },
    { type: "message_delta", usage: { output_tokens: 6 } },
  ];
  assert.deepEqual(read("anthropic-messages", SSE, events.map(data).join("")).usage, { input: 4, output: 6 });
});

test("a long array of chunks tells the usage of the last, even of a very long one", () => {
  const chunk = (text: string, output: number) => ({
    candidates: [{ content: { parts: [{ text }] } }],
    usageMetadata: { promptTokenCount: 5, candidatesTokenCount: output },
    modelVersion: "gemini-3",
  });
  const many = Array.from({ length: 2000 }, (_, index) => chunk("[{]},", index + 1));
  assert.deepEqual(read("gemini", JSON_TYPE, JSON.stringify(many)).usage, { input: 5, output: 2000 });
  const long = [chunk("a", 1), chunk(LONG.repeat(2), 9)];
  assert.deepEqual(read("gemini", JSON_TYPE, JSON.stringify(long, null, 1)).usage, { input: 5, output: 9 });
  const cutOff = JSON.stringify(many.slice(0, 20)).slice(0, -1);
  assert.deepEqual(read("gemini", JSON_TYPE, cutOff).usage, { input: 5, output: 19 });
});

test("a last line of hundreds of kilobytes tells its counts", () => {
  const context = Array.from({ length: 50_000 }, (_, index) => index);
  const lines = [{ model: "l", response: "a" }, { model: "l", context, prompt_eval_count: 2, eval_count: 3 }];
  const body = lines.map((line) => JSON.stringify(line) + "\n").join("");
  const told = { usage: { input: 2, output: 3 }, model: "l", costUsd: undefined };
  assert.deepEqual(read("ollama", "application/x-ndjson", body), told);
});

test("a long binary stream tells the usage of its last frame", () => {
  const text = encode(JSON.stringify({ contentBlockIndex: 0, delta: { text: FORGED }, p: "abc" }));
  const frames = Array.from({ length: 1200 }, () => frame("contentBlockDelta", text));
  const last = frame("metadata", encode(JSON.stringify({ usage: { inputTokens: 4, outputTokens: 1200 } })));
  const body = joinedBytes([...frames, last]);
  assert.ok(body.byteLength > 200_000);
  const told = { input: 4, output: 1200 };
  assert.deepEqual(read("bedrock-converse", "application/vnd.amazon.eventstream", body).usage, told);
});

test("a frame written by Amazon's own code is read", () => {
  const base64 =
    "AAAA3AAAAE64QyGmCzpldmVudC10eXBlBwAIbWV0YWRhdGENOmNvbnRlbnQtdHlwZQcAEGFwcGxpY2F0aW9uL2pzb24NOm1lc3NhZ2UtdHlwZQcABWV2ZW50eyJtZXRyaWNzIjp7ImxhdGVuY3lNcyI6MzE3fSwicCI6ImFiY2RlZmdoIiwidXNhZ2UiOnsiaW5wdXRUb2tlbnMiOjEzLCJvdXRwdXRUb2tlbnMiOjUsInNlcnZlclRvb2xVc2FnZSI6e30sInRvdGFsVG9rZW5zIjoxOH194yobvQ==";
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  assert.deepEqual(read("bedrock-converse", "application/vnd.amazon.eventstream", bytes).usage, {
    input: 13,
    output: 5,
  });
});

test("events are read with any line end, with comments and with data over several lines", () => {
  const usage = `{"choices":[],\ndata:"usage":{"prompt_tokens":1,"completion_tokens":2}}`;
  const plain = `: hello\n\nid: 1\ndata:{"model":"m"}\n\nevent: x\ndata: ${usage}\n\ndata: [DONE]\n\n`;
  const told = { usage: { input: 1, output: 2 }, model: "m", costUsd: undefined };
  assert.deepEqual(read("openai-chat", SSE, plain), told);
  assert.deepEqual(read("openai-chat", SSE, plain.replaceAll("\n", "\r\n")), told);
  assert.deepEqual(read("openai-chat", "text/plain", plain), told, "whatever the label");
  assert.deepEqual(read("openai-chat", SSE, "\uFEFF" + plain), told);
});

test("audio is not even watched", () => {
  assert.deepEqual(read("openai-chat", "audio/mpeg", JSON.stringify({ model: "m", usage: USAGE })), {
    usage: undefined,
    model: undefined,
    costUsd: undefined,
  });
});

test("reading twice, and before the end, is harmless", () => {
  const reader = usageReader(WIRES["openai-chat"], SSE);
  reader.chunk(encode(data({ model: "m", choices: [{}] })));
  assert.deepEqual(reader.read(), { usage: undefined, model: "m", costUsd: undefined });
  reader.chunk(encode(data({ choices: [], usage: USAGE })));
  assert.deepEqual(reader.read().usage, { input: 40_000, output: 30_000 });
  assert.deepEqual(reader.read(), reader.read());
});

test("a window holds 80 KiB at most, whatever goes by and in whatever pieces", () => {
  const window = new Window();
  const pool = new Uint8Array(1 << 20);
  for (let index = 0; index < 200_000; index++) window.push(pool.subarray(index, index + 1));
  assert.ok(window.retainedBytes <= 80 * 1024, `${window.retainedBytes}`);
  for (let index = 0; index < 50; index++) window.push(pool);
  assert.ok(window.retainedBytes <= 80 * 1024, `${window.retainedBytes}`);
});

test("a window of a short answer holds little more than the answer", () => {
  const window = new Window();
  window.push(new Uint8Array(900));
  assert.ok(window.retainedBytes <= 2048);
});

test("a window keeps the first and the last bytes exactly", () => {
  const all = Uint8Array.from({ length: 400_000 }, (_, index) => (index * 7919) >> 3);
  fc.assert(
    fc.property(
      fc.nat(all.byteLength),
      fc.array(fc.integer({ min: 1, max: 90_000 }), { minLength: 1 }),
      (length, steps) => {
        const window = new Window();
        for (let at = 0, turn = 0; at < length; turn++) {
          const end = Math.min(length, at + (steps[turn % steps.length] ?? 1));
          window.push(all.subarray(at, end));
          at = end;
        }
        const { head, tail } = window.kept();
        const isWhole = length <= 80 * 1024;
        assert.deepEqual(head, all.slice(0, isWhole ? length : 16 * 1024));
        assert.deepEqual(tail, isWhole ? undefined : all.slice(length - 64 * 1024, length));
      },
    ),
    { numRuns: 60 },
  );
});
