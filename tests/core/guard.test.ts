import assert from "node:assert/strict";
import { test } from "node:test";
import { Guard } from "../../src/store/guard.ts";
import { memory } from "../../src/store/memory.ts";
import type { Account, Ask, Claim, Store } from "../../src/store/store.ts";

const ASK: Ask = { id: "call", claims: [], leaseMs: 1000 };
const CLAIM: Claim = {
  key: "k",
  measure: "sliding",
  limit: 10,
  windowMs: 60_000,
  need: 1,
  most: 1,
  isHold: true,
  isShadow: false,
};

/** A clock that stands still until the test moves it; what is waited for is over at once, or never. */
function clockAt(start: number) {
  return {
    time: start,
    isLate: false,
    now() {
      return this.time;
    },
    random: () => 0,
    wait(_: number, signal: AbortSignal): Promise<void> {
      if (this.isLate) return Promise.resolve();
      return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
    },
  };
}

function shared(answer: () => Promise<unknown>): Store & { asked: number; settled: Account[] } {
  const own = memory();
  const store = {
    ...own,
    kind: "shared",
    asked: 0,
    settled: [] as Account[],
    async admit(ask: Ask) {
      store.asked++;
      await answer();
      return await own.admit(ask);
    },
    async settle(accounts: readonly Account[]) {
      await answer();
      store.settled.push(...accounts);
    },
  };
  return store;
}

test("a store that doesn't answer in time says nothing, and after three times isn't waited for", async () => {
  const clock = clockAt(0);
  const store = shared(() => new Promise(() => {}));
  const guard = new Guard(store, { clock });
  clock.isLate = true;
  for (let call = 0; call < 3; call++) assert.equal(await guard.admit(ASK), "late");
  for (let call = 0; call < 5; call++) assert.equal(await guard.admit(ASK), "resting");
  assert.equal(store.asked, 3);
  assert.equal(guard.isUp, false);
});

test("one question a rest finds out that the store is back", async () => {
  const clock = clockAt(0);
  let isDown = true;
  const store = shared(() => isDown ? Promise.reject(new Error("down")) : Promise.resolve());
  const guard = new Guard(store, { clock });
  for (let call = 0; call < 3; call++) await guard.admit(ASK);
  clock.time = 1001;
  assert.deepEqual(await Promise.all([guard.admit(ASK), guard.admit(ASK)]), ["late", "resting"]);
  isDown = false;
  clock.time += 2001;
  assert.equal(typeof await guard.admit(ASK), "object");
  assert.equal(guard.isUp, true);
  assert.equal(typeof await guard.admit(ASK), "object");
});

test("a clock that is set back makes no rest longer", async () => {
  const clock = clockAt(100_000_000);
  let isDown = true;
  const store = shared(() => isDown ? Promise.reject(new Error("down")) : Promise.resolve());
  const guard = new Guard(store, { clock });
  for (let call = 0; call < 3; call++) await guard.admit(ASK);
  isDown = false;
  clock.time = 1;
  assert.equal(typeof await guard.admit(ASK), "object");
});

test("a store that throws at once is as good as one that fails", async () => {
  const guard = new Guard({
    ...memory(),
    kind: "own",
    admit: () => {
      throw new Error("down");
    },
  });
  assert.equal(await guard.admit(ASK), "late");
});

test("a crowd whose questions fail together makes the first rest no longer", async () => {
  const clock = clockAt(0);
  let isDown = true;
  const store = shared(() => isDown ? Promise.reject(new Error("down")) : Promise.resolve());
  const guard = new Guard(store, { clock });
  await Promise.all(Array.from({ length: 100 }, () => guard.admit(ASK)));
  assert.equal(guard.isUp, false);
  isDown = false;
  clock.time = 1001;
  assert.equal(typeof await guard.admit(ASK), "object");
});

test("what couldn't be settled is settled when the store is back, and nothing twice", async () => {
  const clock = clockAt(0);
  let isDown = true;
  const store = shared(() => isDown ? Promise.reject(new Error("down")) : Promise.resolve());
  const guard = new Guard(store, { clock });
  const account = (id: string): Account => ({ claim: CLAIM, id, used: 1, leaseMs: 1000 });
  await guard.settle([account("a")]);
  for (let call = 0; call < 3; call++) await guard.admit(ASK);
  for (let count = 0; count < 250; count++) await guard.settle([account(`b${count}`)]);
  isDown = false;
  clock.time = 20_000;
  await guard.admit(ASK);
  for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.equal(store.settled.length, 251);
  assert.equal(new Set(store.settled.map(({ id }) => id)).size, 251);
});
