/**
 * What every store promises, whatever it is made of.
 *
 * @module
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LISTENING_MS } from "../../src/store/store.ts";
import type { Account, Ask, Claim, EntryAsk, EntryKeys, Measure, Store } from "../../src/store/store.ts";

/** Keys of one test, so that tests leave each other alone. */
let tests = 0;
const fresh = (name: string) => `test:${process.pid}:${++tests}:${name}`;

const bytes = (text: string) => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

function claim(changes: Partial<Claim> = {}): Claim {
  return {
    key: fresh("count"),
    measure: "sliding",
    limit: 10,
    windowMs: 60_000,
    need: 1,
    most: 1,
    isHold: false,
    isShadow: false,
    ...changes,
  };
}

let ids = 0;
const ask = (claims: readonly Claim[], changes: Partial<Ask> = {}): Ask => ({
  id: `call-${++ids}`,
  claims,
  leaseMs: 60_000,
  ...changes,
});

const account = (claim: Claim, id: string, used: number | undefined, leaseMs = 60_000): Account => ({
  claim,
  id,
  used,
  leaseMs,
});

function entry(keys: EntryKeys, changes: Partial<EntryAsk> = {}): EntryAsk {
  return { ...keys, under: ["*"], isSkipped: false, leaseMs: 60_000, ...changes };
}

const keysOf = (name: string): EntryKeys => ({
  entry: fresh(`answer:${name}`),
  lease: fresh(`lease:${name}`),
  relay: fresh(`relay:${name}`),
  tags: fresh(`tags:${name}`),
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Declares the tests of one store. */
export function contract(name: string, store: () => Store): void {
  const it = (what: string, run: () => Promise<void>) => test(`${name}: ${what}`, run);

  for (const measure of ["fixed", "sliding", "bucket"] as const) {
    it(`of many at once, a ${measure} window lets exactly its limit pass`, async () => {
      const one = claim({ measure, limit: 50, windowMs: 600_000 });
      const granted = await Promise.all(Array.from({ length: 200 }, () => store().admit(ask([one]))));
      assert.equal(granted.filter(({ isGranted }) => isGranted).length, 50);
    });

    it(`what is refused takes nothing of a ${measure} window`, async () => {
      const one = claim({ measure, limit: 10, windowMs: 600_000 });
      await store().admit(ask([{ ...one, need: 6, most: 6 }]));
      const refused = await store().admit(ask([{ ...one, need: 5, most: 5 }]));
      assert.equal(refused.isGranted, false);
      assert.equal(refused.standings[0]?.isShort, true);
      assert.ok(refused.standings[0]!.resetMs > 0);
      assert.equal((await store().admit(ask([{ ...one, need: 4, most: 4 }]))).isGranted, true);
    });

    it(`a ${measure} window is free again after its time`, async () => {
      // Of fixed windows one that ends soon enough, but not between the two questions.
      const now = Date.now();
      const edges = measure === "fixed" ? [now - 1000, now + 600, now + 60_000] : undefined;
      const one = claim({ measure, limit: 2, windowMs: 600, edges });
      await store().admit(ask([{ ...one, need: 2, most: 2 }]));
      const refused = await store().admit(ask([one]));
      assert.equal(refused.isGranted, false);
      await pause(refused.standings[0]!.resetMs + 20);
      assert.equal((await store().admit(ask([one]))).isGranted, true);
    });
  }

  it("a sliding window never lets more than its limit pass, at no edge", async () => {
    const one = claim({ limit: 5, windowMs: 400 });
    const passed: number[] = [];
    const end = Date.now() + 1500;
    while (Date.now() < end) {
      const before = Date.now();
      if ((await store().admit(ask([one]))).isGranted) passed.push(before);
      await pause(7);
    }
    for (const [index, at] of passed.entries()) {
      const within = passed.slice(index).filter((other) => other - at < 400 - 40);
      assert.ok(within.length <= 5, `${within.length} within one window`);
    }
    assert.ok(passed.length >= 10, `only ${passed.length} passed`);
  });

  it("periods of a calendar begin at their edges", async () => {
    const now = Date.now();
    const one = claim({ measure: "fixed", limit: 1, edges: [now - 10_000, now - 5000, now + 400, now + 60_000] });
    assert.equal((await store().admit(ask([one]))).isGranted, true);
    const refused = await store().admit(ask([one]));
    assert.equal(refused.isGranted, false);
    assert.ok(refused.standings[0]!.resetMs <= 400);
    await pause(refused.standings[0]!.resetMs + 20);
    assert.equal((await store().admit(ask([one]))).isGranted, true);
  });

  it("all claims are granted or none", async () => {
    const [one, other] = [claim({ limit: 1 }), claim({ limit: 5 })];
    assert.equal((await store().admit(ask([one, other]))).isGranted, true);
    const refused = await store().admit(ask([one, other]));
    assert.equal(refused.isGranted, false);
    assert.deepEqual(refused.standings.map(({ left }) => left), [0, 4]);
  });

  it("a shadow claim is told and refuses nothing", async () => {
    const one = claim({ limit: 1, isShadow: true });
    await store().admit(ask([one]));
    const admission = await store().admit(ask([one]));
    assert.equal(admission.isGranted, true);
    assert.equal(admission.standings[0]?.isShort, true);
  });

  it("calls at the same time have places, which are free when they end or are never heard of again", async () => {
    const one = claim({ measure: "concurrent", limit: 2 });
    const [first, second] = [ask([one], { leaseMs: 400 }), ask([one])];
    await store().admit(first);
    await store().admit(second);
    assert.equal((await store().admit(ask([one]))).isGranted, false);
    await store().settle([account(one, second.id, 0)]);
    const third = ask([one]);
    assert.equal((await store().admit(third)).isGranted, true);
    assert.equal((await store().admit(ask([one]))).isGranted, false);
    await pause(450);
    assert.equal((await store().admit(ask([one]))).isGranted, true);
  });

  it("a call that says that it is alive keeps its place", async () => {
    const one = claim({ measure: "concurrent", limit: 1 });
    const first = ask([one], { leaseMs: 300 });
    await store().admit(first);
    await store().settle([account(one, first.id, undefined, 5000)]);
    await pause(350);
    assert.equal((await store().admit(ask([one]))).isGranted, false);
  });

  it("a hold is corrected to what was used, once", async () => {
    const one = claim({ limit: 1000, need: 100, most: 100, isHold: true, measure: "fixed", windowMs: 3_600_000 });
    const first = ask([one]);
    assert.equal((await store().admit(first)).standings[0]?.left, 900);
    await store().settle([account(one, first.id, 37)]);
    await store().settle([account(one, first.id, 37)]);
    assert.equal((await store().admit(ask([{ ...one, need: 0, most: 0 }]))).standings[0]?.left, 963);
  });

  it("asking twice with one id holds once", async () => {
    const one = claim({ limit: 1000, need: 100, most: 100, isHold: true });
    const first = ask([one]);
    await store().admit(first);
    await store().admit(first);
    assert.equal((await store().admit(ask([{ ...one, need: 0, most: 0 }]))).standings[0]?.left, 900);
  });

  it("what was never held is counted all the same, once", async () => {
    const one = claim({ limit: 1000, need: 100, most: 100, isHold: true });
    await store().settle([account(one, "unknown", 50)]);
    await store().settle([account(one, "unknown", 50)]);
    assert.equal((await store().admit(ask([{ ...one, need: 0, most: 0 }]))).standings[0]?.left, 950);
  });

  it("a hold takes what is needed at least, and at most half of what is left", async () => {
    const one = claim({ limit: 1000, need: 10, most: 10_000, isHold: true, measure: "fixed", windowMs: 3_600_000 });
    assert.equal((await store().admit(ask([one]))).standings[0]?.taken, 500);
    assert.equal((await store().admit(ask([one]))).standings[0]?.taken, 250);
    assert.equal((await store().admit(ask([{ ...one, need: 200, most: 240 }]))).standings[0]?.taken, 200);
  });

  it("a hold whose call is never heard of again counts with what was needed; its late truth still counts", async () => {
    const one = claim({ limit: 1000, need: 10, most: 300, isHold: true, measure: "fixed", windowMs: 3_600_000 });
    const first = ask([one], { leaseMs: 200 });
    assert.equal((await store().admit(first)).standings[0]?.left, 700);
    await pause(250);
    const probe = { ...one, need: 0, most: 0 };
    assert.equal((await store().admit(ask([probe]))).standings[0]?.left, 990);
    await store().settle([account(one, first.id, 120)]);
    assert.equal((await store().admit(ask([probe]))).standings[0]?.left, 880);
  });

  for (const measure of ["fixed", "sliding"] as const) {
    it(`what a call takes beyond its hold still counts where it outlasts its ${measure} window`, async () => {
      const now = Date.now();
      const over = measure === "fixed" ? { edges: [now - 1000, now + 300, now + 60_000] } : { windowMs: 300 };
      const one = claim({ measure, limit: 1000, need: 10, most: 10, isHold: true, ...over });
      const first = ask([one]);
      await store().admit(first);
      await pause(700);
      await store().settle([account(one, first.id, 500)]);
      const { standings } = await store().admit(ask([{ ...one, need: 0, most: 0 }]));
      // Of a sliding window the hold itself is over; so it is of a period.
      assert.equal(standings[0]!.left, 510);
    });
  }

  it("400 holds at once, settled with less, never exceed a budget and leave nothing behind", async () => {
    const one = claim({ limit: 10_000, need: 100, most: 100, isHold: true, measure: "fixed", windowMs: 3_600_000 });
    const asks = Array.from({ length: 400 }, () => ask([one]));
    const granted = (await Promise.all(asks.map(async (each) => ({ each, admission: await store().admit(each) }))))
      .filter(({ admission }) => admission.isGranted);
    assert.equal(granted.length, 100);
    await Promise.all(granted.map(({ each }) => store().settle([account(one, each.id, 37)])));
    assert.equal((await store().admit(ask([{ ...one, need: 0, most: 0 }]))).standings[0]?.left, 10_000 - 3700);
  });

  it("amounts of money are exact", async () => {
    const one = claim({ limit: 2 ** 50, need: 2 ** 40 + 1, most: 2 ** 40 + 1, isHold: true });
    assert.equal((await store().admit(ask([one]))).standings[0]?.left, 2 ** 50 - 2 ** 40 - 1);
  });

  it("the first who asks for an answer leads, and others follow until it is kept", async () => {
    const keys = keysOf("one");
    const first = await store().admit(ask([], { id: "leader", entry: entry(keys) }));
    assert.deepEqual(first.entry, { kind: "lead", stamps: { "*": 0 } });
    const second = await store().admit(ask([], { entry: entry(keys) }));
    assert.deepEqual(second.entry, { kind: "follow", leader: "leader" });
    const led = await store().lead({ keys, leader: "leader", leaseMs: 5000, batch: bytes("be"), state: "under way" });
    assert.deepEqual(led, { followers: 1, isLeading: true });
    const heard = await store().follow(keys, "leader", 0);
    assert.equal(heard.state === "under way" && text(heard.batches[0]), "be");
    const kept = { payload: bytes("begun \u0000\xff"), stamps: { "*": 0 }, ttlMs: 60_000 };
    await store().lead({ keys, leader: "leader", leaseMs: 5000, batch: undefined, state: "kept", entry: kept });
    const late = await store().follow(keys, "leader", 1);
    assert.equal(late.state === "kept" && text(late.payload), "begun \u0000\xff");
    const hit = await store().admit(ask([], { entry: entry(keys) }));
    assert.equal(hit.entry?.kind === "hit" && text(hit.entry.payload), "begun \u0000\xff");
    assert.ok(hit.entry?.kind === "hit" && hit.entry.ttlMs <= 60_000 && hit.entry.ageMs >= 0);
  });

  it("an answer that isn't kept is heard to its end by those who follow, and found by nobody", async () => {
    const keys = keysOf("passed");
    await store().admit(ask([], { id: "leader", entry: entry(keys) }));
    await store().admit(ask([], { entry: entry(keys) }));
    await store().lead({ keys, leader: "leader", leaseMs: 5000, batch: bytes("all"), state: "passed" });
    const late = await store().admit(ask([], { entry: entry(keys) }));
    assert.equal(late.entry, undefined);
    const heard = await store().follow(keys, "leader", 0);
    assert.equal(heard.state === "passed" && text(heard.batches[0]), "all");
  });

  it("an answer that isn't kept and that nobody waits for is gone, and the next leads", async () => {
    const keys = keysOf("passed");
    await store().admit(ask([], { id: "leader", entry: entry(keys) }));
    await store().lead({ keys, leader: "leader", leaseMs: 5000, batch: bytes("all"), state: "passed" });
    assert.deepEqual(await store().follow(keys, "leader", 0), { state: "gone" });
    assert.equal((await store().admit(ask([], { entry: entry(keys) }))).entry?.kind, "lead");
  });

  it("of a leader that failed or fell silent nothing is left, and the next leads", async () => {
    const keys = keysOf("failed");
    await store().admit(ask([], { id: "leader", entry: entry(keys) }));
    await store().lead({ keys, leader: "leader", leaseMs: 5000, batch: undefined, state: "failed" });
    assert.deepEqual(await store().follow(keys, "leader", 0), { state: "gone" });
    const next = await store().admit(ask([], { id: "silent", entry: entry(keys, { leaseMs: 200 }) }));
    assert.equal(next.entry?.kind, "lead");
    await pause(250);
    const last = await store().admit(ask([], { id: "last", entry: entry(keys) }));
    assert.equal(last.entry?.kind, "lead");
    const lost = await store().lead({ keys, leader: "silent", leaseMs: 5000, batch: undefined, state: "under way" });
    assert.equal(lost.isLeading, false);
  });

  it("a leader that lost its lead can't keep an answer over the next one's", async () => {
    const keys = keysOf("late");
    await store().admit(ask([], { id: "slow", entry: entry(keys, { leaseMs: 100 }) }));
    await pause(150);
    await store().admit(ask([], { id: "quick", entry: entry(keys) }));
    const kept = (text: string) => ({ payload: bytes(text), stamps: { "*": 0 }, ttlMs: 60_000 });
    await store().lead({ keys, leader: "quick", leaseMs: 5000, batch: undefined, state: "kept", entry: kept("new") });
    await store().lead({ keys, leader: "slow", leaseMs: 5000, batch: undefined, state: "kept", entry: kept("old") });
    const hit = await store().admit(ask([], { entry: entry(keys) }));
    assert.equal(hit.entry?.kind === "hit" && text(hit.entry.payload), "new");
  });

  it("an answer is kept for its time", async () => {
    const keys = keysOf("short");
    await store().admit(ask([], { id: "leader", entry: entry(keys) }));
    const kept = { payload: bytes("x"), stamps: { "*": 0 }, ttlMs: 200 };
    await store().lead({ keys, leader: "leader", leaseMs: 5000, batch: undefined, state: "kept", entry: kept });
    await pause(250);
    assert.equal((await store().admit(ask([], { entry: entry(keys) }))).entry?.kind, "lead");
  });

  it("a purge makes what is kept under a tag unfindable, and what was under way when it came", async () => {
    const keys = keysOf("purged");
    const under = ["*", "tagged"];
    await store().admit(ask([], { id: "before", entry: entry(keys, { under }) }));
    const stamps = { "*": 0, tagged: 0 };
    const news = { keys, leader: "before", leaseMs: 5000, batch: undefined, state: "kept" as const };
    await store().lead({ ...news, entry: { payload: bytes("x"), stamps, ttlMs: 60_000 } });
    await store().purge(keys.tags, "other");
    assert.equal((await store().admit(ask([], { entry: entry(keys, { under }) }))).entry?.kind, "hit");
    await store().purge(keys.tags, "tagged");
    const next = await store().admit(ask([], { id: "after", entry: entry(keys, { under }) }));
    assert.deepEqual(next.entry, { kind: "lead", stamps: { "*": 0, tagged: 1 } });
    await store().purge(keys.tags, "*");
    await store().lead({
      ...news,
      leader: "after",
      entry: { payload: bytes("y"), stamps: { "*": 0, tagged: 1 }, ttlMs: 60_000 },
    });
    assert.equal((await store().admit(ask([], { entry: entry(keys, { under }) }))).entry?.kind, "lead");
  });

  it("who skips the cache neither reads nor waits, and what he fetches is kept anew", async () => {
    const keys = keysOf("skipped");
    await store().admit(ask([], { id: "first", entry: entry(keys) }));
    const kept = (text: string) => ({ payload: bytes(text), stamps: { "*": 0 }, ttlMs: 60_000 });
    const news = { keys, leaseMs: 5000, batch: undefined, state: "kept" as const };
    await store().lead({ ...news, leader: "first", entry: kept("old") });
    const skipping = await store().admit(ask([], { id: "second", entry: entry(keys, { isSkipped: true }) }));
    assert.equal(skipping.entry?.kind, "lead");
    await store().lead({ ...news, leader: "second", entry: kept("new") });
    const hit = await store().admit(ask([], { entry: entry(keys) }));
    assert.equal(hit.entry?.kind === "hit" && text(hit.entry.payload), "new");
  });

  it("who skips the cache takes nobody's lead: he fetches for himself alone", async () => {
    const keys = keysOf("led");
    await store().admit(ask([], { id: "first", entry: entry(keys) }));
    const skipping = await store().admit(ask([], { id: "second", entry: entry(keys, { isSkipped: true }) }));
    assert.deepEqual([skipping.isGranted, skipping.entry], [true, undefined]);
    const led = await store().lead({ keys, leader: "first", leaseMs: 5000, batch: undefined, state: "under way" });
    assert.equal(led.isLeading, true);
  });

  it("after a purge nobody follows what was begun before it", async () => {
    const keys = keysOf("stale");
    await store().admit(ask([], { id: "first", entry: entry(keys) }));
    await store().purge(keys.tags, "*");
    const late = await store().admit(ask([], { entry: entry(keys) }));
    assert.deepEqual([late.isGranted, late.entry], [true, undefined]);
  });

  it("who follows and isn't heard of any more is followed by nobody's fetching", async () => {
    const keys = keysOf("deserted");
    await store().admit(ask([], { id: "first", entry: entry(keys, { leaseMs: 10_000 }) }));
    await store().admit(ask([], { entry: entry(keys) }));
    const say = () => store().lead({ keys, leader: "first", leaseMs: 10_000, batch: undefined, state: "under way" });
    assert.equal((await say()).followers, 1);
    await pause(LISTENING_MS + 100);
    assert.equal((await say()).followers, 0);
    await store().follow(keys, "first", 0);
    assert.equal((await say()).followers, 1);
  });

  it("a spent budget refuses a call, but not one whose answer is kept; and such a call holds nothing", async () => {
    const keys = keysOf("spent");
    const one = claim({ limit: 100, need: 60, most: 60, isHold: true });
    const count = claim({ limit: 10 });
    const first = await store().admit(ask([one, count], { id: "leader", entry: entry(keys) }));
    assert.equal(first.isGranted, true);
    const follower = await store().admit(ask([one, count], { entry: entry(keys) }));
    assert.deepEqual([follower.isGranted, follower.entry?.kind, follower.standings[0]?.taken], [true, "follow", 0]);
    const kept = { payload: bytes("x"), stamps: { "*": 0 }, ttlMs: 60_000 };
    await store().lead({ keys, leader: "leader", leaseMs: 5000, batch: undefined, state: "kept", entry: kept });
    const hit = await store().admit(ask([one, count], { entry: entry(keys) }));
    assert.deepEqual([hit.isGranted, hit.entry?.kind, hit.standings[0]?.left], [true, "hit", 40]);
    assert.equal(hit.standings[1]?.left, 7);
    const other = await store().admit(ask([one, count], { entry: entry(keysOf("other")) }));
    assert.deepEqual([other.isGranted, other.entry], [false, undefined]);
  });

  it("500 who ask for one answer at once have one leader", async () => {
    const keys = keysOf("many");
    const found = await Promise.all(Array.from({ length: 500 }, () => store().admit(ask([], { entry: entry(keys) }))));
    assert.equal(found.filter(({ entry }) => entry?.kind === "lead").length, 1);
    assert.equal(found.filter(({ entry }) => entry?.kind === "follow").length, 499);
  });
}

/** What a random call may claim; windows are long, so that no time passes for them. */
export const MEASURES: readonly Measure[] = ["fixed", "sliding", "concurrent"];
