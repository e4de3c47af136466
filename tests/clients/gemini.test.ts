import assert from "node:assert/strict";
import { after, beforeEach, describe, test } from "node:test";
import { type FunctionDeclaration, GoogleGenAI } from "@google/genai";
import { until } from "../runtime/wait.ts";
import { CITY, ORDER, OUTCOME, PARAMETERS, QUESTION, REPORT, SAYING, SCHEMA, USAGE } from "./script.ts";
import { CLIENT_KEY, type Seat, Stage } from "./stage.ts";

const stage = await Stage.open();
after(() => stage.close());
beforeEach(() => stage.clear());

const client = ({ google, fetch }: Seat) =>
  new GoogleGenAI({ apiKey: CLIENT_KEY, httpOptions: { baseUrl: google, fetch } });

const weather: FunctionDeclaration = {
  name: "weather",
  description: "Looks outside.",
  parametersJsonSchema: PARAMETERS,
};
const config = { tools: [{ functionDeclarations: [weather] }] };

for (const seat of stage.seats) {
  const { googleModel: model, isDemo } = seat;
  describe(`@google/genai to ${seat.name}`, () => {
    test("content comes back whole, with its usage", async () => {
      const answer = await client(seat).models.generateContent({ model, contents: SAYING });
      assert.equal(answer.text, SAYING);
      assert.equal(answer.candidates?.[0]?.finishReason, "STOP");
      const { promptTokenCount: input = 0, candidatesTokenCount: output = 0 } = answer.usageMetadata ?? {};
      assert.ok(input > 0 && output > 0);
      if (!isDemo) assert.deepEqual({ input, output }, USAGE);
    });

    test("a stream comes in pieces that make up the whole, and its last one tells the usage", async () => {
      const stream = await client(seat).models.generateContentStream({ model, contents: SAYING });
      const pieces = await Array.fromAsync(stream);
      assert.equal(pieces.map(({ text }) => text ?? "").join(""), SAYING);
      assert.equal(pieces.at(-1)?.candidates?.[0]?.finishReason, "STOP");
      assert.ok((pieces.at(-1)?.usageMetadata?.candidatesTokenCount ?? 0) > 0);
    });

    test("the log tells the model and the usage of a stream", async () => {
      const stream = await client(seat).models.generateContentStream({ model, contents: SAYING });
      const [first] = await Array.fromAsync(stream);
      const id = first?.sdkHttpResponse?.headers?.["cf-aig-log-id"] ?? "";
      const record = await until(() => stage.journal.get(id), `the log record ${id}`);
      assert.equal(record.model, model);
      assert.ok((record.usage?.output ?? 0) > 0);
    });

    for (const isStream of [false, true]) {
      test(`a function is called${isStream ? " in a stream" : ""}, and its result answered`, async () => {
        const { models } = client(seat);
        const ask = { model, contents: [{ role: "user", parts: [{ text: QUESTION }] }], config };
        const answers = isStream
          ? await Array.fromAsync(await models.generateContentStream(ask))
          : [await models.generateContent(ask)];
        const calls = answers.flatMap(({ functionCalls }) => functionCalls ?? []);
        assert.deepEqual(calls.map(({ name, args }) => ({ name, args })), [{ name: "weather", args: { city: CITY } }]);
        const told = await models.generateContent({
          ...ask,
          contents: [
            ...ask.contents,
            { role: "model", parts: [{ functionCall: calls[0]! }] },
            { role: "user", parts: [{ functionResponse: { name: "weather", response: { output: OUTCOME } } }] },
          ],
        });
        assert.match(told.text ?? "", new RegExp(OUTCOME));
      });
    }

    test("structured output is JSON of the schema", async () => {
      const schema = { responseMimeType: "application/json", responseJsonSchema: SCHEMA };
      const answer = await client(seat).models.generateContent({ model, contents: ORDER, config: schema });
      assert.deepEqual(JSON.parse(answer.text ?? ""), REPORT);
    });

    test("a chat keeps its history", async () => {
      const chat = client(seat).chats.create({ model });
      assert.equal((await chat.sendMessage({ message: SAYING })).text, SAYING);
      assert.equal((await chat.sendMessage({ message: "And at midnight?" })).text, "And at midnight?");
      assert.equal(chat.getHistory().length, 4);
    });

    if (isDemo) {
      test("content is embedded", async () => {
        const { embeddings } = await client(seat).models.embedContent({ model, contents: [SAYING, QUESTION] });
        assert.equal(embeddings?.length, 2);
        assert.ok(embeddings.every(({ values }) => values !== undefined && values.some((number) => number !== 0)));
      });

      test("tokens are counted", async () => {
        assert.ok(((await client(seat).models.countTokens({ model, contents: SAYING })).totalTokens ?? 0) > 0);
      });
    } else {
      test("its key arrives as it was sent", async () => {
        await client(seat).models.generateContent({ model, contents: SAYING });
        assert.equal(stage.arrivals[0]?.headers["x-goog-api-key"], CLIENT_KEY);
        assert.equal(stage.arrivals[0]?.path, "/v1beta/models/echo-gemini:generateContent");
      });
    }
  });
}
