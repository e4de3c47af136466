import assert from "node:assert/strict";
import { test } from "node:test";
import { wholeAnswer } from "../../src/answer.ts";
import type { Observer, Outcome } from "../../src/call.ts";
import { tap } from "../../src/tap.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** An answer that gives one chunk for each pull, and says what became of it. */
function source(chunks: readonly string[], breaks = false) {
  const seen = { pulls: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(out) {
      const chunk = chunks[seen.pulls++];
      if (chunk !== undefined) return out.enqueue(encode(chunk));
      if (breaks) return out.error(new Error("reset"));
      out.close();
    },
    cancel() {
      seen.cancelled = true;
    },
  }, { highWaterMark: 0 });
  return { seen, response: new Response(body, { status: 201, headers: { "x-a": "b" } }) };
}

function tapped(response: Response, observers: readonly Observer[] = []) {
  const outcomes: Outcome[] = [];
  return {
    outcomes,
    answer: tap(response, { observers, over: (outcome) => outcomes.push(outcome) }),
  };
}

test("bytes, status and headers pass, and the end is told once, after the observers", async () => {
  const told: string[] = [];
  const { response } = source(["a", "b"]);
  const observer = {
    chunk: (bytes: Uint8Array) => told.push(new TextDecoder().decode(bytes)),
    end: () => told.push("end"),
  };
  const { answer, outcomes } = tapped(response, [observer]);
  assert.equal(await answer.text(), "ab");
  assert.deepEqual([answer.status, answer.headers.get("x-a")], [201, "b"]);
  assert.deepEqual([told, outcomes], [["a", "b", "end"], [{ kind: "complete" }]]);
});

test("nothing is read before the client asks", async () => {
  const { seen, response } = source(["a", "b", "c"]);
  const reader = tapped(response).answer.body!.getReader();
  assert.equal(seen.pulls, 0);
  await reader.read();
  assert.equal(seen.pulls, 1);
  await reader.cancel();
});

test("a client that leaves closes the source", async () => {
  const { seen, response } = source(["a", "b"]);
  const { answer, outcomes } = tapped(response);
  const reader = answer.body!.getReader();
  await reader.read();
  await reader.cancel();
  assert.deepEqual([seen.cancelled, outcomes], [true, [{ kind: "cancelled" }]]);
});

test("a source that breaks off breaks the answer, which never ends as if it were whole", async () => {
  const { answer, outcomes } = tapped(source(["a"], true).response);
  await assert.rejects(answer.text());
  assert.equal(outcomes[0]?.kind, "failed");
});

test("an observer that throws is dropped, and costs the client nothing", async () => {
  let later = 0;
  const clumsy = {
    chunk: () => {
      later++;
      throw new Error("oops");
    },
  };
  const { answer, outcomes } = tapped(source(["a", "b"]).response, [clumsy]);
  assert.equal(await answer.text(), "ab");
  assert.deepEqual([later, outcomes.length], [1, 1]);
});

test("an answer that is known whole passes as it is", async () => {
  let shown = 0;
  const response = wholeAnswer(encode("whole"), { status: 200 });
  const { answer, outcomes } = tapped(response, [{ chunk: (bytes) => void (shown = bytes.byteLength) }]);
  assert.equal(answer, response);
  assert.deepEqual([shown, outcomes.length, await answer.text()], [5, 1, "whole"]);
});
