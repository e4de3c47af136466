import assert from "node:assert/strict";
import { after, beforeEach, describe, test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { createOpenAI } from "@ai-sdk/openai";
import { ApiError, GoogleGenAI } from "@google/genai";
import { APICallError, generateText, RetryError } from "ai";
import OpenAI from "openai";
import { FAILURES, SAYING } from "./script.ts";
import { CLIENT_KEY as apiKey, GATEWAY_KEY, type Seat, Stage } from "./stage.ts";

const stage = await Stage.open();
after(() => stage.close());
beforeEach(() => stage.clear());

/** What one call of a client asks for, and where. */
interface Ask {
  readonly model: string;
  readonly headers?: Record<string, string>;
  /** The client's own number if absent. */
  readonly maxRetries?: number;
}

/** A client, and how often it asks before it gives up. */
interface Client {
  readonly name: string;
  /** Base URL of the provider that it speaks to, in this client's form. */
  base(seat: Seat): string;
  ask(base: string, seat: Seat, ask: Ask): Promise<unknown>;
  /** The status that its error tells. */
  status(error: unknown): number | undefined;
  readonly retries: { readonly busy: number; readonly spent: number };
}

const messages = [{ role: "user" as const, content: SAYING }];

const CLIENTS: readonly Client[] = [
  {
    name: "openai",
    base: ({ openai }) => openai,
    ask: (baseURL, { fetch }, { model, ...options }) =>
      new OpenAI({ baseURL, apiKey, fetch }).chat.completions.create({ model, messages }, options),
    status: (error) => error instanceof OpenAI.APIError ? error.status : undefined,
    retries: { busy: 3, spent: 1 },
  },
  {
    name: "@anthropic-ai/sdk",
    base: ({ anthropic }) => anthropic,
    ask: (baseURL, { fetch }, { model, ...options }) =>
      new Anthropic({ baseURL, apiKey, fetch }).messages.create({ model, messages, max_tokens: 99 }, options),
    status: (error) => error instanceof Anthropic.APIError ? error.status : undefined,
    retries: { busy: 3, spent: 1 },
  },
  {
    name: "@google/genai",
    base: ({ google }) => google,
    ask: (baseUrl, { fetch }, { model, headers = {} }) =>
      new GoogleGenAI({ apiKey, httpOptions: { baseUrl, fetch, headers } }).models.generateContent({
        model,
        contents: SAYING,
      }),
    status: (error) => error instanceof ApiError ? error.status : undefined,
    retries: { busy: 1, spent: 1 },
  },
  {
    name: "ai",
    base: ({ openai }) => openai,
    ask: (baseURL, { fetch }, { model, ...options }) =>
      generateText({ model: createOpenAI({ baseURL, apiKey, fetch }).chat(model), prompt: SAYING, ...options }),
    status: (error) => {
      const last = RetryError.isInstance(error) ? error.lastError : error;
      return APICallError.isInstance(last) ? last.statusCode : undefined;
    },
    retries: { busy: 3, spent: 3 }, // it knows no x-should-retry
  },
];

for (const seat of stage.mocked) {
  for (const client of CLIENTS) {
    const failure = (ask: Ask, base = client.base(seat)) => rejection(client.ask(base, seat, ask));
    const assertShown = (error: Error, status: number, message: string) => {
      assert.equal(client.status(error), status);
      assert.ok(error.message.includes(message), error.message);
    };

    describe(`${client.name} to ${seat.name}, which fails`, () => {
      test("a 429 is tried again as often as the client does it, and its sentence is shown", async () => {
        const { status, message } = FAILURES.busy;
        assertShown(await failure({ model: "busy" }), status, message);
        assert.equal(seat.requests(), client.retries.busy);
        assert.equal(stage.arrivals.length, client.retries.busy);
      });

      test("what the gateway has already tried again, the client does not", async () => {
        const { status, message } = FAILURES.busy;
        const headers = { "cf-aig-max-attempts": "2", "cf-aig-retry-delay": "1" };
        assertShown(await failure({ model: "busy", headers }), status, message);
        assert.equal(seat.requests(), client.retries.spent);
        assert.equal(stage.arrivals.length, client.retries.spent * 2);
      });

      test("a 402 is never tried again", async () => {
        assertShown(await failure({ model: "unpaid" }), FAILURES.unpaid.status, FAILURES.unpaid.message);
        assert.equal(seat.requests(), 1);
      });

      test("a model that is not there is the provider's own 404", async () => {
        assertShown(await failure({ model: "nowhere" }), FAILURES.nowhere.status, FAILURES.nowhere.message);
      });

      test("a path below no provider is refused with a hint, and goes nowhere", async () => {
        const error = await failure({ model: "echo" }, `${seat.gateway}/antropic`);
        assert.equal(client.status(error), 404);
        assert.match(error.message, /the nearest known one is \S*\/anthropic/);
        assert.equal(stage.arrivals.length, 0);
      });

      test("a gateway that is not configured is refused by its error, in the client's dialect", async () => {
        const error = await failure(
          { model: "echo" },
          client.base(seat).replace(seat.gateway, elsewhere(seat, "nope")),
        );
        assertShown(error, 400, "Name a configured gateway in the URL");
        assert.equal(stage.arrivals.length, 0);
      });

      test("a locked gateway wants its key and shows why", async () => {
        const base = client.base(seat).replace(seat.gateway, elsewhere(seat, "locked"));
        assertShown(await failure({ model: "echo" }, base), 401, "Send a gateway key in cf-aig-authorization");
        const headers = { "cf-aig-authorization": `Bearer ${GATEWAY_KEY}x` };
        assertShown(await failure({ model: "echo", headers }, base), 401, "Send a valid gateway key");
        assert.equal(stage.arrivals.length, 0);
        await client.ask(base, seat, { model: "echo", headers: { "cf-aig-authorization": `Bearer ${GATEWAY_KEY}` } });
        assert.equal(stage.arrivals.length, 1);
      });
    });
  }
}

for (const seat of stage.seats.filter(({ isDemo }) => isDemo)) {
  for (const client of CLIENTS) {
    describe(`${client.name} to ${seat.name}, which fails`, () => {
      const failure = (model: string) => rejection(client.ask(client.base(seat), seat, { model, maxRetries: 0 }));

      test("models that are told to fail do, each in its way", async () => {
        const failures = [
          ["unauthorized", 401, "Incorrect API key"],
          ["context-length", 400, ""],
          ["nowhere", 404, "does not exist"],
        ] as const;
        for (const [model, status, sentence] of failures) {
          const error = await failure(model);
          assert.equal(client.status(error), status, model);
          assert.ok(error.message.includes(sentence), error.message);
        }
      });

      test("an answer that is cut off never looks whole", async () => {
        assert.ok(await failure("cut") instanceof Error);
      });
    });
  }

  describe(`Broken streams from ${seat.name}`, () => {
    const pieces = async (model: string, taken: string[]) => {
      const openai = new OpenAI({ baseURL: seat.openai, apiKey, fetch: seat.fetch });
      const stream = await openai.chat.completions.create({ model, messages, stream: true });
      for await (const { choices } of stream) taken.push(choices[0]?.delta.content ?? "");
    };

    test("a stream that is cut off fails after what had come", async () => {
      const taken: string[] = [];
      await assert.rejects(pieces("cut", taken));
      assert.notEqual(taken.join(""), "");
    });

    test("an error event in a stream shows its sentence", async () => {
      await assert.rejects(pieces("overloaded-in-stream", []), /[Oo]verloaded/);
    });
  });
}

const elsewhere = ({ gateway }: Seat, name: string) => `${gateway.replace(/\/v1\/acme\/default$/, "")}/v1/acme/${name}`;

async function rejection(work: Promise<unknown>): Promise<Error> {
  let answer: unknown;
  try {
    answer = await work;
  } catch (error) {
    assert.ok(error instanceof Error);
    return error;
  }
  assert.fail(`There should be no answer: ${JSON.stringify(answer).slice(0, 200)}`);
}
