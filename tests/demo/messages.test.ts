import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { events, json, visitor } from "./visit.ts";

const ask = visitor();
const body = { model: "demo/echo", max_tokens: 100, messages: [{ role: "user", content: "one two" }] };
const message = (more: object) => json(ask("/v1/messages", { ...body, ...more }));
const streamed = (more: object) => events(ask("/messages", { ...body, stream: true, ...more }));

const find = {
  name: "find",
  input_schema: { type: "object", properties: { where: { type: "string", format: "uri" } }, required: ["where"] },
};
const FOUND = { where: "https://example.com/" };
const asking = [{ role: "user", content: [{ type: "text", text: "Please find it." }] }];

describe("Messages of the demo", () => {
  test("The last user message comes back, with its words counted.", async () => {
    const { id, ...answer } = await message({ system: [{ type: "text", text: "Be brief." }] });
    assert.match(id, /^msg_[0-9a-f]{16}$/);
    assert.deepEqual(answer, {
      type: "message",
      role: "assistant",
      model: "echo",
      content: [{ type: "text", text: "one two", citations: null }],
      stop_reason: "end_turn",
      stop_sequence: null,
      usage: { input_tokens: 4, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 2 },
    });
  });

  test("A stream opens the message, gives its block word by word, and closes both.", async () => {
    const all = await streamed({});
    assert.deepEqual(all.map(({ event }) => event), [
      "message_start",
      "ping",
      "content_block_start",
      "content_block_delta",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
    assert.ok(all.every(({ event, data }) => data.type === event));
    assert.deepEqual(all[0]!.data.message.content, []);
    assert.equal(all[0]!.data.message.usage.input_tokens, 2);
    assert.equal(all[2]!.data.content_block.text, "");
    const deltas = all.slice(3, 5).map(({ data }) => data.delta);
    assert.deepEqual(deltas, [{ type: "text_delta", text: "one" }, { type: "text_delta", text: " two" }]);
    assert.deepEqual(all[6]!.data.delta, { stop_reason: "end_turn", stop_sequence: null });
    assert.equal(all[6]!.data.usage.output_tokens, 2);
  });

  test("Tools are called, plain and in a stream.", async () => {
    const more = { messages: asking, tools: [find, { type: "web_search_20250305", name: "web_search" }] };
    const answer = await message(more);
    assert.equal(answer.stop_reason, "tool_use");
    const [{ id, ...use }] = answer.content;
    assert.match(id, /^toolu_/);
    assert.deepEqual(use, { type: "tool_use", name: "find", input: FOUND });
    const all = await streamed(more);
    const start = all.find(({ event }) => event === "content_block_start")!.data.content_block;
    assert.deepEqual([start.type, start.name, start.input], ["tool_use", "find", {}]);
    const deltas = all.filter(({ event }) => event === "content_block_delta").map(({ data }) => data.delta);
    assert.ok(deltas.every(({ type }) => type === "input_json_delta"));
    assert.deepEqual(JSON.parse(deltas.map(({ partial_json }) => partial_json).join("")), FOUND);
  });

  test("The tool choice is obeyed.", async () => {
    const other = { name: "other", input_schema: { type: "object" } };
    const type = async (tool_choice: object, messages: object[] = body.messages) => {
      const { content } = await message({ messages, tools: [other, find], tool_choice });
      return content.map((block: { name?: string; type: string }) => block.name ?? block.type).join();
    };
    const both = [{ role: "user", content: "find other" }];
    assert.equal(await type({ type: "auto" }), "text");
    assert.equal(await type({ type: "none" }, asking), "text");
    assert.equal(await type({ type: "any" }), "other");
    assert.equal(await type({ type: "tool", name: "find" }), "find");
    assert.equal(await type({ type: "auto" }, both), "other,find");
    assert.equal(await type({ type: "auto", disable_parallel_tool_use: true }, both), "other");
  });

  test("Results of tools are cited, whatever stands beside them.", async () => {
    const content = [
      { type: "tool_result", tool_use_id: "toolu_1", content: [{ type: "text", text: "here" }] },
      { type: "tool_result", tool_use_id: "toolu_2", content: "there" },
      { type: "text", text: "Go on and find more." },
    ];
    const use = { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "find", input: FOUND }] };
    const answer = await message({ messages: [...asking, use, { role: "user", content }], tools: [find] });
    assert.equal(answer.content[0].text, "The tool answered: here\nthere");
  });

  test("JSON output is a value of the schema.", async () => {
    const schema = { type: "object", properties: { ok: { type: "boolean" } }, required: ["ok"] };
    const answer = await message({ output_config: { format: { type: "json_schema", schema } } });
    assert.deepEqual(JSON.parse(answer.content[0].text), { ok: true });
  });

  test("Tokens are counted as the message itself counts them.", async () => {
    const more = { system: "Be brief.", messages: [...body.messages, ...asking] };
    const counted = await json(ask("/v1/messages/count_tokens", { model: "echo", ...more }));
    assert.deepEqual(counted, { input_tokens: (await message(more)).usage.input_tokens });
    assert.deepEqual(counted, { input_tokens: 7 });
  });

  test("The limit on tokens is needed, and obeyed.", async () => {
    const answer = await message({ max_tokens: 1 });
    assert.equal(answer.stop_reason, "max_tokens");
    assert.equal(answer.content[0].text, "one");
    const refused = await message({ max_tokens: undefined });
    assert.equal(refused.type, "error");
    assert.equal(refused.error.type, "invalid_request_error");
    assert.match(refused.error.message, /max_tokens/);
  });

  test("Filtered content is a refusal, and an empty answer has no block.", async () => {
    assert.equal((await message({ model: "content-filter" })).stop_reason, "refusal");
    assert.deepEqual((await message({ model: "empty" })).content, []);
    const all = await streamed({ model: "empty" });
    assert.deepEqual(all.map(({ event }) => event), ["message_start", "ping", "message_delta", "message_stop"]);
  });
});
