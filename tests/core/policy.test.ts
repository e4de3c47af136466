import assert from "node:assert/strict";
import { test } from "node:test";
import { GatewayError } from "../../src/errors.ts";
import { DEFAULT_POLICY, delayMs, isFailure, isHurried, withConfig, withControls } from "../../src/routing/policy.ts";

const controls = (entries: Record<string, string>) => new Map(Object.entries(entries));

test("a step wins over its request, and a request over its gateway", () => {
  const gateway = { ...DEFAULT_POLICY, maxAttempts: 2, headersTimeoutMs: 9000, cacheTtlSeconds: 60 };
  const request = withControls(
    gateway,
    controls({ "cache-ttl": "3600", "request-timeout": "800", "retry-delay": "10" }),
  );
  const step = withConfig(withControls(request, controls({ "cache-ttl": "0", "max-attempts": "4" })), {
    requestTimeout: 50,
  });
  assert.deepEqual(
    [step.maxAttempts, step.headersTimeoutMs, step.cacheTtlSeconds, step.retryDelayMs],
    [4, 50, 0, 10],
  );
});

test("a step's config wins over its headers", () => {
  const step = withConfig(withControls(DEFAULT_POLICY, controls({ "max-attempts": "4" })), {
    maxAttempts: 2,
    backoff: "linear",
  });
  assert.deepEqual([step.maxAttempts, step.backoff], [2, "linear"]);
});

test("values over a limit are held to it, and what can't be understood is refused", () => {
  assert.equal(withControls(DEFAULT_POLICY, controls({ "max-attempts": "99" })).maxAttempts, 5);
  assert.equal(withControls(DEFAULT_POLICY, controls({ "retry-delay": "999999" })).retryDelayMs, 60_000);
  for (
    const bad of [{ "max-attempts": "many" }, { "backoff": "random" }, { "skip-cache": "maybe" }, { "cache-ttl": "-1" }]
  ) {
    assert.throws(() => withControls(DEFAULT_POLICY, controls(bad as unknown as Record<string, string>)), GatewayError);
  }
  assert.throws(() => withConfig(DEFAULT_POLICY, { requestTimeout: NaN }), GatewayError);
});

test("delays grow as the backoff says, and what grows exponentially is drawn from all the time up to there", () => {
  const grow = (backoff: "constant" | "linear" | "exponential", roll: number) =>
    [1, 2, 3].map((number) => delayMs({ ...DEFAULT_POLICY, retryDelayMs: 100, backoff }, number, roll));
  assert.deepEqual(grow("constant", 0.5), [100, 100, 100]);
  assert.deepEqual(grow("linear", 0.5), [100, 200, 300]);
  assert.deepEqual([grow("exponential", 0.999), grow("exponential", 0.5), grow("exponential", 0)], [
    [100, 200, 400],
    [50, 100, 200],
    [0, 0, 0],
  ]);
});

test("any status but 2xx is a failure", () => {
  assert.deepEqual([200, 204, 304, 404, 429, 500, 529].map(isFailure), [false, false, true, true, true, true, true]);
});

test("a policy is hurried if it leaves less time than another in any way", () => {
  const gateway = { ...DEFAULT_POLICY, headersTimeoutMs: 1000 };
  assert.equal(isHurried(gateway, gateway), false);
  assert.equal(isHurried({ ...gateway, headersTimeoutMs: 999 }, gateway), true);
  assert.equal(isHurried({ ...gateway, headersTimeoutMs: undefined }, gateway), false);
  assert.equal(isHurried({ ...gateway, firstTokenTimeoutMs: 60_000 }, gateway), true);
});
