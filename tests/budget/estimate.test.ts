import assert from "node:assert/strict";
import { test } from "node:test";
import { type Asked, Estimates, sizeOf } from "../../src/budget/estimate.ts";
import { EventCount } from "../../src/budget/events.ts";

const asked = (changes: Partial<Asked> = {}): Asked => ({
  kind: "acme gpt-5",
  size: { bytes: 4000, data: 0 },
  cap: undefined,
  answers: 1,
  ...changes,
});

test("bytes of a text are those of its UTF-8", () => {
  for (const text of ["", "plain", "ä", "漢字", "👍🏽 ok"]) {
    assert.equal(sizeOf(text).bytes, new TextEncoder().encode(text).length, text);
  }
});

test("binary data counts apart from text, and not by its length", () => {
  const image = "A".repeat(400_000);
  const { bytes, data } = sizeOf(`{"text":"look","image":"data:image/png;base64,${image}"}`);
  assert.ok(bytes < 100, String(bytes));
  assert.equal(data, 6250);
});

test("what is data is told by what stands before it and its length, however many runs of text come close to that", () => {
  const close = `${"a".repeat(511)} `.repeat(20_000);
  assert.deepEqual(sizeOf(close), { bytes: close.length, data: 0 });
  const long = "-_/+".repeat(128);
  assert.deepEqual(sizeOf(`ä${long}==`), { bytes: 4 + long.length, data: 0 });
  assert.deepEqual(sizeOf(`"data":"${long}=="`), { bytes: 11, data: 2000 });
  assert.deepEqual(sizeOf(`;base64,${long}`), { bytes: 8, data: 2000 });
});

test("before anything is known four bytes are a token, and an answer has 1024 or its cap", () => {
  const estimates = new Estimates();
  assert.deepEqual(estimates.likely(asked()), { input: 1000, output: 1024 });
  assert.deepEqual(estimates.likely(asked({ cap: 100, answers: 3 })), { input: 1000, output: 300 });
});

test("what calls of a kind take is learned, by kind", () => {
  const estimates = new Estimates();
  for (let call = 0; call < 10; call++) estimates.learn(asked(), { input: 2000, output: 40 + call });
  assert.deepEqual(estimates.likely(asked()), { input: 2000, output: 48 });
  assert.deepEqual(estimates.likely(asked({ kind: "other" })), { input: 1000, output: 1024 });
  assert.equal(estimates.likely(asked({ cap: 10 })).output, 10);
});

test("what is long past is forgotten", () => {
  const estimates = new Estimates();
  for (let call = 0; call < 64; call++) estimates.learn(asked(), { input: 1000, output: 9000 });
  for (let call = 0; call < 64; call++) estimates.learn(asked(), { input: 1000, output: 10 });
  assert.equal(estimates.likely(asked()).output, 10);
});

test("a call can't take more than a token for each byte, and its cap", () => {
  const estimates = new Estimates();
  assert.deepEqual(estimates.most(asked(), 4096), { input: 4000, output: 4096 });
  assert.deepEqual(estimates.most(asked({ cap: 50, answers: 2, size: { bytes: 10, data: 2000 } }), 4096), {
    input: 2010,
    output: 100,
  });
});

test("a stream's tokens are counted by its events, however it is cut, and long events for more", () => {
  const event = (text: string) => `data: {"id":"x","choices":[{"index":0,"delta":{"content":"${text}"}}]}\n\n`;
  const stream = new TextEncoder().encode(event("") + event("a").repeat(9) + event("y".repeat(400)));
  for (const size of [1, 7, stream.length]) {
    const count = new EventCount();
    for (let at = 0; at < stream.length; at += size) count.add(stream.subarray(at, at + size));
    assert.equal(count.tokens, 1 + 9 + 100, `in pieces of ${size}`);
  }
});
