import assert from "node:assert/strict";
import { after, beforeEach, describe, test } from "node:test";
import OpenAI from "openai";
import { makeParseableResponseFormat } from "openai/lib/parser";
import { CITY, FAILURES, ORDER, PARAMETERS, QUESTION, REPORT, SAYING, SCHEMA, USAGE, VECTOR } from "./script.ts";
import { CLIENT_KEY, type Seat, Stage, STORED_KEY } from "./stage.ts";

const stage = await Stage.open();
after(() => stage.close());
beforeEach(() => stage.clear());

const client = ({ gateway, fetch }: Seat, more: object = {}) =>
  new OpenAI({ baseURL: `${gateway}/compat`, apiKey: CLIENT_KEY, fetch, ...more });

const user = (content: string) => [{ role: "user" as const, content }];
const tools = [{ type: "function" as const, function: { name: "weather", parameters: PARAMETERS } }];

for (const seat of stage.seats) {
  const { isDemo } = seat;
  const model = isDemo ? "demo/echo" : "openai/echo";
  describe(`${model} by /compat, ${seat.name}`, () => {
    test("a chat completion is answered by the provider that the model names", async () => {
      const { data, response } = await client(seat).chat.completions.create({ model, messages: user(SAYING) })
        .withResponse();
      assert.equal(data.choices[0]?.message.content, SAYING);
      assert.equal(data.model, "echo");
      assert.equal(response.headers.get("cf-aig-provider"), isDemo ? "demo" : "openai");
      assert.equal(response.headers.get("cf-aig-model"), "echo");
    });

    test("a chat stream is, too, with its usage where it is asked for", async () => {
      const ask = { model, messages: user(SAYING), stream: true as const };
      const chunks = await Array.fromAsync(await client(seat).chat.completions.create(ask));
      assert.equal(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join(""), SAYING);
      assert.ok(chunks.every(({ usage }) => usage == null));
      const more = await client(seat).chat.completions.create({ ...ask, stream_options: { include_usage: true } });
      const usage = (await Array.fromAsync(more)).at(-1)?.usage;
      assert.ok(usage && usage.completion_tokens > 0);
      if (!isDemo) assert.equal(usage.completion_tokens, USAGE.output);
    });

    test("tools are called, in a stream as well", async () => {
      const ask = { model, messages: user(QUESTION), tools };
      const { completions } = client(seat).chat;
      for (const answer of [await completions.create(ask), await completions.stream(ask).finalChatCompletion()]) {
        const call = answer.choices[0]?.message.tool_calls?.[0];
        assert.ok(call?.type === "function");
        assert.deepEqual(JSON.parse(call.function.arguments), { city: CITY });
      }
    });

    test("structured output is parsed", async () => {
      const format = makeParseableResponseFormat<typeof REPORT>(
        { type: "json_schema", json_schema: { name: "report", strict: true, schema: SCHEMA } },
        JSON.parse,
      );
      const answer = await client(seat).chat.completions.parse({
        model,
        messages: user(ORDER),
        response_format: format,
      });
      assert.deepEqual(answer.choices[0]?.message.parsed, REPORT);
    });

    test("embeddings are made", async () => {
      const { data } = await client(seat).embeddings.create({ model, input: SAYING, encoding_format: "float" });
      if (isDemo) assert.ok(data[0]!.embedding.length > 0);
      else assert.deepEqual(data[0]!.embedding, VECTOR);
    });

    test("the models that are known beforehand are listed with their providers", async () => {
      const models = await Array.fromAsync(client(seat).models.list());
      assert.ok(models.some(({ id }) => id === "demo/echo"));
    });

    test("a base URL of /v1 and one of /compat/v1 are the same", async () => {
      for (const path of ["/compat/v1", "/compat/", ...seat.gateway.endsWith("local") ? ["/v1"] : []]) {
        const openai = client(seat, { baseURL: seat.gateway + path });
        const answer = await openai.chat.completions.create({ model, messages: user(SAYING) });
        assert.equal(answer.choices[0]?.message.content, SAYING, path);
      }
    });

    test("a model without a provider, or with an unknown one, is refused with what to do", async () => {
      const refused = (model: string) => client(seat).chat.completions.create({ model, messages: user(SAYING) });
      await assert.rejects(refused("echo"), { status: 400, code: "invalid_model", message: /provider\/model/ });
      await assert.rejects(refused("opnai/echo"), { status: 400, code: "invalid_model", message: /did you mean/ });
      assert.equal(stage.arrivals.length, 0);
    });
  });
}

for (const seat of stage.mocked) {
  describe(`openai/... by /compat, ${seat.name}`, () => {
    test("nothing but the model's name is changed on the way", async () => {
      const { completions } = client(seat).chat;
      const ask = {
        model: "openai/echo",
        messages: user(SAYING),
        seed: 9007199254740991,
        logit_bias: { "50256": -100 },
      };
      await completions.create(ask);
      const sent = stage.mock.getRequests().at(-1)?.body as Record<string, unknown>;
      assert.equal(sent["model"], "echo");
      assert.equal(sent["seed"], ask.seed);
      assert.deepEqual(sent["logit_bias"], ask.logit_bias);
      assert.equal(stage.arrivals[0]?.path, "/v1/chat/completions");
    });

    test("the stored key is used where the client brings none", async () => {
      await client(seat, { apiKey: "undefined" }).chat.completions.create({
        model: "openai/echo",
        messages: user(SAYING),
      });
      assert.equal(stage.arrivals.at(-1)?.headers.authorization, `Bearer ${STORED_KEY}`);
      await client(seat).chat.completions.create({ model: "openai/echo", messages: user(SAYING) });
      assert.equal(stage.arrivals.at(-1)?.headers.authorization, `Bearer ${CLIENT_KEY}`);
    });

    test("a vendor is asked at its own OpenAI-compatible endpoint, with its own key", async () => {
      const { completions } = client(seat).chat;
      const answer = await completions.create({ model: "anthropic/echo", messages: user(SAYING) });
      assert.equal(answer.choices[0]?.message.content, SAYING);
      assert.equal(stage.arrivals[0]?.path, "/v1/chat/completions");
      assert.equal(stage.arrivals[0]?.headers.authorization, `Bearer ${CLIENT_KEY}`);
    });

    test("a provider's error comes through as it is", async () => {
      const { status, message } = FAILURES.unpaid;
      const failed = client(seat).chat.completions.create({ model: "openai/unpaid", messages: user(SAYING) });
      await assert.rejects(failed, { status, code: "mock_unpaid", message: new RegExp(message) });
    });
  });
}
