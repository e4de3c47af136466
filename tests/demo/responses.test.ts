import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { events, json, visitor } from "./visit.ts";

const ask = visitor();
const respond = (body: object) => json(ask("/v1/responses", { model: "demo/echo", input: "one two", ...body }));
const streamed = (body: object) =>
  events(ask("/v1/responses", { model: "demo/echo", input: "one two", stream: true, ...body }));

const lookup = {
  type: "function",
  name: "lookup",
  strict: true,
  parameters: { type: "object", properties: { key: { type: "string", enum: ["k"] } }, required: ["key"] },
};
const other = { type: "function", name: "other", parameters: null };

describe("Responses of the demo", () => {
  test("A string is said back in a message, and the request comes back in the response.", async () => {
    const answer = await respond({ instructions: "Be brief.", temperature: 0, metadata: { a: "b" } });
    assert.match(answer.id, /^resp_/);
    assert.equal(answer.object, "response");
    assert.equal(answer.status, "completed");
    assert.equal(answer.output.length, 1);
    assert.equal(answer.output[0].type, "message");
    assert.deepEqual(answer.output[0].content, [{
      type: "output_text",
      text: "one two",
      annotations: [],
      logprobs: [],
    }]);
    assert.equal(answer.usage.input_tokens, 4);
    assert.equal(answer.usage.output_tokens, 2);
    assert.equal(answer.usage.total_tokens, 6);
    assert.equal(answer.instructions, "Be brief.");
    assert.equal(answer.temperature, 0);
    assert.deepEqual(answer.metadata, { a: "b" });
    assert.equal(answer.error, null);
  });

  test("Items are read, whether they name their type or not.", async () => {
    const input = [
      { role: "developer", content: "Be brief." },
      { type: "message", role: "user", content: [{ type: "input_text", text: "three four" }] },
    ];
    assert.equal((await respond({ input })).output[0].content[0].text, "three four");
  });

  test("A stream tells the whole life of a message, numbered from 0.", async () => {
    const all = await streamed({});
    assert.deepEqual(all.map(({ event }) => event), [
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ]);
    assert.ok(all.every(({ event, data }, index) => data.type === event && data.sequence_number === index));
    const deltas = all.filter(({ event }) => event === "response.output_text.delta").map(({ data }) => data.delta);
    assert.equal(deltas.join(""), "one two");
    const [created, last] = [all[0]!.data.response, all.at(-1)!.data.response];
    assert.equal(created.status, "in_progress");
    assert.deepEqual(created.output, []);
    assert.equal(created.usage, null);
    assert.equal(last.status, "completed");
    assert.equal(last.id, created.id);
    assert.equal(last.output[0].content[0].text, "one two");
    assert.equal(last.usage.output_tokens, 2);
    const items = new Set(all.flatMap(({ data }) => data.item_id ?? data.item?.id ?? []));
    assert.deepEqual([...items], [last.output[0].id]);
  });

  test("Tools are called, plain and in a stream, and their results cited.", async () => {
    const body = { input: "Use lookup and other.", tools: [lookup, other, { type: "web_search" }] };
    const answer = await respond(body);
    assert.deepEqual(answer.output.map(({ type, name }: { type: string; name: string }) => [type, name]), [
      ["function_call", "lookup"],
      ["function_call", "other"],
    ]);
    assert.deepEqual(answer.output.map((item: { arguments: string }) => JSON.parse(item.arguments)), [
      { key: "k" },
      {},
    ]);
    const all = await streamed(body);
    const of = (index: number) => all.filter(({ data }) => data.output_index === index).map(({ data }) => data);
    for (const index of [0, 1]) {
      const steps = of(index);
      assert.equal(steps[0].type, "response.output_item.added");
      assert.equal(steps[0].item.arguments, "");
      const deltas = steps.filter(({ type }) => type === "response.function_call_arguments.delta");
      const done = steps.find(({ type }) => type === "response.function_call_arguments.done");
      assert.equal(deltas.map(({ delta }) => delta).join(""), done.arguments);
      assert.equal(steps.at(-1).item.arguments, done.arguments);
      assert.equal(steps.at(-1).item.status, "completed");
    }
    const input = [
      { role: "user", content: "Use lookup." },
      answer.output[0],
      { type: "function_call_output", call_id: answer.output[0].call_id, output: "found" },
    ];
    assert.equal((await respond({ ...body, input })).output[0].content[0].text, "The tool answered: found");
  });

  test("The tool choice is obeyed.", async () => {
    const tools = [other, lookup];
    const type = async (tool_choice: unknown, input = "Hello.") => {
      const [item] = (await respond({ input, tools, tool_choice })).output;
      return item.name ?? item.type;
    };
    assert.equal(await type("auto"), "message");
    assert.equal(await type("none", "Use lookup."), "message");
    assert.equal(await type("required"), "other");
    assert.equal(await type({ type: "function", name: "lookup" }), "lookup");
    const allowed = { type: "allowed_tools", mode: "auto", tools: [{ type: "function", name: "other" }] };
    assert.equal(await type(allowed, "Use lookup."), "message");
  });

  test("JSON output is a value of the schema.", async () => {
    const schema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
    const answer = await respond({ text: { format: { type: "json_schema", name: "n", schema } } });
    assert.deepEqual(JSON.parse(answer.output[0].content[0].text), { n: 1 });
    assert.equal(answer.text.format.name, "n");
    const free = await respond({ text: { format: { type: "json_object" } } });
    assert.equal(typeof JSON.parse(free.output[0].content[0].text), "object");
  });

  test("What is cut short is incomplete and says why.", async () => {
    const answer = await respond({ max_output_tokens: 1 });
    assert.equal(answer.status, "incomplete");
    assert.deepEqual(answer.incomplete_details, { reason: "max_output_tokens" });
    assert.equal((await streamed({ max_output_tokens: 1 })).at(-1)!.event, "response.incomplete");
    const filtered = await respond({ model: "content-filter" });
    assert.deepEqual(filtered.incomplete_details, { reason: "content_filter" });
  });
});
