import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { memory } from "../../src/store/memory.ts";
import type { Claim, Store } from "../../src/store/store.ts";
import { upstash } from "../../src/store/upstash.ts";
import { contract, MEASURES } from "./contract.ts";
import { openRig, type Rig } from "./rig.ts";

let rig: Rig;
let shared: Store;
before(async () => {
  rig = await openRig();
  // A busy machine is no outage here.
  shared = upstash({ url: rig.front.url, token: rig.token, timeoutMs: 30_000 });
});
after(() => rig.stop());

contract("memory", ((store) => () => store)(memory()));
contract("upstash", () => shared);

test("both stores say the same of the same calls", async () => {
  let runs = 0;
  const call = fc.record({
    rules: fc.uniqueArray(fc.nat(3), { minLength: 1, maxLength: 3 }),
    need: fc.nat(40),
    more: fc.nat(60),
    isShadow: fc.boolean(),
    fate: fc.constantFrom("settled", "settled twice", "open"),
    used: fc.nat(80),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 5, maxLength: 40 }), async (calls) => {
      const run = ++runs;
      const own = memory();
      for (const [index, { rules, need, more, isShadow, fate, used }] of calls.entries()) {
        const claims = rules.map((rule): Claim => {
          const isHold = rule === 2;
          const measure = rule === 3 ? "concurrent" : MEASURES[rule % 2]!;
          const [least, most] = isHold ? [need, need + more] : [1, 1];
          return {
            key: `same:${run}:${rule}`,
            measure,
            limit: [15, 20, 300, 6][rule]!,
            windowMs: 86_400_000,
            need: least,
            most,
            isHold,
            isShadow: isShadow && rule === 0,
          };
        });
        const ask = { id: `${run}-${index}`, claims, leaseMs: 600_000 };
        const [one, other] = [await own.admit(ask), await shared.admit(ask)];
        const told = (admission: typeof one) => [
          admission.isGranted,
          admission.standings.map(({ taken, left, isShort }) => [taken, left, isShort]),
        ];
        assert.deepEqual(told(other), told(one));
        if (fate === "open" || !one.isGranted) continue;
        const accounts = claims.filter(({ isHold, measure }) => isHold || measure === "concurrent")
          .map((claim) => ({ claim, id: ask.id, used: claim.isHold ? used : 0, leaseMs: 600_000 }));
        for (const store of [own, shared]) {
          await store.settle(accounts);
          if (fate === "settled twice") await store.settle(accounts);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test("a question is one round trip, whatever it asks, and so is its settling", async () => {
  const claims = ["a", "b", "c"].map((name): Claim => ({
    key: `trips:${name}`,
    measure: "sliding",
    limit: 100,
    windowMs: 60_000,
    need: 1,
    most: 1,
    isHold: name === "c",
    isShadow: false,
  }));
  const keys = { entry: "trips:e", lease: "trips:l", relay: "trips:r", tags: "trips:t" };
  const entry = { ...keys, under: ["*", "x"], isSkipped: false, leaseMs: 1000 };
  const ask = (id: string) => shared.admit({ id, claims, leaseMs: 1000, entry });
  const settle = (id: string) => shared.settle(claims.map((claim) => ({ claim, id, used: 1, leaseMs: 1000 })));
  await ask("warm");
  await settle("warm");
  const before = rig.front.requests;
  await ask("one");
  assert.equal(rig.front.requests - before, 1);
  await settle("one");
  assert.equal(rig.front.requests - before, 2);
});

test("every key that the tests have left in Redis has a time to live", async () => {
  const response = await fetch(rig.front.url, {
    method: "POST",
    headers: { authorization: `Bearer ${rig.token}` },
    body: JSON.stringify(["SCAN", "0", "COUNT", "100000"]),
  });
  const { result: [, keys] } = await response.json() as { result: [string, string[]] };
  assert.ok(keys.length > 100);
  const ttls = await fetch(`${rig.front.url}/pipeline`, {
    method: "POST",
    headers: { authorization: `Bearer ${rig.token}` },
    body: JSON.stringify(keys.map((key) => ["PTTL", key])),
  });
  const results = await ttls.json() as { result: number }[];
  // -2: it has expired since; -1: it never would.
  assert.deepEqual(keys.filter((_, index) => results[index]!.result === -1), []);
});
