import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import Anthropic from "@anthropic-ai/sdk";
import { type LanguageModel, streamText } from "ai";
import OpenAI from "openai";
import type { WireId } from "../../src/providers/provider.ts";
import { closer } from "../../src/providers/wires/closing.ts";
import { joinedBytes } from "../wires/frame.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const event = (document: object | string) => {
  if (typeof document === "string") return `data: ${document}\n\n`;
  const { type } = document as { type?: string };
  return `${type === undefined ? "" : `event: ${type}\n`}data: ${JSON.stringify(document)}\n\n`;
};

/** A provider whose stream is ended behind so many of its events. */
function ended(wire: WireId, documents: readonly (object | string)[], count: number): typeof fetch {
  return () => {
    const its = closer(wire)!;
    const chunks = documents.slice(0, count).map((document) => its.pass(encode(event(document))));
    const body = joinedBytes([...chunks, its.end()]);
    return Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } }));
  };
}

const chunk = (choice: object) => ({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 1764000000,
  model: "m",
  choices: [{ index: 0, logprobs: null, finish_reason: null, ...choice }],
});
const CHAT = [
  chunk({ delta: { role: "assistant", content: "" } }),
  chunk({ delta: { content: "Grüß " } }),
  chunk({ delta: { content: "Gott" } }),
  chunk({ index: 1, delta: { role: "assistant", content: "Hi" } }),
  chunk({
    delta: { tool_calls: [{ index: 0, id: "call_1", type: "function", function: { name: "f", arguments: "" } }] },
  }),
  chunk({ delta: { tool_calls: [{ index: 0, function: { arguments: '{"city":"B' } }] } }),
  chunk({ delta: { tool_calls: [{ index: 0, function: { arguments: 'onn"}' } }] } }),
];

const item = (output_index: number, more: object) => ({ output_index, item: more });
const message = { id: "msg_1", type: "message", status: "in_progress", content: [], role: "assistant" };
const thought = { id: "rs_1", type: "reasoning", summary: [] };
const call = { id: "fc_1", type: "function_call", status: "in_progress", name: "f", arguments: "", call_id: "c" };
const text = (text: string) => ({ type: "output_text", annotations: [], logprobs: [], text });
const inThought = { item_id: "rs_1", output_index: 0, summary_index: 0 };
const inText = { item_id: "msg_1", output_index: 1, content_index: 0 };
const inCall = { item_id: "fc_1", output_index: 2 };
const summary = { type: "summary_text", text: "Well" };
const response = {
  id: "resp_1",
  object: "response",
  created_at: 1764000000,
  status: "in_progress",
  error: null,
  incomplete_details: null,
  model: "m",
  output: [],
  parallel_tool_calls: true,
  tools: [],
  usage: null,
};
const RESPONSES = [
  { type: "response.created", response },
  { type: "response.in_progress", response },
  { type: "response.output_item.added", ...item(0, thought) },
  { type: "response.reasoning_summary_part.added", ...inThought, part: { type: "summary_text", text: "" } },
  { type: "response.reasoning_summary_text.delta", ...inThought, delta: "Well" },
  { type: "response.reasoning_summary_text.done", ...inThought, text: "Well" },
  { type: "response.reasoning_summary_part.done", ...inThought, part: summary },
  { type: "response.output_item.done", ...item(0, { ...thought, summary: [summary] }) },
  { type: "response.output_item.added", ...item(1, message) },
  { type: "response.content_part.added", ...inText, part: text("") },
  { type: "response.output_text.delta", ...inText, delta: "Grüß ", logprobs: [] },
  { type: "response.output_text.delta", ...inText, delta: "Gott", logprobs: [] },
  { type: "response.output_text.done", ...inText, text: "Grüß Gott", logprobs: [] },
  { type: "response.content_part.done", ...inText, part: text("Grüß Gott") },
  {
    type: "response.output_item.done",
    ...item(1, { ...message, status: "completed", content: [text("Grüß Gott")] }),
  },
  { type: "response.output_item.added", ...item(2, call) },
  { type: "response.function_call_arguments.delta", ...inCall, delta: '{"city":' },
  { type: "response.function_call_arguments.delta", ...inCall, delta: '"Bonn"}' },
].map((event, sequence_number) => ({ ...event, sequence_number }));

const MESSAGES = [
  {
    type: "message_start",
    message: {
      id: "msg_01",
      type: "message",
      role: "assistant",
      model: "m",
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 25, output_tokens: 1 },
    },
  },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "ping" },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Grüß " } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Gott" } },
  { type: "content_block_stop", index: 0 },
  { type: "content_block_start", index: 1, content_block: { type: "tool_use", id: "t1", name: "f", input: {} } },
  { type: "content_block_delta", index: 1, delta: { type: "input_json_delta", partial_json: '{"city":"B' } },
  { type: "content_block_delta", index: 1, delta: { type: "input_json_delta", partial_json: 'onn"}' } },
];

const part = (text: string) => ({
  candidates: [{ content: { parts: [{ text }], role: "model" }, index: 0 }],
  usageMetadata: { promptTokenCount: 4, candidatesTokenCount: 2, totalTokenCount: 6 },
  modelVersion: "m",
  responseId: "r",
});
const GEMINI = [part("Grüß "), part("Gott")];

/** The text in so many events of a stream. */
const textIn = (documents: readonly object[], count: number) =>
  JSON.stringify(documents.slice(0, count)).includes("Gott")
    ? "Grüß Gott"
    : JSON.stringify(documents.slice(0, count)).includes("Grüß")
    ? "Grüß "
    : "";

const SETTINGS = { apiKey: "k", maxRetries: 0 };
const messages = [{ role: "user" as const, content: "Hi" }];

describe("openai reads a stream that was ended in the middle", () => {
  for (let count = 1; count <= CHAT.length; count++) {
    test(`a chat, behind ${count} events`, async () => {
      const client = new OpenAI({ ...SETTINGS, fetch: ended("openai-chat", CHAT, count) });
      const answer = await client.chat.completions.stream({ model: "m", messages }).finalChatCompletion();
      assert.deepEqual(
        answer.choices.map((choice) => choice.finish_reason),
        count < 4 ? ["length"] : ["length", "length"],
      );
      assert.equal(answer.choices[0]?.message.content ?? "", textIn(CHAT, count));
    });
  }

  for (let count = 1; count <= RESPONSES.length; count++) {
    test(`a response, behind ${count} events`, async () => {
      const client = new OpenAI({ ...SETTINGS, fetch: ended("openai-responses", RESPONSES, count) });
      const stream = client.responses.stream({ model: "m", input: "Hi" });
      const events: { type: string; sequence_number: number }[] = [];
      stream.on("event", (event) => void events.push(event));
      const answer = await stream.finalResponse();
      assert.equal(answer.status, "incomplete");
      assert.deepEqual(answer.incomplete_details, { reason: "max_output_tokens" });
      assert.equal(answer.output_text, count < 10 ? "" : textIn(RESPONSES, count));
      assert.deepEqual(events.map(({ sequence_number }) => sequence_number), events.map((_, index) => index));
      for (const kind of ["output_item", "content_part", "reasoning_summary_part"]) {
        const told = (what: string) => events.filter(({ type }) => type === `response.${kind}.${what}`).length;
        assert.equal(told("done"), told("added"), kind);
      }
      for (const kind of ["output_text", "function_call_arguments", "reasoning_summary_text"]) {
        const told = (what: string) => events.filter(({ type }) => type === `response.${kind}.${what}`).length;
        if (told("delta") > 0) assert.equal(told("done"), 1, kind);
      }
    });
  }

  test("a response's open items are told as far as they came", async () => {
    const client = new OpenAI({ ...SETTINGS, fetch: ended("openai-responses", RESPONSES, 17) });
    const { output } = await client.responses.stream({ model: "m", input: "Hi" }).finalResponse();
    assert.deepEqual(output.map((item) => "status" in item && item.status), [false, "completed", "incomplete"]);
    assert.equal(output[2]?.type === "function_call" && output[2].arguments, '{"city":');
  });
});

describe("anthropic reads a stream that was ended in the middle", () => {
  for (let count = 1; count <= MESSAGES.length; count++) {
    test(`a message, behind ${count} events`, async () => {
      const client = new Anthropic({ ...SETTINGS, fetch: ended("anthropic-messages", MESSAGES, count) });
      const answer = await client.messages.stream({ model: "m", max_tokens: 9, messages }).finalMessage();
      assert.equal(answer.stop_reason, "max_tokens");
      assert.equal(answer.usage.output_tokens, 1);
      assert.equal(answer.content[0]?.type === "text" ? answer.content[0].text : "", textIn(MESSAGES, count));
      assert.equal(answer.content.length, count < 2 ? 0 : count < 7 ? 1 : 2);
    });
  }
});

const MODELS: readonly (readonly [string, readonly object[], (count: number) => LanguageModel])[] = [
  [
    "a chat",
    CHAT.slice(0, 3),
    (count) => createOpenAI({ apiKey: "k", fetch: ended("openai-chat", CHAT, count) }).chat("m"),
  ],
  [
    "a response",
    RESPONSES.slice(0, 15),
    (count) => createOpenAI({ apiKey: "k", fetch: ended("openai-responses", RESPONSES, count) }).responses("m"),
  ],
  [
    "a message",
    MESSAGES.slice(0, 6),
    (count) => createAnthropic({ apiKey: "k", fetch: ended("anthropic-messages", MESSAGES, count) })("m"),
  ],
  ["Gemini", GEMINI, (count) => createGoogleGenerativeAI({ apiKey: "k", fetch: ended("gemini", GEMINI, count) })("m")],
];

describe("Vercel's SDK reads a stream that was ended in the middle", () => {
  for (const [name, documents, model] of MODELS) {
    for (let count = 1; count <= documents.length; count++) {
      test(`${name}, behind ${count} events`, async () => {
        const errors: unknown[] = [];
        const answer = streamText({
          model: model(count),
          prompt: "Hi",
          maxOutputTokens: 9,
          maxRetries: 0,
          onError: ({ error }) => void errors.push(error),
        });
        assert.equal(await answer.text, name === "a response" && count < 10 ? "" : textIn(documents, count));
        assert.equal(await answer.finishReason, "length");
        assert.deepEqual(errors, []);
      });
    }
  }
});
