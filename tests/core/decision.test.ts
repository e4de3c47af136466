import assert from "node:assert/strict";
import { test } from "node:test";
import { Cooling, coolingMs, type Hint } from "../../src/routing/cooling.ts";
import { decide, type Situation } from "../../src/routing/decision.ts";
import { RetryTokens } from "../../src/routing/tokens.ts";
import { chat, completion, house } from "./house.ts";

const BUSY: Situation = {
  verdict: { course: "retry", reason: "unavailable", retryAfterMs: undefined },
  maxAttempts: 3,
  retryDelayMs: 200,
  backoff: "exponential",
  made: 1,
  others: 1,
  isOnly: false,
  allowed: 2,
  remainingMs: undefined,
  isAffordable: true,
  roll: 0.5,
};
const told = (retryAfterMs: number) => ({ course: "retry", reason: "throttled", retryAfterMs }) as const;

test("the same target is asked again while attempts, allowance, time and budget are left", () => {
  assert.deepEqual(decide(BUSY), { again: true, waitMs: 100 });
  for (
    const [name, change] of Object.entries(
      {
        "attempts are spent": { made: 3 },
        "the last request belongs to another target": { allowed: 1 },
        "the retry budget is spent": { isAffordable: false },
        "no time is left": { remainingMs: 300 },
        "another try is pointless": { verdict: { ...BUSY.verdict, course: "next" } },
        "it was silent, and there is another": { verdict: { ...BUSY.verdict, reason: "timeout" } },
      } satisfies Record<string, Partial<Situation>>,
    )
  ) assert.deepEqual(decide({ ...BUSY, ...change as Partial<Situation> }), { again: false }, name);
});

test("a provider is waited for as long as it says, up to five seconds", () => {
  assert.deepEqual(decide({ ...BUSY, verdict: told(2000), roll: 0 }), { again: true, waitMs: 2000 });
  assert.deepEqual(decide({ ...BUSY, verdict: told(2000), roll: 0.5 }), { again: true, waitMs: 2100 });
  assert.deepEqual(decide({ ...BUSY, verdict: told(6000) }), { again: false });
  assert.deepEqual(decide({ ...BUSY, verdict: told(2000), remainingMs: 2100 }), { again: false });
});

test("a recorded decision can be taken again from its record alone", async () => {
  const { ask, records } = house((_, count) => count < 3 ? new Response("{}", { status: 503 }) : completion());
  const init = chat("gpt-x");
  const headers = { ...init.headers, "cf-aig-max-attempts": "3", "cf-aig-retry-delay": "3" };
  await (await ask("/openai/chat/completions", { ...init, headers })).text();
  const decisions = JSON.parse(JSON.stringify((await records())[0]?.decisions)) as {
    waitMs: number;
    situation: Situation;
  }[];
  assert.equal(decisions.length, 2);
  for (const { waitMs, situation } of decisions) assert.deepEqual(decide(situation), { again: true, waitMs });
});

test("who says for how long is left alone so long, anybody else after the fifth failure in a row", () => {
  assert.deepEqual([coolingMs("throttled", 1, 2500), coolingMs("unavailable", 1, 1e9)], [2500, 60_000]);
  const down = [1, 4, 5, 6, 7, 8, 9, 99].map((failures) => coolingMs("unavailable", failures, undefined));
  assert.deepEqual(down, [0, 0, 250, 500, 1000, 1000, 1000, 1000]);
  assert.deepEqual([10, 11, 99].map((failures) => coolingMs("timeout", failures, undefined)), [8000, 15_000, 15_000]);
  assert.deepEqual([4, 5].map((failures) => coolingMs("throttled", failures, undefined)), [0, 250]);
  assert.deepEqual([4, 5].map((failures) => coolingMs("unauthorized", failures, undefined)), [0, 30_000]);
  assert.equal(coolingMs("bad-request", 99, 1000), 0);
});

test("a target that cools is probed by one call when its time is over, and by the next where the probe is lost", () => {
  const cooling = new Cooling();
  assert.equal(cooling.standing("a", 0), "ready");
  cooling.blame("a", { reason: "throttled", retryAfterMs: 1000 }, 0);
  assert.deepEqual([cooling.standing("a", 999), cooling.standing("b", 999)], ["cooling", "ready"]);
  assert.deepEqual([cooling.standing("a", 1000), cooling.standing("a", 1000)], ["probe", "cooling"]);
  assert.equal(cooling.standing("a", 16_001), "probe");
  cooling.restore("a");
  assert.deepEqual([cooling.standing("a", 16_002), cooling.isIdle], ["ready", true]);
});

test("hints pass between processes, and memory is bounded", () => {
  const told: Hint[] = [];
  const takers: ((hint: Hint) => void)[] = [];
  const cooling = new Cooling({ tell: (hint) => told.push(hint), hear: (take) => takers.push(take) });
  cooling.blame("a", { reason: "throttled", retryAfterMs: 1000 }, 5);
  assert.deepEqual(told, [{ key: "a", until: 1005 }]);
  takers[0]?.({ key: "b", until: 2000 });
  assert.deepEqual([cooling.standing("b", 1999), cooling.standing("b", 2000)], ["cooling", "probe"]);
  for (let index = 0; index < 30_000; index++) {
    cooling.blame(`k${index}`, { reason: "throttled", retryAfterMs: 9e9 }, 0);
  }
  assert.equal(cooling.standing("k0", 1), "ready");
  assert.equal(cooling.standing("k29999", 1), "cooling");
});

test("retries are paid for, and successes bring a little back", () => {
  const tokens = new RetryTokens();
  for (let paid = 0; paid < 100; paid++) {
    assert.equal(tokens.affords("a", "unavailable"), true);
    tokens.spend("a", "unavailable");
  }
  assert.deepEqual([tokens.affords("a", "unavailable"), tokens.affords("b", "unavailable")], [false, true]);
  for (let won = 0; won < 5; won++) tokens.earn("a");
  assert.deepEqual([tokens.affords("a", "unavailable"), tokens.affords("a", "timeout")], [true, false]);
});
