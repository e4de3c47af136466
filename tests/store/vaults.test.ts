import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Vault } from "../../src/keys/vault.ts";
import { memoryVault } from "../../src/store/vault/memory.ts";
import { upstashVault } from "../../src/store/vault/upstash.ts";
import { openRig, type Rig } from "./rig.ts";
import { fresh, hashOf, keptKey, put, trailContract, vaultContract } from "./vaults.ts";

let rig: Rig;
let shared: Vault;
before(async () => {
  rig = await openRig();
  shared = upstashVault({ url: rig.front.url, token: rig.token });
});
after(() => rig.stop());

/** Asks Redis itself. */
async function redis(...command: string[]): Promise<unknown> {
  const response = await fetch(rig.front.url, {
    method: "POST",
    headers: { authorization: `Bearer ${rig.token}` },
    body: JSON.stringify(command),
  });
  return (await response.json() as { result: unknown }).result;
}

vaultContract("memory", ((vault) => () => vault)(memoryVault()));
vaultContract("upstash", () => shared);
trailContract("memory", async () => memoryVault());
trailContract("upstash", async () => {
  await redis("FLUSHALL");
  return shared;
});

test("a look-up is one round trip, and so is a change with its row", async () => {
  const key = keptKey(fresh("trips"));
  await put(shared, { was: undefined, to: key });
  await shared.find(hashOf(key));
  const { count, lines: [line = ""] } = await shared.rows(-1, 1);
  const before = rig.front.requests;
  await shared.find(hashOf(key));
  assert.equal(rig.front.requests - before, 1);
  const head = { count, hash: line.slice(0, 64) };
  const change = { was: key, to: { ...key, version: 2 } };
  assert.equal((await shared.write({ head, line: `${"1".repeat(64)}{}`, change })).kind, "written");
  assert.equal(rig.front.requests - before, 2);
});

test("nothing lasts but keys that are open, their secrets and ids, and the trail", async () => {
  await redis("FLUSHALL");
  const later = Date.now() + 60_000;
  const open = keptKey(fresh("open"), { tenant: "acme" });
  const ending = keptKey(fresh("ending"), { tenant: "acme", expiresAt: later });
  const [secret] = open.secrets;
  await put(shared, { was: undefined, to: open });
  await put(shared, { was: undefined, to: ending });
  await put(shared, { was: undefined, to: { ...keptKey(fresh("revoked")), revokedAt: Date.now(), secrets: [] } });
  const turned = {
    ...open,
    version: 2,
    secrets: [{ ...secret!, hash: "f".repeat(64) }, { ...secret!, expiresAt: later }],
  };
  await put(shared, { was: open, to: turned });
  const [, keys] = await redis("SCAN", "0", "COUNT", "1000") as [string, string[]];
  const lasting: string[] = [];
  for (const key of keys) if (await redis("PTTL", key) === -1) lasting.push(key.replace(/[\da-f]{32,}$/, "*"));
  assert.deepEqual(lasting.sort(), ["hg1:ids", "hg1:ids:*", "hg1:ids:*", "hg1:key:*", "hg1:secret:*", "hg1:trail"]);
  assert.equal(keys.filter((key) => key.startsWith("hg1:secret:")).length, 3);
  // Nothing that somebody has named stands in a key of Redis.
  for (const key of keys) assert.match(key, /^hg1:(key|secret|ids|trail)(:[\da-f]{32,64})?$/);
});

test("a row that was changed, taken out or put in breaks the chain where it was", async () => {
  const { Trail } = await import("../../src/admin/trail.ts");
  const write = async () => {
    await redis("FLUSHALL");
    const trail = new Trail(shared);
    for (const action of ["a", "b", "c", "d"]) {
      await trail.write({ by: { key: "k", call: "c" }, action, outcome: "done" });
    }
    return trail;
  };
  const line = async (at: number) => String(await redis("LINDEX", "hg1:trail", String(at)));
  let trail = await write();
  await redis("LSET", "hg1:trail", "1", (await line(1)).replace('"b"', '"x"'));
  assert.deepEqual(await trail.check(1, 100).then(({ isIntact, brokenAt }) => [isIntact, brokenAt]), [false, 2]);
  trail = await write();
  await redis("LREM", "hg1:trail", "1", await line(2));
  assert.deepEqual(await trail.check(1, 100).then(({ isIntact, brokenAt }) => [isIntact, brokenAt]), [false, 3]);
  trail = await write();
  await redis("LINSERT", "hg1:trail", "BEFORE", await line(1), await line(3));
  assert.deepEqual(await trail.check(1, 100).then(({ isIntact, brokenAt }) => [isIntact, brokenAt]), [false, 2]);
});
