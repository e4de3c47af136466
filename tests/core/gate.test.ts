import assert from "node:assert/strict";
import { test } from "node:test";
import type { Options } from "../../mod.ts";
import { chat, completion, house, type Script } from "./house.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const chunk = (delta: unknown, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: "c", model: "gpt-x", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
const ROLE = chunk({ role: "assistant", content: "" });
const WORD = chunk({ content: "word" });
const STOP = chunk({}, "stop");
const DONE = "data: [DONE]\n\n";
const WHOLE = ROLE + WORD + STOP + DONE;

/** A stream of these pieces; what comes last says how it ends. */
function stream(pieces: readonly string[], end: "close" | "break" | "hang" = "close", seen = { cancelled: false }) {
  const left = [...pieces];
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(out) {
      const piece = left.shift();
      if (piece !== undefined) return out.enqueue(encode(piece));
      if (end === "break") return out.error(new Error("reset"));
      if (end === "close") return out.close();
      return new Promise(() => {});
    },
    cancel: () => void (seen.cancelled = true),
  }, { highWaterMark: 0 });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

const asked = (model: string) => ({ model, stream: true, stream_options: { include_usage: true }, messages: [] });
const step = (query: unknown, config = {}) => ({
  provider: "openai",
  endpoint: "chat/completions",
  headers: { authorization: "Bearer sk-a" },
  query,
  config,
});

/** A universal call of two steps. */
async function twoSteps(script: Script, config = {}, options: Options = {}) {
  const { ask, sent, records } = house(script, options);
  const answer = await ask("/v1/acc/gw", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify([step(asked("one"), config), step(asked("two"))]),
  });
  return { answer, sent, records };
}

for (
  const [name, first] of [
    ["an empty stream", () => stream([])],
    ["a stream of nothing but a role", () => stream([ROLE])],
    ["a stream that breaks before the first output", () => stream([ROLE], "break")],
    [
      "an error event before the first output",
      () => stream([ROLE, `data: {"error":{"message":"busy","type":"server_error","code":503}}\n\n`]),
    ],
    ["a web page", () => new Response("<html>", { headers: { "content-type": "text/html" } })],
    ["a document that is cut", () => new Response('{"choices":[', { headers: { "content-type": "application/json" } })],
    ["an error object in a 200", () => Response.json({ error: { message: "no", code: 500 } })],
  ] as const
) {
  test(`${name} sends the call to the next target, and nothing of it is seen`, async () => {
    const { answer, sent } = await twoSteps((_, count) => count === 1 ? first() : stream([WHOLE]));
    assert.equal(await answer.text(), WHOLE);
    assert.deepEqual([answer.status, answer.headers.get("cf-aig-step"), sent.length], [200, "1", 2]);
  });
}

test("what was held before the first output comes byte for byte with it", async () => {
  const pieces = [": ping\n\n", ROLE.slice(0, 20), ROLE.slice(20), ": ping\r\n", "\r\n", WORD, STOP, DONE];
  const { answer } = await twoSteps(() => stream(pieces));
  assert.equal(await answer.text(), pieces.join(""));
});

test("a target that stays silent is left when the time for its first output is over, and its connection is closed", async () => {
  const seen = { cancelled: false };
  const { answer, sent } = await twoSteps(
    (_, count) => count === 1 ? stream([ROLE], "hang", seen) : stream([WHOLE]),
    { firstTokenTimeout: 30 },
  );
  assert.equal(await answer.text(), WHOLE);
  assert.deepEqual([answer.headers.get("cf-aig-step"), seen.cancelled, sent[0]?.signal.aborted], ["1", true, true]);
});

for (
  const [name, broken] of [
    ["breaks off", () => stream([ROLE, WORD], "break")],
    ["is closed before its end", () => stream([ROLE, WORD], "close")],
    ["falls silent", () => stream([ROLE, WORD], "hang")],
  ] as const
) {
  test(`a stream that ${name} after the first output ends with an error event and an aborted body`, async () => {
    const { answer, sent } = await twoSteps(broken, { idleTimeout: 30 });
    assert.equal(answer.headers.get("cf-aig-step"), "0");
    const reader = answer.body!.getReader();
    let text = "";
    await assert.rejects(async () => {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        text += new TextDecoder().decode(value);
      }
    });
    assert.ok(text.startsWith(ROLE + WORD), text);
    assert.match(text.slice((ROLE + WORD).length), /^\n\ndata: \{"error":/);
    assert.equal(sent.length, 1);
  });
}

test("a provider's own error event in the middle passes as it is, and nothing that looks like an end after it", async () => {
  const fault = `data: {"error":{"message":"overloaded","type":"server_error"}}\n\n`;
  const { answer, records } = await twoSteps(() => stream([ROLE + WORD, fault + STOP + DONE]));
  let text = "";
  const reader = answer.body!.getReader();
  await assert.rejects(async () => {
    for (;;) {
      const { value } = await reader.read();
      text += new TextDecoder().decode(value);
    }
  });
  assert.equal(text, ROLE + WORD + fault);
  assert.equal((await records())[0]?.outcome, "failed");
});

test("a stream without an end mark is whole if the model said why it stopped", async () => {
  const { answer } = await twoSteps(() => stream([ROLE, WORD, STOP]));
  assert.equal(await answer.text(), ROLE + WORD + STOP);
});

test("an answer over its cap is broken off", async () => {
  const { ask } = house(() => stream([ROLE + WORD, WORD, WORD, WORD, STOP]), { body: { maxAnswerBytes: 400 } });
  const answer = await ask("/openai/chat/completions", chat("gpt-x", { stream: true }));
  await assert.rejects(answer.text());
});

test("the client's own deadline bounds all attempts together", async () => {
  const { ask, sent } = house(() => new Promise<Response>(() => {}), {});
  const init = chat("gpt-x");
  const headers = {
    ...init.headers,
    "x-stainless-timeout": "0.05",
    "cf-aig-max-attempts": "5",
    "cf-aig-retry-delay": "0",
  };
  const asking = ask("/openai/chat/completions", { ...init, headers });
  sent[0]?.signal.addEventListener("abort", () => {});
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(sent.length, 1);
  await Promise.race([asking, new Promise((resolve) => setTimeout(resolve, 200))]);
  assert.equal(sent[0]?.signal.aborted, true);
  assert.equal(sent.length, 1);
});

test("a call that took two attempts tells its story, and another does when it is asked", async () => {
  const { answer } = await twoSteps((_, count) => count === 1 ? new Response("{}", { status: 503 }) : stream([WHOLE]));
  assert.match(
    answer.headers.get("cf-aig-attempts") ?? "",
    /^0 openai one first 503 \d+ms unavailable next; 1 openai two fallback 200 \d+ms$/,
  );
  await answer.text();
  const { ask } = house(() => completion());
  const init = chat("gpt-x");
  const quiet = await ask("/openai/chat/completions", init);
  assert.equal(quiet.headers.get("cf-aig-attempts"), null);
  const told = await ask("/openai/chat/completions", { ...init, headers: { ...init.headers, "cf-aig-debug": "true" } });
  assert.match(told.headers.get("cf-aig-attempts") ?? "", /^0 openai gpt-x first 200 \d+ms$/);
});
