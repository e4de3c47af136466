import assert from "node:assert/strict";
import { test } from "node:test";
import { applied, type LimitConfig, ruleOf, type Subject } from "../../src/limits/rule.ts";
import { limitHeaders, refusalOf, type Told } from "../../src/limits/told.ts";

const SUBJECT: Subject = {
  gateway: "default",
  tenant: "acme",
  key: "k",
  model: "m",
  provider: "openai",
  ip: undefined,
  tags: new Map(),
};

const told = (config: LimitConfig, left: number, resetMs: number, isShort = false): Told => ({
  applied: applied(ruleOf(config), SUBJECT)!,
  standing: { taken: 0, left, isShort, resetMs },
});

const REQUESTS: LimitConfig = { per: "tenant", requests: 50, window: "1m" };
const COST: LimitConfig = { name: 'a "month"', per: "tenant", cost: 100, window: "month" };

test("limits are told in the fields of the draft, with units where they aren't requests", () => {
  const headers = limitHeaders([told(REQUESTS, 49, 60_000), told(COST, 12_345_678_901, 1500)]);
  assert.deepEqual(headers, [
    ["ratelimit-policy", '"tenant-requests-1m";q=50;w=60, "a \\"month\\"";q=100000000;qu="micro-usd";w=2678400'],
    ["ratelimit", '"tenant-requests-1m";r=49;t=60, "a \\"month\\"";r=12345678;t=2'],
  ]);
  assert.deepEqual(limitHeaders([told({ ...REQUESTS, mode: "shadow" }, 1, 1)]), []);
});

test("a refusal names the rule that is short for the longest, and how long that is", () => {
  const error = refusalOf([told(REQUESTS, 0, 1234, true), told({ ...REQUESTS, window: "1h" }, 0, 99_000, true)]);
  assert.equal(error.code, "rate_limited");
  assert.equal(error.spec.status, 429);
  assert.equal(error.headers["retry-after"], "99");
  assert.equal(error.headers["retry-after-ms"], "99000");
  assert.match(error.message, /"tenant-requests-1h" allows 50 requests in 3600 s/);
  assert.equal(error.headers["x-should-retry"], undefined);
});

test("a spent budget is 402 unless its rule says 429, and isn't to be tried again", () => {
  const error = refusalOf([told(COST, 0, 1000, true)]);
  assert.deepEqual([error.code, error.spec.status, error.spec.number], ["budget_exhausted", 402, 2041]);
  assert.equal(error.headers["x-should-retry"], "false");
  assert.equal(refusalOf([told({ ...COST, status: 429 }, 0, 1000, true)]).spec.status, 429);
});

test("another target may be asked where only a target's own rules are short", () => {
  assert.equal(refusalOf([told(REQUESTS, 0, 1, true)]).spec.canRetry, false);
  assert.equal(refusalOf([told({ ...REQUESTS, per: "provider" }, 0, 1, true)]).spec.canRetry, true);
  assert.equal(
    refusalOf([told({ ...REQUESTS, per: "model" }, 0, 1, true), told(REQUESTS, 0, 1, true)]).spec.canRetry,
    false,
  );
});
