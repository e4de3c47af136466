import assert from "node:assert/strict";
import { test } from "node:test";
import type { Options } from "../../mod.ts";
import type { Verdict } from "../../src/routing/verdict.ts";
import { Cooling } from "../../src/routing/cooling.ts";
import { decide, type Situation } from "../../src/routing/decision.ts";
import { chosenKey, learnOfKey, restMs, spareKeys } from "../../src/routing/ring.ts";
import type { Target } from "../../src/call.ts";
import { DEFAULT_POLICY } from "../../src/routing/policy.ts";
import { findProvider } from "../../src/providers/table.ts";
import { completion } from "../core/house.ts";
import { keyed, shownKeys } from "./upstream.ts";

const three: Options = { providers: { openai: { keys: { default: ["sk-1", "sk-2", "sk-3"] } } } };
const ask = { method: "POST", headers: { "content-type": "application/json" }, body: '{"model":"m","messages":[]}' };
const path = "/openai/chat/completions";

const failing = (status: number, headers: Record<string, string> = {}, message = "no") =>
  Response.json({ error: { message } }, { status, headers });

test("a key that is dead is left alone, and the next one is asked within the call", async () => {
  for (const status of [401, 402, 403]) {
    const home = keyed((key) => key === "sk-1" ? failing(status) : completion(), three);
    const answer = await home.ask(path, ask);
    assert.equal(answer.status, 200);
    await answer.text();
    await (await home.ask(path, ask)).text();
    assert.deepEqual(shownKeys(home), ["sk-1", "sk-2", "sk-2"], String(status));
  }
});

test("a key that is throttled or out of credit hands over, too; the story tells of it, and each try counts", async () => {
  const home = keyed((key) => {
    if (key === "sk-1") return failing(429, { "retry-after": "30" });
    return key === "sk-2" ? failing(429, {}, "You exceeded your current quota: insufficient_quota") : completion();
  }, three);
  const answer = await home.ask(path, ask);
  assert.equal(answer.status, 200);
  assert.match(
    answer.headers.get("cf-aig-attempts") ?? "",
    /^0 openai m first 429 \d+ms throttled key; 0 openai m retry 429 \d+ms no-credit key; 0 openai m retry 200/,
  );
  await answer.text();
  const [record] = await home.records();
  assert.deepEqual(record?.attempts.map(({ number, status }) => [number, status]), [[1, 429], [2, 429], [3, 200]]);
  assert.deepEqual(record?.decisions.map(({ course, waitMs }) => [course, waitMs]), [["key", 0], ["key", 0]]);
  await (await home.ask(path, ask)).text();
  assert.deepEqual(shownKeys(home), ["sk-1", "sk-2", "sk-3", "sk-3"]);
});

test("a call makes no more requests than it may, and its other targets keep theirs", async () => {
  const home = keyed(() => failing(429), { ...three, gateways: { default: { retry: { total: 2 } } } });
  assert.equal((await home.ask(path, ask)).status, 429);
  assert.deepEqual(shownKeys(home), ["sk-1", "sk-2"]);
  const step = (provider: string) => ({ provider, endpoint: "chat/completions", query: { model: "m" } });
  const other = keyed((key) => key === "sk-groq" ? completion() : failing(429), {
    providers: { ...three.providers, groq: { key: "sk-groq" } },
  });
  const answer = await other.ask("/", { ...ask, body: JSON.stringify([step("openai"), step("groq")]) });
  assert.deepEqual([answer.status, answer.headers.get("cf-aig-step")], [200, "1"]);
  assert.deepEqual(shownKeys(other), ["sk-1", "sk-2", "sk-groq"]);
});

test("what isn't the key's fault asks no other key", async () => {
  for (const status of [400, 404, 422, 500, 503]) {
    const home = keyed(() => failing(status), three);
    assert.equal((await home.ask(path, ask)).status, status);
    assert.deepEqual(shownKeys(home), ["sk-1"], String(status));
  }
});

test("when all keys are dead the one whose time is over first is asked, and serves again once it works", async () => {
  let isDead = true;
  const home = keyed((key) => isDead || key !== "sk-1" ? failing(401) : completion(), three);
  assert.equal((await home.ask(path, ask)).status, 401);
  isDead = false;
  assert.equal((await home.ask(path, ask)).status, 200);
  assert.equal((await home.ask(path, ask)).status, 200);
  assert.deepEqual(shownKeys(home), ["sk-1", "sk-2", "sk-3", "sk-1", "sk-1"]);
});

test("a client's own key that dies asks no stored one, and spoils nothing for others", async () => {
  const home = keyed((key) => key === "sk-own" ? failing(401) : completion(), three);
  const own = { ...ask, headers: { ...ask.headers, authorization: "Bearer sk-own" } };
  for (let count = 0; count < 8; count++) assert.equal((await home.ask(path, own)).status, 401);
  assert.equal((await home.ask(path, ask)).status, 200);
  assert.deepEqual(shownKeys(home), [...Array<string>(8).fill("sk-own"), "sk-1"]);
});

test("a tenant's key that dies, given by the function, doesn't put off its provider for another tenant", async () => {
  for (const [status, headers] of [[401, {}], [402, {}], [403, {}], [429, { "retry-after": "60" }]] as const) {
    const home = keyed((key) => key === "sk-bad" ? failing(status, headers) : completion(), {
      auth: { keys: ["good", "bad"].map((id) => ({ id, key: `hg-${id}`, tenant: id })) },
      credentials: (call) => `sk-${call.identity?.tenant}`,
    });
    const steps = ["openai", "groq"].map((provider) => ({
      provider,
      endpoint: "chat/completions",
      query: { model: "m" },
    }));
    const call = async (who: string) => {
      const headers = { ...ask.headers, "cf-aig-authorization": `hg-${who}` };
      const answer = await home.ask("/", { method: "POST", headers, body: JSON.stringify(steps) });
      await answer.text();
      return answer.headers.get("cf-aig-step");
    };
    for (let count = 0; count < 8; count++) await call("bad");
    assert.equal(await call("good"), "0", String(status));
  }
});

const target = (count: number, model = "m", alias?: string): Target => ({
  step: 0,
  provider: {
    ...findProvider("openai")!,
    keys: new Map([[alias ?? "default", Array<string>(count).fill("k") as [string]]]),
  },
  url: new URL("https://api.openai.com/v1/chat/completions"),
  path: "chat/completions",
  model,
  headers: undefined,
  ownsCredentials: true,
  body: { kind: "none" },
  policy: { ...DEFAULT_POLICY, keyAlias: alias },
});

const RING = ["k", "k"];

const verdict = (reason: Verdict["reason"], retryAfterMs?: number): Verdict => ({
  course: "next",
  reason,
  retryAfterMs,
});

test("a dead key rests long, a throttled one as long as it was told, a caller's own words hardly at all", () => {
  assert.equal(restMs(verdict("unauthorized"), 401), 600_000);
  assert.equal(restMs(verdict("no-credit"), 402), 600_000);
  assert.equal(restMs(verdict("no-credit", 3_600_000), 429), 3_600_000);
  assert.equal(restMs(verdict("throttled", 42_000), 429), 42_000);
  assert.equal(restMs(verdict("throttled", 0), 429), 500);
  assert.equal(restMs(verdict("throttled"), 429), 5_000);
  assert.equal(restMs(verdict("unauthorized"), 400), 5_000);
  assert.equal(restMs(verdict("unavailable"), 503), 0);
  assert.equal(restMs(verdict("bad-request"), 400), 0);
});

test("a throttled key is asked again when its time is over, by one call first", () => {
  const cooling = new Cooling();
  const two = target(2);
  const choose = (now: number) => chosenKey(two, RING, cooling, now);
  assert.equal(choose(0), 0);
  learnOfKey(two, 0, verdict("throttled", 10_000), 429, cooling, 0);
  assert.deepEqual([choose(1), spareKeys(two, cooling, 1)], [1, 1]);
  assert.deepEqual([choose(10_000), choose(10_001)], [0, 1]);
  learnOfKey(two, 0, undefined, 200, cooling, 10_002);
  assert.deepEqual([choose(10_003), spareKeys(two, cooling, 10_003)], [0, 2]);
});

test("what is forbidden or throttled is so for one model, and a dead key is dead for all", () => {
  const cooling = new Cooling();
  learnOfKey(target(2), 0, verdict("unauthorized"), 403, cooling, 0);
  learnOfKey(target(2, "x"), 0, verdict("throttled"), 429, cooling, 0);
  assert.deepEqual(["m", "x", "y"].map((model) => chosenKey(target(2, model), RING, cooling, 1)), [1, 1, 0]);
  learnOfKey(target(2), 0, verdict("unauthorized"), 401, cooling, 1);
  assert.deepEqual(["m", "x", "y"].map((model) => chosenKey(target(2, model), RING, cooling, 2)), [1, 1, 1]);
  assert.equal(chosenKey(target(2, "m", "eu"), RING, cooling, 2), 0);
});

test("another key needs no wait, no attempt of the policy's and no retry budget, but time and a request that is left", () => {
  const base: Situation = {
    verdict: verdict("throttled", 60_000),
    maxAttempts: 1,
    retryDelayMs: 500,
    backoff: "constant",
    made: 1,
    others: 0,
    isOnly: true,
    allowed: 2,
    remainingMs: undefined,
    isAffordable: false,
    roll: 0,
    spareKeys: 1,
  };
  assert.deepEqual(decide(base), { again: true, waitMs: 0 });
  assert.deepEqual(decide({ ...base, spareKeys: 0 }), { again: false });
  assert.deepEqual(decide({ ...base, allowed: 1, others: 1 }), { again: false });
  assert.deepEqual(decide({ ...base, remainingMs: 100 }), { again: false });
  assert.deepEqual(decide({ ...base, verdict: verdict("unavailable") }), { again: false });
});
