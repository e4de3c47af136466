import assert from "node:assert/strict";
import { test } from "node:test";
import { isLike } from "../../src/glob.ts";
import { applied, isOfCall, type LimitConfig, ruleOf, type Subject } from "../../src/limits/rule.ts";
import type { Tags } from "../../src/call.ts";

function subject(changes: Partial<Subject> = {}): Subject {
  return {
    gateway: "default",
    tenant: undefined,
    key: "anonymous",
    model: "gpt-5",
    provider: "openai",
    ip: "10.0.0.1",
    tags: new Map(),
    ...changes,
  };
}

const tags = (entries: Record<string, string | number>): Tags => new Map(Object.entries(entries));

const of = (config: LimitConfig, of: Subject) => applied(ruleOf(config), of);

test("a rule for one tag's value concerns nobody else", () => {
  const rule: LimitConfig = { per: "metadata.tenant", match: "acme-co", requests: 50, window: "1m" };
  assert.equal(of(rule, subject({ tags: tags({ tenant: "acme-co" }) }))?.amount, 50);
  assert.equal(of(rule, subject({ tags: tags({ tenant: "acme-cola" }) })), undefined);
  assert.equal(of(rule, subject()), undefined);
});

test("without a pattern each value counts by itself, and those without one together", () => {
  const rule: LimitConfig = { per: "metadata.user", requests: 5, window: "1m" };
  const values = [tags({ user: "a" }), tags({ user: "b" }), tags({}), tags({ other: 1 })].map((tags) =>
    of(rule, subject({ tags }))?.value
  );
  assert.equal(new Set(values).size, 3);
  assert.equal(values[2], values[3]);
});

test("values of several dimensions can't be told to be others'", () => {
  const rule: LimitConfig = { per: ["metadata.a", "metadata.b"], requests: 5, window: "1m" };
  const one = of(rule, subject({ tags: tags({ a: 'x","y', b: "z" }) }))?.value;
  const other = of(rule, subject({ tags: tags({ a: "x", b: 'y","z' }) }))?.value;
  assert.notEqual(one, other);
  const isText = of(rule, subject({ tags: tags({ a: "undefined" }) }))?.value;
  assert.notEqual(isText, of(rule, subject())?.value);
});

test("patterns may name other dimensions than the rule counts by", () => {
  const rule: LimitConfig = {
    per: "tenant",
    match: { model: "gpt-5*", "metadata.plan": ["free", "trial"] },
    requests: 5,
    window: "1m",
  };
  assert.ok(of(rule, subject({ tags: tags({ plan: "trial" }) })));
  assert.equal(of(rule, subject({ tags: tags({ plan: "paid" }) })), undefined);
  assert.equal(of(rule, subject({ model: "o3", tags: tags({ plan: "free" }) })), undefined);
});

test("overrides give some values other amounts", () => {
  const rule: LimitConfig = {
    per: "tenant",
    requests: 50,
    window: "1m",
    overrides: { "acme-co": 500, "trial-*": 5 },
  };
  assert.equal(of(rule, subject({ tenant: "acme-co" }))?.amount, 500);
  assert.equal(of(rule, subject({ tenant: "trial-7" }))?.amount, 5);
  assert.equal(of(rule, subject({ tenant: "other" }))?.amount, 50);
});

test("money is counted in billionths of a dollar, which are whole", () => {
  assert.equal(ruleOf({ per: "tenant", cost: 0.1, window: "1d" }).amount, 100_000_000);
  assert.equal(ruleOf({ per: "tenant", cost: 100, window: "1d", overrides: { a: 0.3 } }).overrides[0]?.[1], 3e8);
});

test("what a caller can name counts within its tenant, what only the operator can counts for all", () => {
  for (
    const [per, isTenants] of [["tenant", true], ["metadata.user", true], ["model", false], ["gateway", false]] as const
  ) {
    assert.equal(of({ per, requests: 1, window: "1m" }, subject())?.isTenants, isTenants, per);
  }
});

test("a rule by model or provider is the target's, any other of requests the call's", () => {
  const isOf = (config: LimitConfig) => isOfCall(ruleOf(config));
  assert.equal(isOf({ per: "tenant", requests: 1, window: "1m" }), true);
  assert.equal(isOf({ per: "key", concurrent: 1 }), true);
  assert.equal(isOf({ per: "model", requests: 1, window: "1m" }), false);
  assert.equal(isOf({ per: "tenant", match: { provider: "openai" }, requests: 1, window: "1m" }), false);
  assert.equal(isOf({ per: "tenant", tokens: 1, window: "1m" }), false);
});

test("a changed amount goes on counting where it was; anything else begins anew", () => {
  const id = (changes: Partial<LimitConfig>) => ruleOf({ per: "tenant", requests: 5, window: "1m", ...changes }).id;
  assert.equal(id({}), id({ requests: 9 }));
  assert.notEqual(id({}), id({ window: "1h" }));
  assert.notEqual(id({}), id({ algorithm: "fixed" }));
  assert.notEqual(id({}), id({ match: "a" }));
  assert.notEqual(id({}), id({ mode: "shadow" }));
});

test("stars stand for any characters, and a hostile pattern takes no time", () => {
  assert.ok(isLike("gpt-5-mini", "gpt-*"));
  assert.ok(isLike("a", "*"));
  assert.ok(isLike("", "*"));
  assert.ok(isLike("abcbd", "a*b*d"));
  assert.ok(!isLike("gpt", "gpt-*"));
  assert.ok(!isLike("aba", "ab*ba"));
  assert.ok(!isLike("xgpt-5", "gpt-*"));
  assert.ok(!isLike("a".repeat(10_000), `${"*a".repeat(200)}*b`));
});
