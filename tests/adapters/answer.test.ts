import assert from "node:assert/strict";
import { test } from "node:test";
import { NodeAnswer } from "../../adapters/node/answer.ts";

const answerOf = (text: string, init: ResponseInit = {}) => new NodeAnswer(new TextEncoder().encode(text), init);

test("an answer of bytes is a Response with the status and the headers it was given", () => {
  const answer = answerOf("{}", { status: 418, statusText: "Teapot", headers: [["content-type", "application/json"]] });
  assert.ok(answer instanceof Response);
  assert.equal(answer.status, 418);
  assert.equal(answer.statusText, "Teapot");
  assert.equal(answer.ok, false);
  answer.headers.set("x-added", "1");
  assert.deepEqual([...answer.headers], [["content-type", "application/json"], ["x-added", "1"]]);
});

test("its body can be read in every way that a Response knows", async () => {
  assert.equal(await answerOf("héllo").text(), "héllo");
  assert.deepEqual(await answerOf('{"a":1}').json(), { a: 1 });
  assert.deepEqual([...new Uint8Array(await answerOf("ab").arrayBuffer())], [97, 98]);
  assert.deepEqual([...await answerOf("ab").bytes()], [97, 98]);
  const blob = await answerOf("ab", { headers: { "content-type": "text/x" } }).blob();
  assert.deepEqual([blob.size, blob.type], [2, "text/x"]);
  const form = answerOf("a=1", { headers: { "content-type": "application/x-www-form-urlencoded" } });
  assert.equal((await form.formData()).get("a"), "1");
  assert.equal(await new Response(answerOf("streamed").body).text(), "streamed");
});

test("its body is read once, and says so", async () => {
  const answer = answerOf("once");
  assert.equal(answer.bodyUsed, false);
  assert.equal(answer.body, answer.body);
  assert.equal(await answer.text(), "once");
  assert.equal(answer.bodyUsed, true);
  await assert.rejects(answer.text(), TypeError);
  assert.throws(() => answer.clone(), TypeError);
});

test("a clone has its own body, and the headers that were set by then", async () => {
  const answer = answerOf("twice");
  assert.equal(answer.body?.locked, false);
  answer.headers.set("x-late", "1");
  const clone = answer.clone();
  assert.equal(clone.headers.get("x-late"), "1");
  assert.deepEqual(await Promise.all([answer.text(), clone.text()]), ["twice", "twice"]);
});

test("an answer made from it has all of it", async () => {
  const answer = answerOf("again", { status: 201, headers: { "x-one": "1" } });
  const made = new Response(answer.body, answer);
  assert.deepEqual([made.status, made.headers.get("x-one"), await made.text()], [201, "1", "again"]);
});
