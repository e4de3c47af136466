import assert from "node:assert/strict";
import { after, beforeEach, describe, test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { until } from "../runtime/wait.ts";
import { CITY, ORDER, OUTCOME, PARAMETERS, QUESTION, REPORT, SAYING, SCHEMA, USAGE } from "./script.ts";
import { CLIENT_KEY, type Seat, Stage } from "./stage.ts";

const stage = await Stage.open();
after(() => stage.close());
beforeEach(() => stage.clear());

const client = ({ anthropic, fetch }: Seat, more: object = {}) =>
  new Anthropic({ baseURL: anthropic, apiKey: CLIENT_KEY, fetch, ...more });

const asking = (content: string) => ({ max_tokens: 512, messages: [{ role: "user" as const, content }] });
const tools = [{ name: "weather", input_schema: { ...PARAMETERS, required: [...PARAMETERS.required] } }];

for (const seat of stage.seats) {
  const { model, isDemo } = seat;
  describe(`@anthropic-ai/sdk to ${seat.name}`, () => {
    test("a message comes back whole, with its usage", async () => {
      const message = await client(seat).messages.create({ model, ...asking(SAYING) });
      assert.equal(textOf(message), SAYING);
      assert.equal(message.stop_reason, "end_turn");
      assertUsage(message.usage, isDemo);
    });

    test("a streamed message is put together by the SDK, usage included", async () => {
      const pieces: string[] = [];
      const stream = client(seat).messages.stream({ model, ...asking(SAYING) }).on("text", (text) => pieces.push(text));
      const message = await stream.finalMessage();
      assert.equal(pieces.join(""), SAYING);
      assert.equal(textOf(message), SAYING);
      assert.equal(message.stop_reason, "end_turn");
      assert.ok(message.usage.output_tokens > 0);
    });

    test("the log tells what a streamed message used", async () => {
      const { data, response } = await client(seat).messages.create({ model, ...asking(SAYING), stream: true })
        .withResponse();
      const events = await Array.fromAsync(data);
      assert.equal(events.at(-1)?.type, "message_stop");
      const id = response.headers.get("cf-aig-log-id") ?? "";
      const record = await until(() => stage.journal.get(id), `the log record ${id}`);
      const delta = events.find((event) => event.type === "message_delta");
      assert.equal(record.usage?.output, delta?.usage.output_tokens);
      assert.equal(record.outcome, "complete");
    });

    for (const isStream of [false, true]) {
      test(`a tool is called${isStream ? " in a stream" : ""}, and its result answered`, async () => {
        const { messages } = client(seat);
        const ask = { model, ...asking(QUESTION), tools };
        const asked = isStream ? await messages.stream(ask).finalMessage() : await messages.create(ask);
        assert.equal(asked.stop_reason, "tool_use");
        const use = asked.content.find((block) => block.type === "tool_use");
        assert.deepEqual([use?.name, use?.input], ["weather", { city: CITY }]);
        const told = await messages.create({
          ...ask,
          messages: [
            ...ask.messages,
            { role: "assistant", content: asked.content },
            { role: "user", content: [{ type: "tool_result", tool_use_id: use!.id, content: OUTCOME }] },
          ],
        });
        assert.match(textOf(told), new RegExp(OUTCOME));
      });
    }

    test("structured output is JSON of the schema", async () => {
      const format = { type: "json_schema" as const, schema: { ...SCHEMA } };
      const message = await client(seat).messages.create({ model, ...asking(ORDER), output_config: { format } });
      assert.deepEqual(JSON.parse(textOf(message)), REPORT);
    });

    test("both of its keys work: x-api-key and a bearer token", async () => {
      for (const key of [{ apiKey: CLIENT_KEY, authToken: null }, { apiKey: null, authToken: CLIENT_KEY }]) {
        assert.equal(textOf(await client(seat, key).messages.create({ model, ...asking(SAYING) })), SAYING);
      }
      for (const { headers } of stage.arrivals) {
        assert.equal(headers["x-api-key"] ?? headers.authorization?.replace("Bearer ", ""), CLIENT_KEY);
        assert.match(String(headers["anthropic-version"]), /^\d{4}-\d\d-\d\d$/);
      }
    });

    test("a client that leaves a stream ends it everywhere", async () => {
      const { messages } = client(seat);
      const ask = { model: seat.slowModel, ...asking(Array(400).fill("word").join(" ")), stream: true as const };
      const { data, response } = await messages.create(ask).withResponse();
      for await (const { type } of data) if (type === "content_block_delta") break;
      const id = response.headers.get("cf-aig-log-id") ?? "";
      const record = await until(() => stage.journal.get(id), `the log record ${id}`);
      assert.equal(record.outcome, "cancelled");
      if (!isDemo) await until(() => stage.arrivals[0]?.isLeft, "the mock's stream to end");
    });

    if (isDemo) {
      test("tokens are counted", async () => {
        const { messages } = asking(SAYING);
        assert.ok((await client(seat).messages.countTokens({ model, messages })).input_tokens > 0);
      });

      test("an error in the middle of a stream is an error to the SDK", async () => {
        const stream = client(seat).messages.stream({ model: "overloaded-in-stream", ...asking(SAYING) });
        await assert.rejects(stream.finalMessage(), /[Oo]verloaded/);
      });
    }
  });
}

const textOf = ({ content }: Anthropic.Message) =>
  content.flatMap((block) => block.type === "text" ? [block.text] : []).join("");

function assertUsage({ input_tokens: input, output_tokens: output }: Anthropic.Usage, isDemo: boolean): void {
  assert.ok(input > 0 && output > 0);
  if (!isDemo) assert.deepEqual({ input, output }, USAGE);
}
