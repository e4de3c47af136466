import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { drain, events, json, type Loose, parseEvents, visitor } from "./visit.ts";

const text = "one two three four five";
const messages = [{ role: "user", content: text }];

/** Every dialect: where it is spoken, what it is sent, where its error lies, and the words in its stream. */
const DIALECTS = [
  {
    name: "chat completions",
    path: (_: string, query = "") => `/chat/completions${query}`,
    body: (model: string, stream: boolean) => ({ model, stream, messages }),
    words: (event: Loose) => event.choices?.[0].delta.content ?? "",
    isDone: (event: Loose) => event === "[DONE]",
  },
  {
    name: "responses",
    path: (_: string, query = "") => `/responses${query}`,
    body: (model: string, stream: boolean) => ({ model, stream, input: text }),
    words: (event: Loose) => event.type === "response.output_text.delta" ? event.delta : "",
    isDone: (event: Loose) => event.type === "response.completed",
  },
  {
    name: "messages",
    path: (_: string, query = "") => `/messages${query}`,
    body: (model: string, stream: boolean) => ({ model, stream, messages, max_tokens: 1000 }),
    words: (event: Loose) => event.delta?.text ?? "",
    isDone: (event: Loose) => event.type === "message_stop",
  },
  {
    name: "Gemini",
    path: (model: string, query = "", stream = false) =>
      `/v1beta/models/${model}:${stream ? "streamG" : "g"}enerateContent?alt=sse${query.replace("?", "&")}`,
    body: () => ({ contents: [{ parts: [{ text }] }] }),
    words: (event: Loose) => event.candidates?.[0].content.parts?.[0].text ?? "",
    isDone: (event: Loose) => event.candidates?.[0].finishReason !== undefined,
  },
] as const;

const ERRORS = [
  ["down", 503, "server_error", "service_unavailable", "api_error", "UNAVAILABLE"],
  ["overloaded", 529, "server_error", "overloaded", "overloaded_error", "UNAVAILABLE"],
  ["unauthorized", 401, "invalid_request_error", "invalid_api_key", "authentication_error", "UNAUTHENTICATED"],
  ["no-credit", 429, "insufficient_quota", "insufficient_quota", "rate_limit_error", "RESOURCE_EXHAUSTED"],
  [
    "context-length",
    400,
    "invalid_request_error",
    "context_length_exceeded",
    "invalid_request_error",
    "INVALID_ARGUMENT",
  ],
  ["flaky-429", 429, "rate_limit_error", "rate_limit_exceeded", "rate_limit_error", "RESOURCE_EXHAUSTED"],
  ["nowhere", 404, "invalid_request_error", "model_not_found", "not_found_error", "NOT_FOUND"],
] as const;

for (const { name, path, body, words, isDone } of DIALECTS) {
  const send = (model: string, stream: boolean, query = "", ask = visitor()) =>
    ask(path(model, query, stream), body(model, stream));
  const wordsOf = (all: readonly { readonly data: Loose }[]) => all.map(({ data }) => words(data)).join("");

  describe(`Faults of the demo in ${name}`, () => {
    for (const [model, status, type, code, anthropic, google] of ERRORS) {
      test(`${model} is ${status} in the dialect, streaming or not.`, async () => {
        for (const stream of [false, true]) {
          const answer = await send(model, stream);
          assert.equal(answer.status, status);
          assert.match(answer.headers.get("content-type")!, /^application\/json/);
          const { error, ...rest } = await answer.json();
          if (name === "messages") {
            assert.deepEqual([rest.type, error.type], ["error", anthropic]);
            assert.match(rest.request_id, /^req_/);
          } else if (name === "Gemini") assert.deepEqual([error.code, error.status], [status, google]);
          else assert.deepEqual([error.type, error.code], [type, code]);
          assert.equal(typeof error.message, "string");
        }
      });
    }

    test("A model that is not there names those that are.", async () => {
      const { error } = await json(send("nowhere", false));
      assert.match(error.message, /`nowhere` does not exist: use echo, .*cut/);
    });

    test("flaky-429 says when to come again, and is there the next time.", async () => {
      const ask = visitor();
      for (const status of [429, 200, 429, 200]) {
        const answer = await send("flaky-429", false, "", ask);
        assert.equal(answer.status, status);
        assert.equal(answer.headers.get("retry-after"), status === 429 ? "1" : null);
        assert.equal(answer.headers.get("retry-after-ms"), status === 429 ? "1000" : null);
        await answer.text();
      }
      assert.equal((await send("flaky-429", false)).status, 429);
    });

    test("cut breaks off a stream after three words, or as many as wished.", async () => {
      for (
        const [query, wanted] of [["", "Lorem ipsum dolor"], ["?fault-after=1", "Lorem"], [
          "?fault-after=0",
          "",
        ]] as const
      ) {
        const { text, error } = await drain(await send("cut", true, query));
        assert.match(String(error), /cut/);
        assert.equal(wordsOf(parseEvents(text)), wanted);
      }
    });

    test("cut breaks off within the answer, be it ever so short.", async () => {
      const { text, error } = await drain(await send("cut", true, "?tokens=1&fault-after=9"));
      assert.ok(error instanceof Error);
      assert.ok(!text.includes("Lorem"));
    });

    test("cut breaks off a plain answer in the middle of its JSON.", async () => {
      const { text, error } = await drain(await send("cut", false));
      assert.ok(error instanceof Error);
      assert.ok(text.startsWith("{"));
      assert.throws(() => JSON.parse(text));
    });

    test("stall says three words and then nothing until it is given up.", async () => {
      const leaving = new AbortController();
      const answer = await visitor()(path("stall", "", true), body("stall", true), { signal: leaving.signal });
      const reader = answer.body!.getReader();
      const decoder = new TextDecoder();
      let said = "";
      while (wordsOf(parseEvents(said)) !== "Lorem ipsum dolor") said += decoder.decode((await reader.read()).value);
      const next = reader.read();
      leaving.abort(new Error("gone"));
      await assert.rejects(next, /gone/);
    });

    test("overloaded-in-stream is an error event after a 200, and never an end; plain it is 529.", async () => {
      const answer = await send("overloaded-in-stream", true);
      assert.equal(answer.status, 200);
      const all = parseEvents(await answer.text());
      assert.equal(wordsOf(all), "");
      assert.ok(!all.some(({ data }) => isDone(data)));
      const found = all.find(({ data }) => data.error !== undefined)!;
      assert.match(found.data.error.message, /Overloaded/);
      if (name === "messages") assert.deepEqual([found.event, found.data.error.type], ["error", "overloaded_error"]);
      assert.equal((await send("overloaded-in-stream", false)).status, 529);
      const later = parseEvents(await (await send("overloaded-in-stream", true, "?fault-after=2")).text());
      assert.equal(wordsOf(later), "Lorem ipsum");
    });

    test("broken-json ends its stream in an event that is no JSON; plain it is half a document.", async () => {
      const answer = await send("broken-json", true);
      const { text, error } = await drain(answer);
      assert.equal(error, undefined);
      const blocks = text.trimEnd().split(/\r?\n\r?\n/);
      assert.throws(() => JSON.parse(blocks.pop()!.split("data: ")[1]!));
      assert.equal(wordsOf(parseEvents(`${blocks.join("\n\n")}\n\n`)), "Lorem ipsum dolor");
      const plain = await (await send("broken-json", false)).text();
      assert.throws(() => JSON.parse(plain));
    });

    test("empty says nothing, and ends well.", async () => {
      const answer = await send("empty", true);
      const all = parseEvents(await answer.text());
      assert.equal(wordsOf(all), "");
      assert.ok(all.some(({ data }) => isDone(data)));
      assert.equal((await send("empty", false)).status, 200);
    });
  });
}

describe("Faults of the demo in one dialect", () => {
  const ask = visitor();

  test("The error of a responses stream goes on counting, and the response fails.", async () => {
    const all = await events(
      ask("/responses?fault-after=2", { model: "overloaded-in-stream", input: text, stream: true }),
    );
    assert.deepEqual(all.slice(-2).map(({ event }) => event), ["error", "response.failed"]);
    assert.ok(all.every(({ data }, index) => data.sequence_number === index));
    assert.equal(all.at(-1)!.data.response.status, "failed");
    assert.match(all.at(-1)!.data.response.error.message, /Overloaded/);
    assert.equal(all.at(-2)!.data.code, "overloaded");
  });

  test("A JSON array that meets an error is still an array, and one that is cut is none.", async () => {
    const send = (model: string) =>
      ask(`/models/${model}:streamGenerateContent`, { contents: [{ parts: [{ text }] }] });
    const items = await (await send("overloaded-in-stream?fault-after=1")).json();
    assert.deepEqual(items.map((item: Loose) => Object.keys(item)[0]), ["candidates", "error"]);
    const { text: half, error } = await drain(await send("cut"));
    assert.ok(error instanceof Error);
    assert.equal(JSON.parse(`${half}]`).length, 3);
  });

  test("content-filter says a few words and the reason.", async () => {
    const [choice] = (await json(ask("/chat/completions", { model: "content-filter", messages }))).choices;
    assert.equal(choice.finish_reason, "content_filter");
    assert.equal(choice.message.content, "Lorem ipsum dolor");
    const all = await events(ask("/chat/completions", { model: "content-filter", messages, stream: true }));
    assert.equal(all.at(-2)!.data.choices[0].finish_reason, "content_filter");
  });

  test("A prompt that is too long is told in the words of each provider.", async () => {
    const chat = await json(ask("/chat/completions", { model: "context-length", messages }));
    assert.match(chat.error.message, /maximum context length/);
    const anthropic = await json(ask("/messages", { model: "context-length", messages }));
    assert.match(anthropic.error.message, /prompt is too long/);
    const gemini = await json(ask("/models/context-length:generateContent", {}));
    assert.match(gemini.error.message, /exceeds the maximum number of tokens/);
  });

  test("Embeddings fail like everything else.", async () => {
    const embed = (model: string) => ask("/embeddings", { model, input: text });
    assert.equal((await embed("down")).status, 503);
    assert.equal((await embed("overloaded-in-stream")).status, 529);
    assert.ok((await drain(await embed("cut"))).error instanceof Error);
    assert.deepEqual((await json(embed("empty"))).data, []);
  });
});
