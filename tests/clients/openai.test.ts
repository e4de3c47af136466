import assert from "node:assert/strict";
import { after, beforeEach, describe, test } from "node:test";
import OpenAI from "openai";
import { makeParseableResponseFormat } from "openai/lib/parser";
import { CITY, ORDER, OUTCOME, PARAMETERS, QUESTION, REPORT, SAYING, SCHEMA, USAGE, VECTOR } from "./script.ts";
import { CLIENT_KEY, GATEWAY_KEY, type Seat, Stage, STORED_KEY } from "./stage.ts";
import { until } from "../runtime/wait.ts";

const stage = await Stage.open();
after(() => stage.close());
beforeEach(() => stage.clear());

const client = ({ openai, fetch }: Seat, more: object = {}) =>
  new OpenAI({ baseURL: openai, apiKey: CLIENT_KEY, fetch, ...more });

const user = (content: string) => [{ role: "user" as const, content }];
const tools = [{ type: "function" as const, function: { name: "weather", parameters: PARAMETERS } }];

for (const seat of stage.seats) {
  const { model, isDemo } = seat;
  describe(`openai to ${seat.name}`, () => {
    test("a chat completion comes back whole, with its usage", async () => {
      const answer = await client(seat).chat.completions.create({ model, messages: user(SAYING) });
      assert.equal(answer.choices[0]?.message.content, SAYING);
      assert.equal(answer.choices[0].finish_reason, "stop");
      assertUsage(answer.usage, isDemo);
    });

    test("the SDK can read the gateway's own headers", async () => {
      const { response } = await client(seat).chat.completions.create({ model, messages: user(SAYING) }).withResponse();
      assert.equal(response.headers.get("cf-aig-step"), "0");
      assert.equal(response.headers.get("cf-aig-provider"), isDemo ? "demo" : "openai");
      assert.equal(response.headers.get("cf-aig-model"), model);
      const id = response.headers.get("cf-aig-log-id") ?? "";
      const record = await until(() => stage.journal.get(id), `the log record ${id}`);
      assert.equal(record.status, 200);
      assert.deepEqual(record.usage?.output, isDemo ? record.usage?.output : USAGE.output);
    });

    test("a chat stream comes in pieces that make up the whole, without a usage that nobody asked for", async () => {
      const stream = await client(seat).chat.completions.create({ model, messages: user(SAYING), stream: true });
      const chunks = await Array.fromAsync(stream);
      assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join(""), SAYING);
      assert.equal(chunks.some(({ usage }) => usage != null), false);
      assert.equal(chunks.every(({ choices }) => choices.length === 1), true);
      assert.equal(chunks.at(-1)?.choices[0]?.finish_reason, "stop");
    });

    test("a chat stream ends with its usage where the client asks for it", async () => {
      const stream = await client(seat).chat.completions.create({
        model,
        messages: user(SAYING),
        stream: true,
        stream_options: { include_usage: true },
      });
      const chunks = await Array.fromAsync(stream);
      assert.deepEqual(chunks.at(-1)?.choices, []);
      assertUsage(chunks.at(-1)?.usage, isDemo);
    });

    test("a tool is called, and its result answered", async () => {
      const asked = await client(seat).chat.completions.create({ model, messages: user(QUESTION), tools });
      const message = asked.choices[0]!.message;
      const call = message.tool_calls?.[0];
      assert.ok(call?.type === "function");
      assert.equal(call.function.name, "weather");
      assert.deepEqual(JSON.parse(call.function.arguments), { city: CITY });
      assert.equal(asked.choices[0]!.finish_reason, "tool_calls");
      const told = await client(seat).chat.completions.create({
        model,
        messages: [...user(QUESTION), message, { role: "tool", tool_call_id: call.id, content: OUTCOME }],
        tools,
      });
      assert.match(told.choices[0]?.message.content ?? "", new RegExp(OUTCOME));
    });

    test("the arguments of a streamed tool call are put together by the SDK", async () => {
      const stream = client(seat).chat.completions.stream({ model, messages: user(QUESTION), tools });
      const final = await stream.finalChatCompletion();
      const call = final.choices[0]?.message.tool_calls?.[0];
      assert.ok(call?.type === "function");
      assert.equal(call.function.name, "weather");
      assert.deepEqual(JSON.parse(call.function.arguments), { city: CITY });
      assert.equal(final.choices[0]?.finish_reason, "tool_calls");
    });

    test("the SDK's tool runner goes through both of its steps", async () => {
      const cities: unknown[] = [];
      const weather = {
        name: "weather",
        description: "Looks out of the window.",
        parameters: PARAMETERS as unknown as Record<string, unknown>,
        parse: JSON.parse,
        function: (args: unknown) => (cities.push(args), OUTCOME),
      };
      const runner = client(seat).chat.completions.runTools({
        model,
        messages: user(QUESTION),
        tools: [{ type: "function", function: weather }],
      });
      assert.match(await runner.finalContent() ?? "", new RegExp(OUTCOME));
      assert.deepEqual(cities, [{ city: CITY }]);
    });

    test("structured output is parsed by the SDK", async () => {
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

    test("a response comes back whole", async () => {
      const answer = await client(seat).responses.create({ model, input: SAYING });
      assert.equal(answer.output_text, SAYING);
      assert.equal(answer.status, "completed");
      assert.ok(answer.usage!.output_tokens > 0);
    });

    test("a streamed response comes in events that the SDK puts together", async () => {
      const stream = client(seat).responses.stream({ model, input: SAYING });
      const deltas: string[] = [];
      stream.on("response.output_text.delta", ({ delta }) => deltas.push(delta));
      const final = await stream.finalResponse();
      assert.equal(deltas.join(""), SAYING);
      assert.equal(final.output_text, SAYING);
      assert.equal(final.status, "completed");
    });

    for (const isStream of [false, true]) {
      test(`a response calls a tool${isStream ? " in a stream" : ""}`, async () => {
        const ask = {
          model,
          input: QUESTION,
          tools: [{ type: "function" as const, name: "weather", parameters: { ...PARAMETERS }, strict: true }],
        };
        const { responses } = client(seat);
        const { output } = isStream ? await responses.stream(ask).finalResponse() : await responses.create(ask);
        const call = output.find((item) => item.type === "function_call");
        assert.ok(call?.type === "function_call");
        assert.equal(call.name, "weather");
        assert.deepEqual(JSON.parse(call.arguments), { city: CITY });
      });
    }

    test("a response with a JSON schema is parsed by the SDK", async () => {
      const text = { format: { type: "json_schema" as const, name: "report", strict: true, schema: { ...SCHEMA } } };
      const answer = await client(seat).responses.parse({ model, input: ORDER, text });
      assert.deepEqual(answer.output_parsed, REPORT);
    });

    test("embeddings come back as numbers, however they were sent", async () => {
      const plain = await client(seat).embeddings.create({ model, input: SAYING, encoding_format: "float" });
      const vector = plain.data[0]!.embedding;
      if (!isDemo) return assert.deepEqual(vector, VECTOR); // the mock has no other form
      const packed = await client(seat).embeddings.create({ model, input: SAYING });
      assert.deepEqual(packed.data[0]!.embedding, vector.map(Math.fround));
      assert.ok(vector.length > 0 && vector.every(Number.isFinite) && vector.some((number) => number !== 0));
    });

    test("models are listed", async () => {
      const models = await Array.fromAsync(client(seat).models.list());
      assert.equal(models.some(({ id }) => id === (isDemo ? "echo" : "busy")), true);
    });

    test("a client that leaves a stream ends it everywhere", async () => {
      const controller = new AbortController();
      const messages = user(Array(400).fill("word").join(" "));
      const { data, response } = await client(seat).chat.completions
        .create({ model: seat.slowModel, messages, stream: true }, { signal: controller.signal }).withResponse();
      let pieces = 0;
      for await (const { choices } of data) {
        if (choices[0]?.delta.content && ++pieces === 2) controller.abort();
      }
      assert.equal(pieces < 50, true);
      const id = response.headers.get("cf-aig-log-id") ?? "";
      const record = await until(() => stage.journal.get(id), `the log record ${id}`);
      assert.equal(record.outcome, "cancelled");
      if (!isDemo) await until(() => stage.arrivals[0]?.isLeft, "the mock's stream to end");
    });
  });
}

for (const seat of stage.mocked) {
  describe(`openai to ${seat.name}: what only the mock has`, () => {
    test("the client's own key wins over the stored one, and no gateway header leaves the house", async () => {
      const headers = { "cf-aig-authorization": `Bearer ${GATEWAY_KEY}`, "cf-aig-metadata": '{"team":"tide"}' };
      await client(seat, { defaultHeaders: headers }).chat.completions.create({
        model: "echo",
        messages: user(SAYING),
      });
      const [arrival] = stage.arrivals;
      assert.equal(arrival?.headers["authorization"], `Bearer ${CLIENT_KEY}`);
      assert.equal(Object.keys(arrival?.headers ?? {}).some((name) => name.startsWith("cf-")), false);
      assert.equal(JSON.stringify(arrival).includes(GATEWAY_KEY), false);
    });

    test("the stored key is used where the client has none, whatever it writes instead", async () => {
      for (const apiKey of ["unused", "none", "undefined", "null"]) {
        await client(seat, { apiKey }).chat.completions.create({ model: "echo", messages: user(SAYING) });
      }
      const bare = { defaultHeaders: { authorization: "Bearer " } };
      await client(seat, bare).chat.completions.create({ model: "echo", messages: user(SAYING) });
      const none = { defaultHeaders: { authorization: null } };
      await client(seat, none).chat.completions.create({ model: "echo", messages: user(SAYING) });
      const keys = stage.arrivals.map(({ headers }) => headers.authorization);
      assert.deepEqual(keys, Array(6).fill(`Bearer ${STORED_KEY}`));
    });

    test("a doubled or missing version in the base URL does not matter", async () => {
      for (const suffix of ["", "/", "/v1", "/v1/", "/v1/v1"]) {
        const answer = await client(seat, { baseURL: seat.openai + suffix }).chat.completions
          .create({ model: "echo", messages: user(SAYING) });
        assert.equal(answer.choices[0]?.message.content, SAYING, suffix);
      }
      assert.deepEqual(new Set(stage.arrivals.map(({ path }) => path)), new Set(["/v1/chat/completions"]));
    });

    test("an upload goes through byte by byte", async () => {
      const bytes = Uint8Array.from({ length: 200_000 }, (_, index) => index % 251);
      const openai = client(seat);
      const file = await openai.files.create({ file: new File([bytes], "tide.bin"), purpose: "user_data" });
      assert.equal(file.bytes, bytes.byteLength);
      const back = new Uint8Array(await (await openai.files.content(file.id)).arrayBuffer());
      assert.deepEqual(back, bytes);
      assert.equal((await openai.files.delete(file.id)).deleted, true);
    });

    test("a recording is transcribed", async () => {
      const file = new File([new Uint8Array(4000)], "tide.wav", { type: "audio/wav" });
      const answer = await client(seat).audio.transcriptions.create({ file, model: "whisper-1" });
      assert.equal(answer.text, SAYING);
    });
  });
}

function assertUsage(usage: OpenAI.CompletionUsage | null | undefined, isDemo: boolean): void {
  assert.ok(usage);
  assert.equal(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens);
  assert.ok(usage.prompt_tokens > 0 && usage.completion_tokens > 0);
  if (!isDemo) assert.deepEqual([usage.prompt_tokens, usage.completion_tokens], [USAGE.input, USAGE.output]);
}
