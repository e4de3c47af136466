import assert from "node:assert/strict";
import { test } from "node:test";
import { recorded, setbacks } from "../../scripts/scorecard/record.ts";
import { ANSWER } from "../wall/answer.ts";
import { read, type Reading } from "../wall/reading.ts";
import { advisory } from "./checks.ts";
import type { Check, Scenario, Seen } from "./scenario.ts";
import { judge } from "./verdict.ts";

const WHOLE: Reading = {
  ...read("chat", true, { status: 200, text: "data: [DONE]\n\n", isWhole: true }),
  text: ANSWER,
};

const SEEN: Seen = {
  pace: { scale: 1, bound: (ms) => ms, seconds: (seconds) => seconds },
  isHung: false,
  status: 200,
  headers: new Map(),
  bytes: Buffer.alloc(0),
  isWhole: true,
  reading: WHOLE,
  ms: 1,
  models: ["a", "b"],
  visits: [],
  record: undefined,
  isAlive: undefined,
  complaints: [],
};

const wrong: Check = { name: "wrong", complaint: () => "it is wrong" };

function verdict(ideal: Scenario["ideal"], seen: Partial<Seen>, checks: readonly Check[] = []): string {
  return judge({ ideal, checks }, { ...SEEN, ...seen }).verdict;
}

const having = (reading: Partial<Reading>): Partial<Seen> => ({ reading: { ...WHOLE, ...reading } });
const failed = (text = ANSWER.slice(0, 20)): Partial<Seen> => having({ outcome: "error", text, error: "broken" });

test("The whole answer is a pass, with an advisory complaint partial, with a required one a fail", () => {
  assert.equal(verdict("answer", {}), "pass");
  assert.equal(verdict("answer", {}, [advisory(wrong)]), "partial");
  assert.equal(verdict("answer", {}, [wrong]), "fail");
  assert.equal(verdict("answer", { complaints: ["of its own"] }), "fail");
});

test("An honest error where an answer would have been best is safe, and where an error is right a pass", () => {
  assert.equal(verdict("answer", failed()), "safe");
  assert.equal(verdict("error", failed()), "pass");
  assert.equal(verdict("error", {}), "partial");
});

test("A part or another text shown as the whole, an error over false words and a hang are fails", () => {
  assert.equal(verdict("answer", having({ text: ANSWER.slice(0, 50) })), "fail");
  assert.equal(verdict("error", having({ text: ANSWER.slice(0, 50) })), "fail");
  assert.equal(verdict("error", failed("something else")), "fail");
  assert.equal(verdict("answer", having({ outcome: "false" })), "fail");
  assert.equal(verdict("error", having({ outcome: "error", goesOnAfterError: true })), "fail");
  assert.equal(verdict("answer", { isHung: true }), "fail");
  assert.equal(verdict("conduct", { isHung: true }), "fail");
});

test("Where conduct alone counts, what was shown doesn't", () => {
  assert.equal(verdict("conduct", having({ text: "half" })), "pass");
  assert.equal(verdict("conduct", {}, [wrong]), "fail");
});

test("A fail and a setback are named, an advance isn't", () => {
  const docs = "| S01 one | ✓ | ○ | ✓ | ✓ | ✗ | 2+0, 0.1 |\n| S01 | ✗ | ✗ |\n";
  assert.deepEqual(recorded(docs).get("S01"), ["pass", "safe", "pass", "pass", "fail"]);
  const score = { id: "S01", reason: "why", attempts: [1, 0], seconds: 1 } as const;
  assert.deepEqual(setbacks([{ ...score, runtime: "node", verdict: "partial" }], recorded(docs)), [
    "S01 on node: partial, which was pass: why",
  ]);
  assert.deepEqual(setbacks([{ ...score, runtime: "deno", verdict: "pass" }], recorded(docs)), []);
  assert.deepEqual(setbacks([{ ...score, runtime: "vercel", verdict: "fail" }], recorded(docs)), [
    "S01 on vercel: fail: why",
  ]);
});
