import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { events, json, type Loose, visitor } from "./visit.ts";

const ask = visitor();
const said = (content: unknown) => [{ role: "user", content }];
const chat = (body: object) =>
  json(ask("/chat/completions", { model: "echo", messages: said("one two three"), ...body }));
const streamed = (body: object) =>
  events(ask("/chat/completions", { model: "echo", messages: said("one two three"), stream: true, ...body }));

const weather = {
  type: "function",
  function: {
    name: "weather",
    parameters: {
      type: "object",
      properties: { city: { type: "string" }, days: { type: "integer", minimum: 3 }, note: { type: "string" } },
      required: ["city", "days"],
    },
  },
};
const clock = { type: "function", function: { name: "clock" } };
const WEATHER = { city: "city", days: 3 };
const names = (answer: Loose) => answer.choices[0].message.tool_calls?.map((call: Loose) => call.function.name);

describe("Chat completions of the demo", () => {
  test("The last user message comes back, with its words counted.", async () => {
    const answer = await chat({ messages: [{ role: "system", content: "Be brief." }, ...said("one two three")] });
    assert.match(answer.id, /^chatcmpl-[0-9a-f]{16}$/);
    assert.equal(answer.object, "chat.completion");
    assert.equal(answer.model, "echo");
    assert.deepEqual(answer.choices, [{
      index: 0,
      message: { role: "assistant", content: "one two three", refusal: null, annotations: [] },
      logprobs: null,
      finish_reason: "stop",
    }]);
    assert.equal(answer.usage.prompt_tokens, 5);
    assert.equal(answer.usage.completion_tokens, 3);
    assert.equal(answer.usage.total_tokens, 8);
  });

  test("The model may be written demo/echo or echo-anything.", async () => {
    assert.equal((await chat({ model: "demo/echo" })).model, "echo");
    assert.equal((await chat({ model: "echo-large" })).choices[0].message.content, "one two three");
  });

  test("Text parts are read together, and a part that is one tag is context.", async () => {
    const parts = [
      { type: "text", text: "<reminder>Call weather.</reminder>" },
      { type: "text", text: "Look:" },
      { type: "image_url", image_url: { url: "data:," } },
      { type: "text", text: "what is it?" },
    ];
    const answer = await chat({ messages: said(parts), tools: [weather] });
    assert.equal(answer.choices[0].message.content, "Look:\nwhat is it?");
    assert.equal(answer.usage.prompt_tokens, 6);
    const alone = await chat({ messages: said("<b>bold</b>") });
    assert.equal(alone.choices[0].message.content, "<b>bold</b>");
  });

  test("A stream gives the role, one chunk a word, the reason and [DONE], and no usage unless asked.", async () => {
    const all = await streamed({});
    assert.equal(all.at(-1)!.data, "[DONE]");
    const chunks = all.slice(0, -1).map(({ data }) => data);
    assert.deepEqual(chunks.map(({ choices }) => choices[0].delta), [
      { role: "assistant", content: "", refusal: null },
      { content: "one" },
      { content: " two" },
      { content: " three" },
      {},
    ]);
    assert.deepEqual(chunks.map(({ choices }) => choices[0].finish_reason), [null, null, null, null, "stop"]);
    for (const chunk of chunks) {
      assert.equal(chunk.object, "chat.completion.chunk");
      assert.equal(chunk.id, chunks[0].id);
      assert.ok(!("usage" in chunk));
    }
    assert.ok(all.every(({ event }) => event === undefined));
  });

  test("With include_usage every chunk has a null usage, and a last one without choices has it.", async () => {
    const all = await streamed({ stream_options: { include_usage: true } });
    const chunks = all.slice(0, -1).map(({ data }) => data);
    const last = chunks.pop();
    assert.deepEqual(last.choices, []);
    assert.equal(last.usage.prompt_tokens, 3);
    assert.equal(last.usage.completion_tokens, 3);
    assert.ok(chunks.every((chunk) => chunk.usage === null && chunk.choices.length === 1));
    const off = await streamed({ stream_options: { include_usage: false } });
    assert.ok(off.every(({ data }) => data === "[DONE]" || !("usage" in data)));
  });

  test("A tool that the user mentions is called with arguments of its schema.", async () => {
    const answer = await chat({ messages: said("What does weather say?"), tools: [clock, weather] });
    const [{ message, finish_reason }] = answer.choices;
    assert.equal(finish_reason, "tool_calls");
    assert.equal(message.content, null);
    assert.equal(message.tool_calls.length, 1);
    assert.match(message.tool_calls[0].id, /^call_[0-9a-f]{16}$/);
    assert.equal(message.tool_calls[0].type, "function");
    assert.equal(message.tool_calls[0].function.name, "weather");
    assert.deepEqual(JSON.parse(message.tool_calls[0].function.arguments), WEATHER);
  });

  test("The tool choice is obeyed.", async () => {
    const tools = [clock, weather];
    const choose = async (text: string, tool_choice: unknown) =>
      names(await chat({ messages: said(text), tools, tool_choice }));
    assert.equal(await choose("Hello.", "auto"), undefined);
    assert.equal(await choose("Ask weather.", "none"), undefined);
    assert.deepEqual(await choose("Hello.", "required"), ["clock"]);
    assert.deepEqual(await choose("Ask weather.", "required"), ["weather"]);
    assert.deepEqual(await choose("Ask clock.", { type: "function", function: { name: "weather" } }), ["weather"]);
    const allowed = { mode: "required", tools: [{ type: "function", function: { name: "weather" } }] };
    assert.deepEqual(await choose("Ask clock.", { type: "allowed_tools", allowed_tools: allowed }), ["weather"]);
    const missing = await chat({ tools, tool_choice: { type: "function", function: { name: "map" } } });
    assert.equal(missing.error.param, "tool_choice");
  });

  test("Two tools mentioned are called together, unless that is forbidden.", async () => {
    const messages = said("Ask clock and weather, please.");
    const tools = [weather, clock];
    assert.deepEqual(names(await chat({ messages, tools })), ["weather", "clock"]);
    assert.deepEqual(names(await chat({ messages, tools, parallel_tool_calls: false })), ["weather"]);
    const { message } = (await chat({ messages, tools })).choices[0];
    assert.notEqual(message.tool_calls[0].id, message.tool_calls[1].id);
  });

  test("In a stream a call begins with its name, and its arguments come in pieces.", async () => {
    const all = await streamed({ messages: said("weather and clock"), tools: [weather, clock] });
    const deltas = all.slice(0, -1).map(({ data }) => data.choices[0].delta);
    assert.equal(deltas[0].content, null);
    const calls: Loose[] = [];
    for (const { index, id, type, function: piece } of deltas.flatMap((delta) => delta.tool_calls ?? [])) {
      if (calls[index] === undefined) calls[index] = { id, type, name: piece.name, json: piece.arguments, pieces: 0 };
      else Object.assign(calls[index], { json: calls[index].json + piece.arguments, pieces: calls[index].pieces + 1 });
    }
    assert.deepEqual(calls.map(({ name, type }) => [name, type]), [["weather", "function"], ["clock", "function"]]);
    assert.deepEqual(calls.map((call) => JSON.parse(call.json)), [WEATHER, {}]);
    assert.ok(calls[0].pieces > 1);
    assert.equal(all.at(-2)!.data.choices[0].finish_reason, "tool_calls");
  });

  test("Results of tools are cited.", async () => {
    const tool_calls = ["a", "b"].map((id) => ({
      id,
      type: "function",
      function: { name: "weather", arguments: "{}" },
    }));
    const messages = [
      ...said("Ask weather."),
      { role: "assistant", content: null, tool_calls },
      { role: "tool", tool_call_id: "a", content: "Dry." },
      { role: "tool", tool_call_id: "b", content: [{ type: "text", text: "Wet." }] },
    ];
    const answer = await chat({ messages, tools: [weather] });
    assert.equal(answer.choices[0].message.content, "The tool answered: Dry.\nWet.");
    assert.equal(answer.choices[0].finish_reason, "stop");
  });

  test("JSON output is a value of the schema, plain and in pieces.", async () => {
    const schema = { type: "object", properties: { city: { enum: ["Bath"] } }, required: ["city"] };
    const response_format = { type: "json_schema", json_schema: { name: "place", strict: true, schema } };
    const answer = await chat({ response_format });
    assert.deepEqual(JSON.parse(answer.choices[0].message.content), { city: "Bath" });
    const all = await streamed({ response_format });
    const pieces = all.slice(0, -1).map(({ data }) => data.choices[0].delta.content ?? "");
    assert.equal(pieces.join(""), answer.choices[0].message.content);
    const free = await chat({ response_format: { type: "json_object" } });
    assert.equal(typeof JSON.parse(free.choices[0].message.content), "object");
  });

  test("The limit on tokens cuts the answer.", async () => {
    for (const name of ["max_tokens", "max_completion_tokens"]) {
      const answer = await chat({ [name]: 2 });
      assert.equal(answer.choices[0].message.content, "one two");
      assert.equal(answer.choices[0].finish_reason, "length");
      assert.equal(answer.usage.completion_tokens, 2);
    }
    assert.equal((await chat({ max_tokens: 3 })).choices[0].finish_reason, "stop");
  });
});
