import assert from "node:assert/strict";
import { after, beforeEach, describe, test } from "node:test";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogle } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import {
  embed,
  generateObject,
  generateText,
  isStepCount,
  jsonSchema,
  type LanguageModel,
  Output,
  streamText,
  tool,
} from "ai";
import { CITY, ORDER, OUTCOME, PARAMETERS, QUESTION, REPORT, SAYING, SCHEMA, VECTOR } from "./script.ts";
import { CLIENT_KEY as apiKey, type Seat, Stage } from "./stage.ts";

Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });

const stage = await Stage.open();
after(() => stage.close());
beforeEach(() => stage.clear());

const providers = ({ openai, anthropic, google, fetch }: Seat) => ({
  openai: createOpenAI({ baseURL: openai, apiKey, fetch }),
  anthropic: createAnthropic({ baseURL: `${anthropic}/v1`, apiKey, fetch }),
  google: createGoogle({ baseURL: `${google}/v1beta`, apiKey, fetch }),
});

function models(seat: Seat): Readonly<Record<string, LanguageModel>> {
  const { openai, anthropic, google } = providers(seat);
  const { model, googleModel } = seat;
  return {
    "@ai-sdk/openai, responses": openai(model),
    "@ai-sdk/openai, chat": openai.chat(model),
    "@ai-sdk/anthropic": anthropic(model),
    "@ai-sdk/google": google(googleModel),
  };
}

const weather = () => {
  const cities: unknown[] = [];
  const inputSchema = jsonSchema<{ city: string }>({ ...PARAMETERS, required: [...PARAMETERS.required] });
  const looked = tool({
    description: "Looks outside.",
    inputSchema,
    execute: (input) => (cities.push(input), OUTCOME),
  });
  return { cities, tools: { weather: looked } };
};

const schema = jsonSchema<typeof REPORT>({ ...SCHEMA, required: [...SCHEMA.required] } as never);

for (const seat of stage.seats) {
  for (const [name, model] of Object.entries(models(seat))) {
    describe(`${name} to ${seat.name}`, () => {
      test("text is generated", async () => {
        const { text, finishReason, usage, response } = await generateText({ model, prompt: SAYING });
        assert.equal(text, SAYING);
        assert.equal(finishReason, "stop");
        assert.ok((usage.inputTokens ?? 0) > 0 && (usage.outputTokens ?? 0) > 0);
        assert.equal(response.headers?.["cf-aig-step"], "0");
      });

      test("text is streamed", async () => {
        const stream = streamText({ model, prompt: SAYING });
        const pieces = await Array.fromAsync(stream.textStream);
        assert.equal(pieces.join(""), SAYING);
        assert.equal(await stream.finishReason, "stop");
        assert.ok(((await stream.usage).outputTokens ?? 0) > 0);
      });

      test("a tool is called in one step, and its result answered in the next", async () => {
        const { cities, tools } = weather();
        const { text, steps } = await generateText({ model, prompt: QUESTION, tools, stopWhen: isStepCount(3) });
        assert.deepEqual(cities, [{ city: CITY }]);
        assert.equal(steps.length, 2);
        assert.match(text, new RegExp(OUTCOME));
      });

      test("a tool is called in a stream, too", async () => {
        const { cities, tools } = weather();
        const stream = streamText({ model, prompt: QUESTION, tools, stopWhen: isStepCount(3) });
        assert.match((await Array.fromAsync(stream.textStream)).join(""), new RegExp(OUTCOME));
        assert.deepEqual(cities, [{ city: CITY }]);
        assert.equal((await stream.steps).length, 2);
      });

      test("an object of the schema is generated", async () => {
        const { output } = await generateText({ model, prompt: ORDER, output: Output.object({ schema }) });
        assert.deepEqual(output, REPORT);
        assert.deepEqual((await generateObject({ model, prompt: ORDER, schema })).object, REPORT);
      });

      test("an object of the schema is streamed", async () => {
        const stream = streamText({ model, prompt: ORDER, output: Output.object({ schema }) });
        assert.deepEqual((await Array.fromAsync(stream.partialOutputStream)).at(-1), REPORT);
      });
    });
  }

  describe(`Embeddings to ${seat.name}`, () => {
    for (const vendor of ["openai", "google"] as const) {
      test(`@ai-sdk/${vendor} embeds a text`, async () => {
        const { embedding } = await embed({ model: providers(seat)[vendor].embedding(seat.model), value: SAYING });
        if (!seat.isDemo) return assert.deepEqual(embedding, VECTOR);
        assert.ok(embedding.length > 0 && embedding.every(Number.isFinite) && embedding.some((number) => number !== 0));
      });
    }
  });
}
