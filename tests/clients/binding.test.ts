import assert from "node:assert/strict";
import { after, beforeEach, describe, test } from "node:test";
import { generateText, isStepCount, jsonSchema, Output, streamText, tool } from "ai";
import { AiGatewayDoesNotExist, AiGatewayUnauthorizedError, createAiGateway } from "ai-gateway-provider";
import { createAnthropic } from "ai-gateway-provider/providers/anthropic";
import { createGoogleGenerativeAI } from "ai-gateway-provider/providers/google";
import { createOpenAI } from "ai-gateway-provider/providers/openai";
import { createUnified } from "ai-gateway-provider/providers/unified";
import { binding, type BindingOptions } from "../../mod.ts";
import { until } from "../runtime/wait.ts";
import { CITY, FAILURES, ORDER, OUTCOME, PARAMETERS, QUESTION, REPORT, SAYING, SCHEMA } from "./script.ts";
import { CLIENT_KEY as apiKey, GATEWAY_KEY, Stage, STORED_KEY } from "./stage.ts";

Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });

const stage = await Stage.open();
after(() => stage.close());
beforeEach(() => stage.clear());

const openai = createOpenAI({ apiKey });
const anthropic = createAnthropic({ apiKey });
const google = createGoogleGenerativeAI({ apiKey });
const unified = createUnified({ apiKey, supportsStructuredOutputs: true });

/** A gateway in this process, and the same one behind its address. */
const PLACES = { "in process": stage.gateway, "over a socket": stage.origin } as const;

const schema = jsonSchema<typeof REPORT>({ ...SCHEMA, required: [...SCHEMA.required] } as never);

for (const [place, gateway] of Object.entries(PLACES)) {
  const to = (options: BindingOptions = {}, more: object = {}) =>
    createAiGateway({ binding: binding(gateway, options), ...more });

  describe(`ai-gateway-provider through a binding, ${place}`, () => {
    for (
      const [name, model] of Object.entries({
        "openai chat": openai.chat("echo"),
        "openai responses": openai("echo"),
        "anthropic": anthropic("echo"),
        "google": google("echo-gemini"),
        "unified": unified("demo/echo"),
      })
    ) {
      test(`text of ${name} is generated and streamed`, async () => {
        assert.equal((await generateText({ model: to()(model), prompt: SAYING })).text, SAYING);
        const { textStream } = streamText({ model: to()(model), prompt: SAYING });
        assert.equal((await Array.fromAsync(textStream)).join(""), SAYING);
      });

      test(`a tool of ${name} is called, and its result answered`, async () => {
        const cities: unknown[] = [];
        const inputSchema = jsonSchema<{ city: string }>({ ...PARAMETERS, required: [...PARAMETERS.required] });
        const weather = tool({ inputSchema, execute: (input) => (cities.push(input), OUTCOME) });
        const ask = { model: to()(model), prompt: QUESTION, tools: { weather }, stopWhen: isStepCount(3) };
        assert.match((await generateText(ask)).text, new RegExp(OUTCOME));
        assert.match((await Array.fromAsync(streamText(ask).textStream)).join(""), new RegExp(OUTCOME));
        assert.deepEqual(cities, [{ city: CITY }, { city: CITY }]);
      });

      test(`an object of ${name} is generated`, async () => {
        const { output } = await generateText({ model: to()(model), prompt: ORDER, output: Output.object({ schema }) });
        assert.deepEqual(output, REPORT);
      });
    }

    test("the second model answers where the first fails, and its own parser reads the answer", async () => {
      for (const failing of [anthropic("busy"), google("broken"), unified("demo/down"), openai.chat("nowhere")]) {
        const list = [failing, openai.chat("echo")];
        const { text, response } = await generateText({ model: to()(list), prompt: SAYING });
        assert.equal(text, SAYING);
        assert.equal(response.headers?.["cf-aig-step"], "1");
        assert.equal(response.headers?.["cf-aig-provider"], "openai");
      }
    });

    test("so it does in a stream, from whichever vendor to whichever", async () => {
      const list = [openai.chat("busy"), google("broken"), anthropic("echo")];
      const stream = streamText({ model: to()(list), prompt: SAYING });
      assert.equal((await Array.fromAsync(stream.textStream)).join(""), SAYING);
      assert.equal((await stream.response).headers?.["cf-aig-step"], "2");
      assert.equal(stage.arrivals.length, 3);
    });

    test("when all fail, the last one's error is shown by its own parser", async () => {
      const { status, message } = FAILURES.unpaid;
      const failed = generateText({ model: to()([openai.chat("broken"), anthropic("unpaid")]), prompt: SAYING });
      await assert.rejects(failed, { name: "AI_APICallError", statusCode: status, message });
    });

    test("options travel in the steps: attempts, event id and metadata", async () => {
      const options = {
        eventId: `tide-${place.replaceAll(" ", "-")}`,
        metadata: { team: "tide" },
        retries: { maxAttempts: 2 as const, retryDelayMs: 1 },
      };
      // With a key of its own: what other tests have seen of the busy model says nothing of it.
      const busy = createOpenAI({ apiKey: `sk-${options.eventId}` }).chat("busy");
      const model = to({}, { options })([busy, anthropic("echo")]);
      const { response } = await generateText({ model, prompt: SAYING });
      assert.equal(stage.arrivals.length, 3);
      assert.equal(response.headers?.["cf-aig-event-id"], options.eventId);
      const id = response.headers?.["cf-aig-log-id"] ?? "";
      const record = await until(() => stage.journal.get(id), `the log record ${id}`);
      assert.deepEqual({ ...record.metadata }, options.metadata);
      assert.equal(record.step, 1);
    });

    test("the gateway's stored key stands in for a client without one", async () => {
      await generateText({ model: to()(createOpenAI().chat("echo")), prompt: SAYING });
      assert.equal(stage.arrivals[0]?.headers.authorization, `Bearer ${STORED_KEY}`);
      await generateText({ model: to()(openai.chat("echo")), prompt: SAYING });
      assert.equal(stage.arrivals[1]?.headers.authorization, `Bearer ${apiKey}`);
    });

    test("a gateway that does not exist is AiGatewayDoesNotExist", async () => {
      const failed = generateText({ model: to({ gateway: "nope" })(openai.chat("echo")), prompt: SAYING });
      await assert.rejects(failed, AiGatewayDoesNotExist);
    });

    test("a locked gateway without its key, or with a wrong one, is AiGatewayUnauthorizedError", async () => {
      for (const key of [undefined, `${GATEWAY_KEY}x`]) {
        const place = { gateway: "locked", ...key === undefined ? {} : { key } };
        const failed = generateText({ model: to(place)(openai.chat("echo")), prompt: SAYING });
        await assert.rejects(failed, AiGatewayUnauthorizedError);
      }
      assert.equal(stage.arrivals.length, 0);
      const model = to({ gateway: "locked", key: GATEWAY_KEY })(openai.chat("echo"));
      assert.equal((await generateText({ model, prompt: SAYING })).text, SAYING);
    });

    test("a gateway without a lock takes the key that isn't one", async () => {
      const model = to({ key: "undefined" })(openai.chat("echo"));
      assert.equal((await generateText({ model, prompt: SAYING })).text, SAYING);
    });

    test("a signal ends the call", async () => {
      const abortSignal = AbortSignal.timeout(100);
      const stream = streamText({
        model: to()(openai.chat("slow")),
        prompt: Array(400).fill("word").join(" "),
        abortSignal,
      });
      await Array.fromAsync(stream.fullStream);
      await until(() => stage.arrivals[0]?.isLeft, "the mock's stream to end");
    });

    test("its addresses are those of the gateway", async () => {
      const { getUrl } = binding(gateway, { account: "acme", gateway: "default" });
      assert.match(await getUrl(), /\/v1\/acme\/default$/);
      const inside = binding(gateway);
      const answer = await inside.run({ provider: "openai", endpoint: "v1/models", query: { a: 1 } });
      assert.equal(typeof answer.status, "number");
      assert.match(await getUrl("openai"), /\/v1\/acme\/default\/openai$/);
    });
  });
}

describe("ai-gateway-provider's own way to Cloudflare, led to the gateway", () => {
  test("the universal endpoint takes what it sends, with Bearer undefined where it has no key", async (context) => {
    const real = globalThis.fetch;
    context.mock.method(
      globalThis,
      "fetch",
      (input: string, init?: RequestInit) =>
        real(input.replace("https://gateway.ai.cloudflare.com", stage.origin), init),
    );
    const open = createAiGateway({ accountId: "acme", gateway: "default" });
    assert.equal(
      (await generateText({ model: open([anthropic("busy"), openai.chat("echo")]), prompt: SAYING })).text,
      SAYING,
    );
    const locked = createAiGateway({ accountId: "acme", gateway: "locked" });
    await assert.rejects(
      generateText({ model: locked(openai.chat("echo")), prompt: SAYING }),
      AiGatewayUnauthorizedError,
    );
    const unlocked = createAiGateway({ accountId: "acme", gateway: "locked", apiKey: GATEWAY_KEY });
    assert.equal((await generateText({ model: unlocked(openai.chat("echo")), prompt: SAYING })).text, SAYING);
    const nowhere = createAiGateway({ accountId: "acme", gateway: "nope" });
    await assert.rejects(generateText({ model: nowhere(openai.chat("echo")), prompt: SAYING }), AiGatewayDoesNotExist);
  });
});
