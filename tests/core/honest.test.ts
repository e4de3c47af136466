/** What looks whole is whole, and what is whole is handed on: each pair of these was once taken for the other. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Options } from "../../mod.ts";
import { chat, house } from "./house.ts";

const CHAT = "/openai/chat/completions";
const RESPONSES = "/openai/responses";
const GEMINI = "/google-ai-studio/v1beta/models/g:streamGenerateContent";
const OLLAMA = "/ollama/api/chat";
const COHERE = "/cohere/v1/chat";
const RUN = "/v1/acc/gw/workers-ai/@cf/meta/llama";

const EVENTS = { "content-type": "text/event-stream" };
const JSON_TYPE = { "content-type": "application/json" };
const LINES = { "content-type": "application/x-ndjson" };

const chunk = (delta: unknown, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: "c", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
const typed = (type: string, rest = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`;
const ROLE = chunk({ role: "assistant", content: "" });
const WORD = chunk({ content: "word" });
const STOP = chunk({}, "stop");
const DONE = "data: [DONE]\n\n";
const FAULT = `data: {"error":{"message":"overloaded","type":"server_error"}}\n\n`;
const LINE = `{"message":{"content":"a"},"done":false}\n`;
const PICTURE = "A".repeat(400_000);

function answering(pieces: readonly string[], headers: Record<string, string> = EVENTS) {
  const left = [...pieces];
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(out) {
      const piece = left.shift();
      if (piece === undefined) out.close();
      else out.enqueue(new TextEncoder().encode(piece));
    },
  }, { highWaterMark: 0 });
  return new Response(body, { headers });
}

const OPTIONS: Options = {
  providers: {
    ollama: { origin: "https://ollama.example" },
    "custom-mine": { origin: "https://mine.example/v1", wire: "openai-chat" },
  },
};

async function asked(path: string, answer: () => Response, method = "POST") {
  const { ask, records } = house(answer, OPTIONS);
  const init = chat("m", { stream: true });
  const { headers } = init;
  const got = await ask(path, method === "POST" ? init : { method, headers });
  const reader = got.body?.getReader();
  let text = "";
  let isWhole = true;
  try {
    for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
      text += new TextDecoder().decode(part.value);
    }
  } catch {
    isWhole = false;
  }
  return { got, text, isWhole, records };
}

for (
  const [name, path, answer] of [
    ["comes with the word before it and the end behind it in one chunk", CHAT, [ROLE + WORD + FAULT + STOP + DONE]],
    ["began in an earlier chunk", CHAT, [ROLE + WORD, FAULT.slice(0, -3), FAULT.slice(-3) + STOP + DONE]],
    ["comes behind a word that names errors", CHAT, [ROLE, chunk({ content: "an error" }) + FAULT + STOP + DONE]],
    ["ends its lines with returns", CHAT, [(ROLE + WORD + FAULT + STOP + DONE).replaceAll("\n", "\r")]],
    ["finishes a choice", CHAT, [ROLE + WORD + `data: {"choices":[{"delta":{},"finish_reason":"error"}]}\n\n` + DONE]],
    [
      "fails a response",
      RESPONSES,
      [
        typed("response.output_text.delta", { delta: "x" }) +
        typed("response.failed", { response: { error: { code: "x" } } }) +
        DONE,
      ],
    ],
  ] as const
) {
  test(`an error that ${name} is told, and nothing that looks like an end comes after it`, async () => {
    const { text, isWhole } = await asked(path, () => answering(answer));
    assert.equal(isWhole, false);
    assert.doesNotMatch(text, /\[DONE|"finish_reason":"stop"/);
    assert.match(text, /error[^\n\r]*(\n\n|\r\r)$/);
  });
}

for (
  const [name, path, answer] of [
    [
      "ends after a preamble that is too long to hold",
      RESPONSES,
      () => answering([typed("response.created", { response: { instructions: "a".repeat(70_000) } })]),
    ],
    [
      "ends where its stated length says",
      OLLAMA,
      () => answering([LINE], { ...LINES, "content-length": `${LINE.length}` }),
    ],
    ["is labelled as not encoded", CHAT, () => answering([ROLE + WORD], { ...EVENTS, "content-encoding": "identity" })],
    ["is a cut document under a large name", CHAT, () => answering(['{"a":['], { "content-type": "Application/JSON" })],
    ["is a cut document under another name", CHAT, () => answering(['{"a":['], { "content-type": "text/json" })],
    ["is a stream without a name", CHAT, () => answering([ROLE, WORD], {})],
    ["is a stream of text", CHAT, () => answering([ROLE + WORD], { "content-type": "text/plain" })],
    ["has no body", CHAT, () => new Response(null, { headers: JSON_TYPE })],
    ["has neither a body nor a name", CHAT, () => new Response(null)],
    ["is nothing without a name", CHAT, () => answering([], {})],
    ["is nothing of another kind", CHAT, () => answering([], { "content-type": "application/octet-stream" })],
    [
      "is a web page under another name",
      CHAT,
      () => answering(["\n<!DOCTYPE html><p>"], { "content-type": "text/plain" }),
    ],
    ["is a web page in capitals", CHAT, () => answering(["<HTML>"], { "content-type": "Text/HTML" })],
    [
      "is a list with an error behind its beginning",
      GEMINI,
      () => answering([`[{"candidates":[{"content":{"parts":[{"text":"a"}]}}]},{"error":{"code":503}}]`], JSON_TYPE),
    ],
    [
      "stops after a call whose arguments are called as an end is",
      `${GEMINI}?alt=sse`,
      () => answering([`data: {"candidates":[{"content":{"parts":[{"functionCall":{"args":{"done":true}}}]}}]}\n\n`]),
    ],
    [
      "stops after a line with such arguments",
      OLLAMA,
      () =>
        answering([LINE.replace(`"content":"a"`, `"tool_calls":[{"function":{"arguments":{"done":true}}}]`)], LINES),
    ],
    [
      "repeats in the beginning what the client called as an end is",
      RESPONSES,
      () =>
        answering([
          typed("response.created", { response: { metadata: { finish_reason: "stop" } } }),
          typed("response.output_text.delta", { delta: "x" }),
        ]),
    ],
    [
      "is cut within an event of hundreds of kilobytes",
      "/openai/images/generations",
      () => answering([typed("image_generation.completed", { b64_json: PICTURE }).slice(0, 300_000)]),
    ],
    [
      "is cut, and Cohere's",
      COHERE,
      () => answering([`{"text":"hi"}\n`], { "content-type": "application/stream+json" }),
    ],
  ] as const
) {
  test(`an answer that ${name} doesn't look whole`, async () => {
    const { got, text, isWhole } = await asked(path, answer);
    assert.ok(got.status >= 500 || !isWhole, `${got.status} ${text.slice(0, 200)}`);
    const length = got.headers.get("content-length");
    assert.ok(length === null || !text.startsWith(LINE), "more follows than the length says");
  });
}

const NULLS = { code: null, message: "", param: null };

for (
  const [name, path, answer, method] of [
    [
      "Cohere's stream of lines",
      COHERE,
      () =>
        answering([
          `{"is_finished":false,"event_type":"text-generation","text":"hi"}\n`,
          `{"is_finished":true,"event_type":"stream-end","finish_reason":"COMPLETE","response":{"text":"hi"}}\n`,
        ], { "content-type": "application/stream+json" }),
    ],
    ["lines that are called JSON", OLLAMA, () => answering([LINE, `{"done":true}\n`], JSON_TYPE)],
    [
      "numbers that aren't quoted",
      RUN,
      () => answering([`data: {"response":4}\n\n`, `data: {"response":2}\n\n`, DONE]),
    ],
    ["an error without content in a document", CHAT, () => Response.json({ error: NULLS, choices: [] })],
    [
      "an error without content in each event",
      CHAT,
      () => answering([WORD.replace("{", `{"error":${JSON.stringify(NULLS)},`), STOP]),
    ],
    [
      "a text that is called a page",
      "/openai/audio/transcriptions",
      () => answering(["<3 he said\n"], { "content-type": "text/html; charset=utf-8" }),
    ],
    ["an empty text", "/openai/audio/transcriptions", () => answering([], { "content-type": "text/plain" })],
    [
      "a file of lines with an error among them",
      "/custom-mine/files/f/content",
      () =>
        answering([`{"error":null}\n`, `{"error":{"message":"failed"}}\n`], { "content-type": "application/jsonl" }),
      "GET",
    ],
    ["what failed, looked up", "/custom-mine/jobs/j", () => Response.json({ error: { message: "bad file" } }), "GET"],
    ["nothing, for a HEAD", CHAT, () => new Response(null, { headers: JSON_TYPE }), "HEAD"],
    ["a model that says nothing", CHAT, () => answering([ROLE, STOP, DONE])],
    [
      "a picture of hundreds of kilobytes",
      "/openai/images/generations",
      () => answering([...typed("image_generation.completed", { b64_json: PICTURE }).match(/[^]{1,16000}/g)!]),
    ],
  ] as const
) {
  test(`a healthy answer is handed on as it came: ${name}`, async () => {
    const { got, text, isWhole } = await asked(path, answer, method);
    assert.deepEqual([got.status, isWhole], [200, true]);
    assert.equal(text, await answer().text());
  });
}

test("an answer that finishes without a word is handed on at once, and its usage counted and taken out", async () => {
  const usage = `data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":0,"total_tokens":3}}\n\n`;
  const { text, records } = await asked(CHAT, () => answering([ROLE, STOP, usage, DONE]));
  assert.equal(text, ROLE + STOP + DONE);
  assert.equal((await records())[0]?.usage?.input, 3);
});

for (const headers of [{ "cf-aig-first-token-timeout": "20" }, { "x-stainless-timeout": "0.3" }]) {
  test(`a client may take its time with what has begun: ${Object.keys(headers)}`, async () => {
    const { ask } = house(() => answering([ROLE + WORD, STOP, DONE]));
    const init = chat("m", { stream: true });
    const answer = await ask(CHAT, { ...init, headers: { ...init.headers, ...headers } });
    await new Promise((resolve) => setTimeout(resolve, 350));
    assert.equal(await answer.text(), ROLE + WORD + STOP + DONE);
  });
}

test("a deadline that is years away sets no more timers than another", async () => {
  const { setTimeout: original } = globalThis;
  let timers = 0;
  const leaving = new AbortController();
  const { ask } = house(({ signal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("left"))))
  );
  globalThis.setTimeout =
    ((...given: Parameters<typeof original>) => (timers++, original(...given))) as typeof original;
  try {
    const init = chat("m");
    const headers = { ...init.headers, "x-stainless-timeout": "99999999" };
    const asking = ask(CHAT, { ...init, headers, signal: leaving.signal });
    await new Promise((resolve) => original(resolve, 50));
    leaving.abort();
    await asking;
  } finally {
    globalThis.setTimeout = original;
  }
  assert.ok(timers < 5, `${timers}`);
});
