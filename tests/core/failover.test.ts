import assert from "node:assert/strict";
import { test } from "node:test";
import type { Options } from "../../mod.ts";
import type { Outbound } from "../../src/call.ts";
import { completion, type House, house, type Script } from "./house.ts";

const step = (model: string, config = {}, key = "sk-a") => ({
  provider: "openai",
  endpoint: "chat/completions",
  headers: { authorization: `Bearer ${key}` },
  query: { model, messages: [] },
  config,
});

const universal = ({ ask }: House, steps: readonly unknown[], headers = {}) =>
  ask("/v1/acc/gw", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(steps),
  });

const modelOf = ({ body }: Outbound) =>
  (JSON.parse(new TextDecoder().decode(body as Uint8Array)) as { model: string }).model;
const failing = (status: number, headers = {}, error: unknown = { message: "no" }) =>
  Response.json({ error }, { status, headers });
const byModel = (answers: Record<string, () => Response | Promise<Response>>): Script => (outbound) =>
  answers[modelOf(outbound)]!();
const asked = ({ sent }: House) => sent.map(modelOf);
const gateway = (settings: NonNullable<Options["gateways"]>[string]): Options => ({ gateways: { gw: settings } });

test("three targets that fail cost three requests, however often each may be tried", async () => {
  const built = house(() => failing(503), gateway({ retry: { attempts: 5, delay: 0, total: 3 } }));
  const answer = await universal(built, [step("a"), step("b"), step("c")]);
  assert.deepEqual([answer.status, answer.headers.get("x-should-retry"), asked(built)], [503, "false", [
    "a",
    "b",
    "c",
  ]]);
});

test("a retry takes what no other target needs", async () => {
  const built = house(() => failing(503), gateway({ retry: { attempts: 5, delay: 0, total: 3 } }));
  await universal(built, [step("a"), step("b")]);
  assert.deepEqual(asked(built), ["a", "a", "b"]);
});

test("what a content filter refuses is not carried to another target", async () => {
  const filtered = () => failing(400, {}, { message: "filtered", code: "content_filter" });
  const built = house(byModel({ a: filtered, b: completion }));
  const answer = await universal(built, [step("a"), step("b")]);
  assert.deepEqual([answer.status, asked(built)], [400, ["a"]]);
});

test("a context that is too long goes only to a model that is known to take more", async () => {
  const long = () => failing(400, {}, { message: "too long", code: "context_length_exceeded" });
  const windows: Record<string, number> = { small: 8_000, same: 8_000, large: 128_000 };
  const prices = { cost: () => undefined, window: ({ model }: { model: string }) => windows[model] };
  const built = house(byModel({ small: long, same: completion, unknown: completion, large: completion }), { prices });
  const answer = await universal(built, [step("small"), step("same"), step("unknown"), step("large")]);
  assert.deepEqual([answer.headers.get("cf-aig-step"), asked(built)], ["3", ["small", "large"]]);
});

test("a throttled target is left alone until it should be back, by calls with the same credential only", async () => {
  const throttled = () => failing(429, { "retry-after": "30" });
  const built = house(byModel({ a: throttled, b: completion }));
  const steps = [step("a"), step("b")];
  assert.equal((await universal(built, steps)).headers.get("cf-aig-step"), "1");
  const second = await universal(built, steps);
  assert.deepEqual([second.headers.get("cf-aig-step"), asked(built)], ["1", ["a", "b", "b"]]);
  await universal(built, [step("a", {}, "sk-of-another"), step("b")]);
  assert.deepEqual(asked(built).slice(3), ["a", "b"]);
  const [, , record] = await built.records();
  assert.deepEqual(record?.decisions.map(({ step, reason, course }) => [step, reason, course]), [
    [0, "throttled", "next"],
  ]);
});

test("targets that all cool are asked all the same, each once", async () => {
  const built = house(() => failing(429, { "retry-after": "30" }));
  const steps = [step("a", { maxAttempts: 3, retryDelay: 0 }), step("b", { maxAttempts: 3, retryDelay: 0 })];
  await universal(built, steps);
  await universal(built, steps);
  assert.deepEqual(asked(built), ["a", "b", "a", "b"]);
});

test("the only target of a plan is asked as if nothing had been", async () => {
  const built = house((_, count) => count < 3 ? failing(429, { "retry-after": "0.01" }) : completion());
  await universal(built, [step("a")]);
  const answer = await universal(built, [step("a", { maxAttempts: 3 })]);
  assert.deepEqual([answer.status, asked(built)], [200, ["a", "a", "a"]]);
});

test("a time limit that the caller shortened says nothing of a target", async () => {
  const slow = (outbound: Outbound) =>
    new Promise<Response>((_, reject) => outbound.signal.addEventListener("abort", () => reject(new Error("aborted"))));
  const built = house((outbound) => modelOf(outbound) === "a" ? slow(outbound) : completion());
  for (let count = 0; count < 4; count++) await universal(built, [step("a", { requestTimeout: 5 }), step("b")]);
  assert.deepEqual(asked(built).filter((model) => model === "a").length, 4);
});

test("a target that fails again and again is passed by after the fifth time", async () => {
  const built = house(byModel({ a: () => failing(500), b: completion }));
  for (let count = 0; count < 7; count++) await universal(built, [step("a"), step("b")]);
  assert.deepEqual(asked(built).join(""), "abababababbb");
});

test("a second target is asked beside a slow one; the first to speak wins, and the other is closed", async () => {
  let closed = false;
  const slow = (outbound: Outbound) =>
    new Promise<Response>((_, reject) =>
      outbound.signal.addEventListener("abort", () => {
        closed = true;
        reject(outbound.signal.reason);
      })
    );
  const built = house(
    (outbound) => modelOf(outbound) === "slow" ? slow(outbound) : completion(),
    gateway({ hedge: { after: 20, percent: 100 } }),
  );
  const answer = await universal(built, [step("slow"), step("fast")]);
  assert.deepEqual([answer.status, answer.headers.get("cf-aig-step"), closed], [200, "1", true]);
  await answer.text();
  const [record] = await built.records();
  assert.equal(record?.step, 1);
  assert.deepEqual(
    record?.attempts.map(({ step, why, error }) => [step, why, error]).sort(),
    [[0, "first", "outpaced"], [1, "hedge", undefined]],
  );
});

test("of a hundred calls only so many are hedged", async () => {
  const slow = () => new Promise<Response>((resolve) => setTimeout(() => resolve(completion()), 15));
  const built = house(slow, gateway({ hedge: { after: 1, percent: 10 } }));
  for (let count = 0; count < 20; count++) await (await universal(built, [step("a"), step("b")])).text();
  const hedged = asked(built).filter((model) => model === "b").length;
  assert.ok(hedged >= 2 && hedged <= 4, `${hedged}`);
});

test("where both of a hedged pair fail the plan goes on", async () => {
  const late = () => new Promise<Response>((resolve) => setTimeout(() => resolve(failing(503)), 15));
  const built = house(
    byModel({ a: late, b: () => failing(500), c: completion }),
    gateway({ hedge: { after: 1, percent: 100 } }),
  );
  const answer = await universal(built, [step("a"), step("b"), step("c")]);
  assert.deepEqual([answer.status, answer.headers.get("cf-aig-step")], [200, "2"]);
});

test("no attempt follows once the client has left", async () => {
  const leaving = new AbortController();
  const built = house(() => failing(503));
  const asking = built.ask("/v1/acc/gw", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify([step("a", { maxAttempts: 5, retryDelay: 10_000, backoff: "constant" }), step("b")]),
    signal: leaving.signal,
  });
  await new Promise((resolve) => setTimeout(resolve, 10));
  leaving.abort();
  assert.equal((await asking).status, 499);
  assert.deepEqual(asked(built), ["a"]);
});

test("what the gateway's own limit refuses doesn't count as a target that is back", async () => {
  // The model is throttled on the first call; its own limit lets no second one come that far.
  const built = house(
    byModel({ a: () => failing(429, { "retry-after-ms": "30" }), b: completion }),
    gateway({ limits: [{ per: "model", match: "a", requests: 1, window: "1h" }], retry: { attempts: 1 } }),
  );
  await universal(built, [step("a"), step("b")]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  // Its time is over, so it is due a probe, which the limit refuses; after that it is left alone as before.
  const story = async () =>
    (await universal(built, [step("a"), step("b")], { "cf-aig-debug": "true" })).headers
      .get("cf-aig-attempts");
  assert.doesNotMatch(await story() ?? "", /cooling/);
  assert.match(await story() ?? "", /0 cooling/);
});
