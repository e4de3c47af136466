import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_BODY_LIMITS, readBody } from "../../src/body.ts";
import type { Call } from "../../src/call.ts";
import { metadata } from "../../src/middleware/metadata.ts";
import { chat, completion, house } from "./house.ts";

const HALF = "\\ud800";
const CLOUDFLARE_HEADERS = { "content-type": "application/json" };

test("the runs of a body are copied as they come: none is kept, however small and many they are", async () => {
  const text = '{"model":"gpt-x"}';
  const run = new Uint8Array(1);
  let at = 0;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (at === text.length) return controller.close();
      run[0] = text.charCodeAt(at++);
      controller.enqueue(run);
    },
  }, { highWaterMark: 0 });
  const read = await readBody(
    {
      method: "POST",
      url: "http://gw.test/",
      headers: new Headers({ "content-type": "application/json" }),
      body,
      signal: new AbortController().signal,
      arrayBuffer: () => Promise.reject(new Error("its length isn't known")),
    },
    true,
    DEFAULT_BODY_LIMITS,
  );
  assert.ok(read.kind === "json");
  assert.equal(new TextDecoder().decode(read.json.bytes), text);
});

for (const [what, name] of [["half a character in it", HALF], ["a million characters", "m".repeat(1e6)]] as const) {
  test(`a model's name with ${what} costs no answer, and goes into no header and no record`, async () => {
    const { ask, sent, records } = house(() => Response.json({ ok: true }));
    const body = `{"model":"${name}","messages":[]}`;
    const answer = await ask("/openai/chat/completions", { ...chat(""), body });
    assert.deepEqual([answer.status, await answer.text()], [200, '{"ok":true}']);
    assert.equal(answer.headers.get("cf-aig-model"), null);
    assert.equal(sent.length, 1);
    assert.equal((await records())[0]?.model, undefined);
  });

  test(`a unified call for a model whose name has ${what} is refused before it is sent`, async () => {
    const { ask, sent } = house(() => completion());
    const body = `{"model":"openai/${name}","messages":[]}`;
    const answer = await ask("/compat/chat/completions", { method: "POST", headers: CLOUDFLARE_HEADERS, body });
    assert.equal(answer.status, 400);
    assert.equal(sent.length, 0);
  });
}

test("an answer whose body has broken off already hands over to the next step like any other failure", async () => {
  const broken = () => new ReadableStream({ start: (controller) => controller.error(new TypeError("gone")) });
  const { ask, sent } = house((_, count) => count === 1 ? new Response(broken(), { status: 500 }) : completion());
  const step = { provider: "openai", endpoint: "chat/completions", query: { model: "gpt-x", messages: [] } };
  const answer = await ask("/", { method: "POST", body: JSON.stringify([step, step]) });
  assert.deepEqual([answer.status, answer.headers.get("cf-aig-step"), sent.length], [200, "1", 2]);
});

test("the body of a 205 is let go", async () => {
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({ cancel: () => void (isCancelled = true) });
  const inbound = { status: 205, headers: new Headers(), body, arrayBuffer: () => Promise.reject(new Error("unread")) };
  const { ask } = house(() => inbound as unknown as Response);
  assert.equal((await ask("/openai/chat/completions", chat("gpt-x"))).status, 205);
  assert.equal(isCancelled, true);
});

test("a short answer whose head came in time may take longer than its timeout for its body", async () => {
  const whole = new TextEncoder().encode('{"ok":true}');
  const { ask, sent } = house(({ signal }) => {
    const late = new Promise<ArrayBuffer>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      setTimeout(() => resolve(whole.buffer), 60);
    });
    const headers = new Headers({ "content-type": "application/json", "content-length": String(whole.byteLength) });
    return { status: 200, headers, body: new ReadableStream(), arrayBuffer: () => late } as unknown as Response;
  });
  const init = chat("gpt-x");
  const headers = { ...init.headers, "cf-aig-request-timeout": "5" };
  const answer = await ask("/openai/chat/completions", { ...init, headers });
  assert.deepEqual([answer.status, await answer.text(), sent.length], [200, '{"ok":true}', 1]);
});

test("metadata as long as a body is read anew each time, and not kept", async () => {
  const long = JSON.stringify({ a: "x".repeat(5000) });
  const read = metadata();
  const tagsOf = async (text: string) => {
    const call = { heard: { controls: new Map([["metadata", text]]) }, note() {} };
    let tags: unknown;
    await read(call as unknown as Call, (tagged) => {
      tags = tagged.tags;
      return Promise.resolve(new Response());
    });
    return tags;
  };
  assert.equal(await tagsOf('{"a":1}'), await tagsOf('{"a":1}'));
  assert.notEqual(await tagsOf(long), await tagsOf(long));
});
