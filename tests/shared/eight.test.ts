import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Answered } from "../runtime/client.ts";
import type { Runtime } from "../runtime/harness.ts";
import { begin } from "../runtime/client.ts";
import { pause, until } from "../runtime/wait.ts";
import { openRig, type Rig } from "../store/rig.ts";
import { read } from "../wall/reading.ts";
import { budgetsIn, dump, type Dumped } from "./dump.ts";
import { mostWithin, quantile, say, total } from "./figures.ts";
import { ask, type Chat, chat, Fleet, providersAt } from "./fleet.ts";
import { Provider, type Visit } from "./provider.ts";
import { findFaketime } from "./skew.ts";

const RUNTIMES: readonly Runtime[] = ["node", "node", "deno", "deno", "bun", "bun", "workers", "vercel"];
const CROWD = 500;
const APART_SECONDS = 259;
const LIMIT = 50;
const ROUNDS = ["round-1", "round-2", "round-3"];
const WINDOW_MS = 2000;
const BUDGET = 60_000;
const PLACES = 40;
/** As `LEASE_MS` of the product, and a moment. */
const LEASE_MS = 61_000;

/** What must never lie in the store: of a credential, a prompt and an answer. */
const CANARIES = { credential: "canary-key-7f3a", prompt: "canary-ask-19bd", answer: "canary-say-c40e" };
const WORDS = Array.from({ length: 12 }, (_, index) => `${CANARIES.answer}-${index}`);
const TEXT = WORDS.join(" ");

/** Which process leads when it is killed, and when. */
const CRASHES: readonly (readonly [how: string, leader: number, isStream: boolean, isBegun: boolean])[] = [
  ["plain", 1, false, false],
  ["before the first byte of a stream", 4, true, false],
  ["in the middle of a stream", 6, true, true],
];

const isSkewed = findFaketime() !== undefined;
const clocks = isSkewed
  ? `whose clocks are up to ${APART_SECONDS} s apart by libfaketime, workerd's being the machine's`
  : "whose clocks agree, as libfaketime isn't installed";

const strict = { onStoreFailure: "closed" };
const kept = { ttl: 300, secret: "a secret for tests alone" };

const config = (provider: Provider, { front }: Rig) => ({
  // A crowd on a small machine takes its time; what becomes of a slow store is tested elsewhere.
  store: { upstash: { url: front.url, token: front.token }, timeout: 10_000 },
  drainSeconds: 1,
  providers: providersAt(provider),
  gateways: {
    ...Object.fromEntries(ROUNDS.map((name) => [name, {
      limits: [{ per: "metadata.tenant", match: "acme-co", requests: LIMIT, window: "1m", ...strict }],
    }])),
    edge: { limits: [{ per: "metadata.tenant", match: "acme-co", requests: LIMIT, window: "2s", ...strict }] },
    budget: { limits: [{ per: "gateway", tokens: BUDGET, window: "1d", mode: "hard" }] },
    killed: {
      limits: [
        { per: "gateway", concurrent: PLACES, ...strict },
        { per: "gateway", tokens: 1_000_000, window: "1d", mode: "hard" },
      ],
    },
    kept: { cache: kept },
    all: {
      cache: kept,
      limits: [
        { per: "gateway", requests: 100_000, window: "1m", ...strict },
        { per: "tenant", tokens: 100_000_000, window: "day" },
        { per: "model", tokens: 100_000_000, window: "1h", mode: "hard" },
      ],
    },
    "all-places": {
      cache: kept,
      limits: [{ per: "gateway", concurrent: 10, ...strict }, { per: "tenant", tokens: 100_000_000, window: "day" }],
    },
  },
});

const tenant = (name: string) => ({ "cf-aig-metadata": JSON.stringify({ tenant: name }) });

describe(`eight processes over one Redis, ${clocks}`, () => {
  let rig: Rig;
  let provider: Provider;
  let fleet: Fleet;
  /** When two processes were killed, and the calls that they were at. */
  let killedAt = 0;

  before(async () => {
    rig = await openRig();
    provider = await Provider.start();
    const startedAt = performance.now();
    const apartSeconds = isSkewed ? APART_SECONDS : 0;
    fleet = await Fleet.start({ runtimes: RUNTIMES, config: config(provider, rig), apartSeconds });
    say("eight processes", { "started in s": (performance.now() - startedAt) / 1000 });
  });
  after(async () => {
    await fleet?.stop();
    await provider?.stop();
    await rig?.stop();
  });

  const crowd = (size: number, of: (index: number) => Chat) =>
    Promise.all(Array.from({ length: size }, (_, index) => ask(fleet.at(index), of(index))));

  test("their clocks are as far apart as is said", async () => {
    const told = await Promise.all(fleet.gateways.map(async (gateway) => {
      const { createdAt } = await gateway.log(await ask(gateway, { gateway: "kept", prompt: "What time is it?" }));
      return (Date.parse(createdAt) - Date.now()) / 1000;
    }));
    const apart = Math.max(...told) - Math.min(...told);
    say("clocks", { "seconds apart": apart });
    assert.ok(Math.abs(apart - (isSkewed ? APART_SECONDS : 0)) < 5, String(told));
  });

  test("two are killed with -9 in the middle of streams, and clients leave: who left is free at once", async () => {
    const words = "Hold on.";
    provider.begin((visit) => {
      visit.begin();
      visit.say(words);
    });
    const one = { gateway: "killed", prompt: CANARIES.prompt, isStream: true, maxTokens: 200 };
    const named = (index: number) => ({ authorization: `Bearer sk-${RUNTIMES[index % 8]}` });
    const lives = Array.from(
      { length: 32 },
      (_, index) => begin(fleet.at(index).port, chat({ ...one, headers: named(index) })),
    );
    await Promise.all(lives.map((live) => live.answered()));
    await Promise.all(lives.map((live) => live.take(20)));
    assert.equal(provider.visits.length, 32);
    const isOf = (gateways: readonly number[]) => (_: unknown, index: number) => gateways.includes(index % 8);
    await Promise.all([3, 5].map((index) => fleet.crash(index)));
    killedAt = performance.now();
    const restarted = Promise.all([3, 5].map((index) => fleet.restart(index)));
    for (const live of lives.filter(isOf([0, 2, 6, 7]))) live.leave();
    // workerd learns that a client has left when it has something to write to it.
    for (const visit of provider.visits) if (visit.credential.endsWith("workers")) visit.say(words);
    const left = () => provider.visits.filter(({ isLeft }) => isLeft).length;
    await until(() => left() === 24, "the ends of what was left", 10_000);
    for (const visit of provider.visits) if (!visit.isLeft) visit.end({ input: 11, output: 7 });
    await Promise.all(lives.filter(isOf([1, 4])).map((live) => live.rest()));
    const isSettled = async () => live(await dump(rig)) === 8;
    await until(isSettled, "what is held by nobody but the killed", 10_000);
    const places = (await dump(rig)).find(({ key, parts }) => key.includes(":count:") && parts.length === 16);
    assert.ok(places !== undefined, "eight places are taken by the killed calls");
    await restarted;
  });

  test(`of ${CROWD} calls at once exactly ${LIMIT} a minute pass, in several rounds`, async () => {
    for (const gateway of ROUNDS) {
      provider.begin((visit) => visit.answer("Yes.", { input: 1, output: 1 }));
      const startedAt = performance.now();
      const answers = await crowd(CROWD, (index) => ({
        gateway,
        prompt: `${index}`,
        headers: tenant("acme-co"),
      }));
      const ms = performance.now() - startedAt;
      const passed = answers.filter(({ status }) => status === 200).length;
      say(`limit, ${gateway}`, { calls: CROWD, passed, arrived: provider.visits.length, ms });
      assert.deepEqual(countsOf(answers), { 200: LIMIT, 429: CROWD - LIMIT });
      assert.equal(provider.visits.length, LIMIT);
      assert.equal((await ask(fleet.at(0), { gateway, prompt: "x", headers: tenant("other") })).status, 200);
    }
  });

  test("no two seconds, wherever they begin, have more calls than a sliding limit of two seconds allows", async () => {
    provider.begin((visit) => visit.answer("Yes.", { input: 1, output: 1 }));
    const startedAt = performance.now();
    const tookMs: number[] = [];
    let calls = 0;
    const caller = async () => {
      while (performance.now() - startedAt < 7000) {
        const askedAt = performance.now();
        const gateway = fleet.at(calls++);
        const { status } = await ask(gateway, { gateway: "edge", prompt: "x", headers: tenant("acme-co") });
        if (status === 200) tookMs.push(performance.now() - askedAt);
        else await pause(40);
      }
    };
    await Promise.all(Array.from({ length: 32 }, caller));
    const moments = provider.visits.map(({ at }) => at);
    // A call may come later than it was admitted by what a whole call took at most.
    const toleranceMs = quantile(tookMs, 1);
    const most = mostWithin(moments, WINDOW_MS - toleranceMs);
    const strictly = mostWithin(moments, WINDOW_MS);
    say("sliding window of 2 s", {
      calls,
      passed: moments.length,
      "most in 2 s": strictly,
      "most in 2 s less tolerance": most,
      "tolerance ms": toleranceMs,
    });
    assert.ok(toleranceMs < 0.75 * WINDOW_MS, `the machine is too slow for this test: ${toleranceMs} ms`);
    assert.ok(moments.length > 2 * LIMIT, "the windows are used");
    assert.ok(most <= LIMIT, `${most} of ${LIMIT}`);
  });

  test(`a hard budget isn't overshot by ${CROWD} calls at once, and what is left is exact`, async () => {
    provider.begin(async (visit) => {
      await pause(Math.random() * 60);
      if (Math.random() < 0.05) return visit.refuse(400);
      const input = 1 + Math.floor(Math.random() * visit.text.length / 2);
      visit.answer("Yes.", { input, output: Math.floor(Math.random() * ((visit.cap ?? 0) + 1)) });
    });
    const chats = Array.from({ length: CROWD }, (_, index): Chat => ({
      gateway: "budget",
      prompt: "x".repeat(Math.floor(Math.random() * 400)),
      isStream: index % 2 === 0,
      maxTokens: 50 + Math.floor(Math.random() * 350),
    }));
    const statuses: number[] = [];
    await Promise.all(chats.map(async (one, index) => {
      for (let tries = 0; tries < 4; tries++) {
        const { status } = await ask(fleet.at(index + tries), one);
        statuses.push(status);
        if (status !== 402) return;
        await pause(100 + Math.random() * 300);
      }
    }));
    const truth = total(provider.visits.map(({ told }) => told === undefined ? 0 : told.input + told.output));
    const isSettled = async () => {
      const found = budgetsIn(await dump(rig)).find(({ holds }) => holds.length >= provider.visits.length);
      return found?.holds.every(({ state }) => state === "settled") === true && found;
    };
    const { count } = await until(isSettled, "all to be settled", 10_000);
    const refused = statuses.filter((status) => status === 402).length;
    say("hard budget", {
      budget: BUDGET,
      asked: statuses.length,
      passed: provider.visits.length,
      refused,
      truth,
      "left in the store": BUDGET - count,
      "left by the truth": BUDGET - truth,
    });
    assert.ok(refused > 0 && truth > BUDGET / 2, "the budget is used");
    assert.ok(truth <= BUDGET, `overshot by ${truth - BUDGET}`);
    assert.equal(BUDGET - count, BUDGET - truth);
  });

  for (const isStream of [false, true]) {
    const how = isStream ? "streamed" : "plain";
    test(`${CROWD} identical calls at once, ${how}, are one call of the provider's`, async () => {
      const told = { input: 5, output: 12 };
      provider.begin(async (visit) => {
        await pause(1500);
        if (!isStream) return visit.reply(TEXT, told);
        await stream(visit, WORDS, told);
      });
      const startedAt = performance.now();
      const before = rig.front.requests;
      const one = canaryChat(`identical, ${how}`, isStream);
      const asked = crowd(CROWD, () => one);
      if (isStream) {
        await pause(1900);
        assert.deepEqual(leaks(await dump(rig)), []);
      }
      const answers = await asked;
      const requests = rig.front.requests - before;
      say(`${CROWD} identical calls, ${how}`, {
        "of the provider": provider.visits.length,
        bodies: new Set(answers.map(({ text }) => text)).size,
        "without the store": answers.filter(({ headers }) => headers.has("cf-aig-store")).length,
        "requests to the store": requests,
        ms: performance.now() - startedAt,
      });
      assert.deepEqual(countsOf(answers), { 200: CROWD });
      for (const { isWhole, text } of answers) assert.ok(isWhole && wholeText(text, isStream) === TEXT);
      assert.equal(new Set(answers.map(({ text }) => text)).size, 1);
      assert.equal(provider.visits.length, 1);
      // Each call asks once, and each process listens for all of its own.
      assert.ok(requests < 2 * CROWD, `${requests} requests`);
    });
  }

  for (const [how, leader, isStream, isBegun] of CRASHES) {
    test(`a leader killed with -9, ${how}: whoever has heard nothing gets all of it from a new one`, async () => {
      const told = { input: 5, output: 12 };
      provider.begin(async (visit) => {
        const isFirst = provider.visits.length === 1;
        if (!isFirst) return visit.answer(TEXT, told);
        if (!isBegun) return;
        visit.begin();
        for (const word of WORDS.slice(0, 4)) visit.say(`${word} `);
      });
      const one = canaryChat(`crash, ${how}`, isStream);
      const first = begin(fleet.at(leader).port, chat(one));
      first.answered().catch(() => {});
      await until(() => provider.visits.length === 1, "the leader's call");
      const others = Array.from({ length: CROWD - 1 }, (_, index) => fleet.at(leader + 1 + index % 7));
      const asked = Promise.all(others.map((gateway) => ask(gateway, one).catch(() => undefined)));
      await pause(isBegun ? 2500 : 1000);
      const killed = performance.now();
      await fleet.crash(leader);
      const answers = await asked;
      const ms = performance.now() - killed;
      await fleet.restart(leader);
      const readings = answers.flatMap((answer) => answer === undefined ? [] : [read("chat", isStream, answer)]);
      const whole = readings.filter(({ outcome, text }) => outcome === "answer" && text === TEXT).length;
      const broken = answers.length - readings.length + readings.filter(({ outcome }) => outcome === "error").length;
      say(`leader killed, ${how}`, {
        whole,
        "broken with an error": broken,
        "of the provider": provider.visits.length,
        "ms until all are over": ms,
      });
      assert.equal(whole + broken, CROWD - 1, "none is cut off and looks whole");
      if (!isBegun) assert.deepEqual([whole, provider.visits.length], [CROWD - 1, 2]);
      const again = await ask(fleet.at(leader), one);
      assert.equal(wholeText(again.text, isStream), TEXT);
      assert.equal(provider.visits.length, 2);
    });
  }

  /** Waits until nobody has asked the store for a while. */
  const quiet = async () => {
    for (let [seen, still] = [-1, 0]; still < 4;) {
      await pause(40);
      still = rig.front.requests === seen ? still + 1 : 0;
      seen = rig.front.requests;
    }
  };

  test("with limits, budgets and a cache a call asks the store once beforehand, and a hit once in all", async () => {
    const figures: Record<string, string> = {};
    for (const gateway of ["all", "all-places"]) {
      for (const [index, one] of fleet.gateways.entries()) {
        const counts: [before: number, after: number, hit: number][] = [];
        for (const round of [0, 1, 2]) {
          await quiet();
          let [atVisit, atStart] = [0, rig.front.requests];
          provider.begin((visit) => {
            atVisit = rig.front.requests - atStart;
            visit.answer(TEXT, { input: 5, output: 12 });
          });
          const prompt = `${CANARIES.prompt} trips ${gateway} ${index} ${round}`;
          const asked = { gateway, prompt, headers: { authorization: `Bearer ${CANARIES.credential}` } };
          await ask(one, asked);
          await quiet();
          const after = rig.front.requests - atStart - atVisit;
          atStart = rig.front.requests;
          const hit = await ask(one, asked);
          await quiet();
          assert.equal(hit.headers.get("cf-aig-cache-status"), "HIT");
          counts.push([atVisit, after, rig.front.requests - atStart]);
        }
        assert.deepEqual(counts.map(([before]) => before), [1, 1, 1], one.runtime);
        assert.ok(counts.every(([, , hit]) => hit === (gateway === "all" ? 1 : 2)), String(counts));
        figures[`${one.runtime} ${index}`] = counts.map(([before, after, hit]) => `${before}+${after}/${hit}`).join(
          " ",
        );
      }
      say(`requests to the store before + after a call / for a hit, ${gateway}`, figures);
    }
  });

  test("what the killed calls held is free after their lease, and no more than their needs is kept", async () => {
    await pause(Math.max(0, killedAt + LEASE_MS - performance.now()));
    const waiting: Visit[] = [];
    provider.begin((visit) => {
      waiting.push(visit);
      if (waiting.length === PLACES) { for (const one of waiting) one.reply("Yes.", { input: 11, output: 7 }); }
    });
    const one = { gateway: "killed", prompt: CANARIES.prompt, maxTokens: 200 };
    const answers = await crowd(PLACES, () => one);
    assert.deepEqual(countsOf(answers), { 200: PLACES });
    const isSettled = async () => {
      const found = budgetsIn(await dump(rig)).find(({ holds }) => holds.some(({ state }) => state === "lapsed"));
      return found?.holds.every(({ state }) => state !== "live") === true && found;
    };
    const { holds, count } = await until(isSettled, "all to be settled", 10_000);
    const lapsed = holds.filter(({ state }) => state === "lapsed");
    const need = chat(one).body.length + '"stream":true,'.length + 200;
    const keptOfKilled = total(lapsed.map(({ taken }) => taken));
    const settled = total(holds.filter(({ state }) => state === "settled").map(({ taken }) => taken));
    say("killed with -9", {
      calls: lapsed.length,
      "free places": answers.length,
      "held of the killed": keptOfKilled,
      "their needs at most": need * lapsed.length,
      "count in the store": count,
      "settled": settled,
    });
    assert.equal(lapsed.length, 8);
    assert.ok(keptOfKilled <= need * lapsed.length);
    assert.equal(count, settled + keptOfKilled);
  });

  test("every key has a time to live, and none holds a credential, a prompt or an answer", async () => {
    const dumped = await dump(rig);
    say("Redis afterwards", {
      keys: dumped.length,
      "longest time to live in s": Math.max(...dumped.map(({ ttlMs }) => ttlMs)) / 1000,
    });
    assert.ok(dumped.length > 20);
    assert.deepEqual(dumped.filter(({ ttlMs }) => ttlMs < 0).map(({ key }) => key), []);
    assert.deepEqual(leaks(dumped), []);
  });
});

const canaryChat = (prompt: string, isStream: boolean): Chat => ({
  gateway: "kept",
  prompt: `${CANARIES.prompt} ${prompt}`,
  isStream,
  headers: { authorization: `Bearer ${CANARIES.credential}` },
});

async function stream(visit: Visit, words: readonly string[], told: { input: number; output: number }): Promise<void> {
  visit.begin();
  for (const [index, word] of words.entries()) {
    visit.say(index === 0 ? word : ` ${word}`);
    await pause(40);
  }
  visit.end(told);
}

function countsOf(answers: readonly Answered[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

const wholeText = (text: string, isStream: boolean) => {
  const { outcome, text: said } = read("chat", isStream, { status: 200, text, isWhole: true });
  return outcome === "answer" ? said : undefined;
};

const live = (dumped: readonly Dumped[]) =>
  budgetsIn(dumped).flatMap(({ holds }) => holds).filter(({ state }) => state === "live").length;

/** Keys that hold a canary, as it is or in base64. */
function leaks(dumped: readonly Dumped[]): readonly string[] {
  const canaries = Object.values(CANARIES);
  const isLeak = (text: string) =>
    canaries.some((canary) =>
      text.includes(canary) || Buffer.from(text.slice(text.indexOf("\n") + 1), "base64").includes(canary)
    );
  return dumped.filter(({ key, parts }) => [key, ...parts].some(isLeak)).map(({ key }) => key);
}
