import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DemoClock } from "../../src/providers/demo/demo.ts";
import { type Ask, drain, fakeClock, json, visitor } from "./visit.ts";

const body = { model: "echo", messages: [{ role: "user", content: "one two three" }] };
const stream = { ...body, stream: true };
const waitsOf = async (send: (ask: Ask) => Promise<Response>): Promise<number[]> => {
  const clock = fakeClock();
  const answer = await send(visitor(clock));
  await answer.text();
  return clock.waits;
};

describe("The pace of the demo", () => {
  test("An echo waits for nothing.", async () => {
    assert.deepEqual(await waitsOf((ask) => ask("/chat/completions", stream)), []);
    assert.deepEqual(await waitsOf((ask) => ask("/chat/completions", body)), []);
  });

  test("The first token and the ones after it come when they are due, however the knobs are set.", async () => {
    const headers = { "x-demo-ttft-ms": "200", "x-demo-tokens-per-second": "50" };
    const due = [200, 20, 20];
    assert.deepEqual(await waitsOf((ask) => ask("/chat/completions", stream, { headers })), due);
    assert.deepEqual(await waitsOf((ask) => ask("/chat/completions?ttft=200&tps=50", stream)), due);
    for (const model of ["demo/echo?ttft=200&tps=50", "echo;ttft=200;tps=50", "echo?x-demo-ttft-ms=200&tps=50"]) {
      assert.deepEqual(await waitsOf((ask) => ask("/chat/completions", { ...stream, model })), due);
    }
    const path = "/v1beta/models/echo?ttft=200&tps=50:streamGenerateContent?alt=sse";
    const contents = [{ parts: [{ text: "one two three" }] }];
    assert.deepEqual(await waitsOf((ask) => ask(path, { contents })), due);
    assert.deepEqual(await waitsOf((ask) => ask(path.replace("?", "%3F"), { contents })), due);
  });

  test("The name wins over the query, and the query over a header.", async () => {
    const headers = { "x-demo-ttft-ms": "1" };
    assert.deepEqual(await waitsOf((ask) => ask("/chat/completions?ttft=2", stream, { headers })), [2]);
    const named = { ...stream, model: "echo?ttft=3" };
    assert.deepEqual(await waitsOf((ask) => ask("/chat/completions?ttft=2", named, { headers })), [3]);
  });

  test("A plain answer comes when its last token would.", async () => {
    assert.deepEqual(await waitsOf((ask) => ask("/chat/completions?ttft=200&tps=50", body)), [240]);
  });

  test("A slow model opens its stream at once; with slow headers even that takes until the first token.", async () => {
    const opened = async (model: string) => {
      const clock = fakeClock();
      const answer = await visitor(clock)("/chat/completions", { ...stream, model });
      const atOnce = [...clock.waits];
      await answer.text();
      return [atOnce, clock.waits];
    };
    assert.deepEqual(await opened("slow"), [[], [2000]]);
    assert.deepEqual(await opened("slow-headers"), [[2000], [2000]]);
  });

  test("The length of an answer can be set.", async () => {
    const ask = visitor();
    const said = async (path: string, model = "echo") =>
      (await json(ask(path, { ...body, model }))).choices[0].message.content.split(" ");
    assert.equal((await said("/chat/completions?tokens=2")).join(" "), "one two");
    assert.equal((await said("/chat/completions?tokens=5")).join(" "), "one two three one two");
    const spaced = { ...body, messages: [{ role: "user", content: " one two " }] };
    const { message } = (await json(ask("/chat/completions?tokens=4", spaced))).choices[0];
    assert.equal(message.content, "one two one two");
    assert.equal((await said("/chat/completions?tokens=1000", "lorem")).length, 1000);
    assert.equal((await said("/chat/completions", "lorem")).length, 100);
  });

  test("A knob that is no number in its range is refused.", async () => {
    const ask = visitor();
    for (const knob of ["ttft=-1", "ttft=x", "ttft=", "tps=Infinity", "tokens=0", "tokens=1e9", "fault-after=NaN"]) {
      const { error } = await json(ask(`/chat/completions?${knob}`, body));
      assert.match(error.message, /^Set x-demo-[a-z-]+ to a number from \d+ to \d+\.$/, knob);
    }
  });

  test("Nothing is made before it is read.", async () => {
    const clock = fakeClock();
    const answer = await visitor(clock)("/chat/completions?ttft=10&tps=100", stream);
    const reader = answer.body!.getReader();
    await Promise.resolve();
    assert.deepEqual(clock.waits, []);
    await reader.read();
    assert.deepEqual(clock.waits, []);
    await reader.read();
    assert.deepEqual(clock.waits, [10]);
    await reader.read();
    assert.deepEqual(clock.waits, [10, 10]);
    await reader.cancel();
    assert.deepEqual(clock.waits, [10, 10]);
  });

  test("A reader that leaves stops the timer.", async () => {
    const { clock, waiting } = patientClock();
    const answer = await visitor(clock)("/chat/completions?ttft=60000", stream);
    const reader = answer.body!.getReader();
    await reader.read();
    const next = reader.read();
    const signal = await waiting;
    assert.equal(signal.aborted, false);
    await reader.cancel();
    assert.equal(signal.aborted, true);
    assert.equal((await next).done, true);
  });

  test("A request that is given up stops everything, before the answer and within it.", async () => {
    for (const [path, sent] of [["?ttft=60000", body], ["", { ...body, model: "stall" }]] as const) {
      const leaving = new AbortController();
      const { clock, waiting } = patientClock();
      const answer = visitor(clock)(`/chat/completions${path}`, sent, { signal: leaving.signal });
      if (path !== "") await waiting;
      leaving.abort(new Error("gone"));
      await assert.rejects(answer, /gone/);
    }
    const leaving = new AbortController();
    const { clock, waiting } = patientClock();
    const { signal } = leaving;
    const answer = await visitor(clock)("/chat/completions?ttft=60000", stream, { signal });
    const drained = drain(answer);
    const inner = await waiting;
    leaving.abort(new Error("gone"));
    const { text, error } = await drained;
    assert.match(text, /"role":"assistant"/);
    assert.match(String(error), /gone/);
    assert.equal(inner.aborted, true);
    await assert.rejects(visitor()("/chat/completions", body, { signal }), /gone/);
  });

  test("The real timers stop too.", async () => {
    const answer = await visitor()("/chat/completions?ttft=600000", stream);
    const reader = answer.body!.getReader();
    await reader.read();
    const next = reader.read();
    await new Promise((resolve) => setTimeout(resolve, 0));
    const { clearTimeout } = globalThis;
    let cleared = 0;
    globalThis.clearTimeout = (timer) => {
      cleared++;
      clearTimeout(timer);
    };
    await reader.cancel().finally(() => globalThis.clearTimeout = clearTimeout);
    assert.equal(cleared, 1);
    assert.equal((await next).done, true);
    const slow = await visitor()("/chat/completions?ttft=1&tps=1000", stream);
    assert.match(await slow.text(), /\[DONE\]/);
  });
});

/** A clock whose first wait lasts until its signal fires, and tells when it began. */
function patientClock(): { readonly clock: DemoClock; readonly waiting: Promise<AbortSignal> } {
  let began: (signal: AbortSignal) => void;
  const waiting = new Promise<AbortSignal>((resolve) => began = resolve);
  const wait = (_: number, signal: AbortSignal) =>
    new Promise<void>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      began(signal);
    });
  return { waiting, clock: { now: () => 0, wait } };
}
