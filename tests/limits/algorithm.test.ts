import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkConfig, ConfigError } from "../../src/config.ts";
import { claimsOf } from "../../src/limits/claims.ts";
import { type LimitConfig, ruleOf } from "../../src/limits/rule.ts";
import { memory } from "../../src/store/memory.ts";

const STOCK = ["upstash-fixed", "upstash-sliding", "upstash-bucket"] as const;

function issuesOf(limit: LimitConfig): readonly string[] {
  try {
    checkConfig({ gateways: { default: { limits: [limit] } } });
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.issues.map(({ path, message, suggestion }) => `${path} ${message}; ${suggestion}`);
  }
  return [];
}

describe("algorithms of the library", () => {
  for (const algorithm of STOCK) {
    it(`count requests with ${algorithm}`, () => {
      assert.deepEqual(issuesOf({ per: "tenant", requests: 5, window: "1m", algorithm }), []);
    });

    it(`are refused for anything but requests: ${algorithm}`, () => {
      const wrong = "gateways.default.limits[0].algorithm upstash-… is for requests only; leave it out";
      assert.deepEqual(issuesOf({ per: "tenant", tokens: 5, window: "1m", algorithm }), [wrong]);
      assert.deepEqual(issuesOf({ per: "tenant", cost: 5, window: "1m", algorithm }), [wrong]);
      assert.deepEqual(issuesOf({ per: "tenant", concurrent: 5, algorithm }), [wrong]);
    });

    it(`are refused for periods of the calendar: ${algorithm}`, () => {
      const [issue] = issuesOf({ per: "tenant", requests: 5, window: "day", algorithm });
      assert.match(issue ?? "", /must be fixed for a period of the calendar/);
    });

    it(`have counts of their own: ${algorithm}`, () => {
      const config: LimitConfig = { per: "tenant", requests: 5, window: "1m" };
      const [stock, own] = [ruleOf({ ...config, algorithm }), ruleOf({ ...config, algorithm: "fixed" })];
      assert.equal(stock.isStock, true);
      assert.equal(own.isStock, false);
      assert.notEqual(stock.id, own.id);
    });

    it(`are counted with our own of the same shape by a store that doesn't have them: ${algorithm}`, async () => {
      const rule = ruleOf({ per: "gateway", requests: 3, window: "1h", algorithm });
      const subject = {
        gateway: "default",
        tenant: undefined,
        key: undefined,
        model: undefined,
        provider: "demo",
        ip: undefined,
        tags: new Map(),
      };
      const counted = await claimsOf([rule], subject, () => assert.fail("asked for a forecast"), 0);
      assert.equal(counted[0]?.claim.measure, algorithm.slice("upstash-".length));
      const store = memory({ now: () => 1000 });
      const granted: boolean[] = [];
      for (let call = 0; call < 5; call++) {
        const claims = counted.map(({ claim }) => claim);
        granted.push((await store.admit({ id: `call-${call}`, claims, leaseMs: 1000 })).isGranted);
      }
      assert.deepEqual(granted, [true, true, true, false, false]);
    });
  }

  it("mean nothing to a rule that wasn't checked and counts something else", () => {
    assert.equal(ruleOf({ per: "tenant", tokens: 5, window: "1m", algorithm: "upstash-fixed" }).isStock, false);
    assert.equal(ruleOf({ per: "tenant", requests: 5, window: "day", algorithm: "upstash-fixed" }).isStock, false);
  });
});
