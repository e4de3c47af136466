/**
 * What every vault promises, whatever it is made of.
 *
 * @module
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Trail } from "../../src/admin/trail.ts";
import { type Change, type Entry, type Head, type KeptKey, START, type Vault } from "../../src/keys/vault.ts";

let made = 0;
/** Ids of one test, so that tests leave each other alone. */
export const fresh = (name: string): string => `t${process.pid}.${++made}.${name}`;

const hex = (text: string) => Buffer.from(text).toString("hex").padEnd(64, "0").slice(-64);

/** A key with one secret, whose hash is told by its name. */
export function keptKey(id: string, changes: Partial<KeptKey> = {}): KeptKey {
  return {
    id,
    tenant: undefined,
    roles: ["caller"],
    grants: {},
    expiresAt: undefined,
    createdAt: 1,
    createdBy: "tests",
    secrets: [{ hash: hex(id), hint: "abcd", createdAt: 1, expiresAt: undefined }],
    version: 1,
    revokedAt: undefined,
    ...changes,
  };
}

export const hashOf = (key: KeptKey): string => key.secrets[0]!.hash;

/** Writes as one does who retries until the end of the trail is where he thought. */
export async function put(vault: Vault, change: Change | undefined, text = "{}"): Promise<string> {
  let head: Head = START;
  for (;;) {
    const entry: Entry = { head, line: hex(`${head.count}`) + text, change };
    const written = await vault.write(entry);
    if (written.kind !== "moved") return written.kind;
    head = written.head;
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Declares the tests of one vault. */
export function vaultContract(name: string, vault: () => Vault): void {
  const it = (what: string, run: () => Promise<void>) => test(`${name}: ${what}`, run);

  it("a key is read by its id and found by the hash of each of its secrets, as it was written", async () => {
    const one = keptKey(fresh("one"), {
      tenant: "acme",
      grants: { models: ["gpt-*"] },
      expiresAt: Date.now() + 60_000,
    });
    const two = { hash: hex(`${one.id}2`), hint: "efgh", createdAt: 2, expiresAt: Date.now() + 60_000 };
    const key = { ...one, secrets: [...one.secrets, two] };
    assert.equal(await put(vault(), { was: undefined, to: key }), "written");
    for (const found of [await vault().read(key.id), await vault().find(hashOf(key)), await vault().find(two.hash)]) {
      assert.deepEqual(JSON.parse(JSON.stringify(found)), JSON.parse(JSON.stringify(key)));
      assert.deepEqual([found?.tenant, found?.grants, found?.secrets.length], ["acme", { models: ["gpt-*"] }, 2]);
    }
    assert.equal(await vault().find(hex("other")), undefined);
    assert.equal(await vault().read(fresh("none")), undefined);
  });

  it("a key is changed only by who has seen its last version", async () => {
    const was = keptKey(fresh("raced"));
    await put(vault(), { was: undefined, to: was });
    const outcomes = await Promise.all(
      ["viewer", "auditor", "caller", "replay"].map((role) =>
        put(vault(), { was, to: { ...was, roles: [role as "viewer"], version: 2 } })
      ),
    );
    assert.deepEqual(outcomes.filter((kind) => kind === "written").length, 1);
    assert.equal((await vault().read(was.id))?.version, 2);
  });

  it("an id is taken once, by many at once", async () => {
    const key = keptKey(fresh("same"));
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => put(vault(), { was: undefined, to: key })));
    assert.deepEqual(outcomes.filter((kind) => kind === "written").length, 1);
  });

  it("a refused change leaves no row, and a row that comes too late no change", async () => {
    const key = keptKey(fresh("whole"));
    await put(vault(), { was: undefined, to: key });
    const { count } = await vault().rows(0, 1);
    assert.equal(await put(vault(), { was: undefined, to: { ...key, roles: ["admin"] } }), "outdated");
    const late = await vault().write({
      head: { count: count - 1, hash: START.hash },
      line: `${START.hash}{}`,
      change: { was: key, to: { ...key, roles: ["admin"], version: 2 } },
    });
    assert.equal(late.kind, "moved");
    assert.equal((await vault().rows(0, 1)).count, count);
    assert.deepEqual((await vault().read(key.id))?.roles, ["caller"]);
  });

  it("a secret that a key has no more isn't found, nor any of a revoked key, which is still read", async () => {
    const was = keptKey(fresh("turned"));
    await put(vault(), { was: undefined, to: was });
    const other = { ...was.secrets[0]!, hash: hex(`${was.id}x`) };
    const turned = { ...was, secrets: [other], version: 2 };
    await put(vault(), { was, to: turned });
    assert.equal(await vault().find(hashOf(was)), undefined);
    assert.equal((await vault().find(other.hash))?.version, 2);
    const revoked = { ...turned, revokedAt: Date.now(), version: 3 };
    await put(vault(), { was: turned, to: revoked });
    assert.equal(await vault().find(other.hash), undefined);
    assert.equal((await vault().read(was.id))?.version, 3);
  });

  it("a secret is found until its time or its key's is over, whichever is first", async () => {
    const soon = Date.now() + 250;
    const one = keptKey(fresh("soon"));
    const leaving = { ...one, secrets: [{ ...one.secrets[0]!, expiresAt: soon }] };
    const ending = keptKey(fresh("ending"), { expiresAt: soon });
    for (const to of [leaving, ending]) {
      await put(vault(), { was: undefined, to });
      assert.equal((await vault().find(hashOf(to)))?.id, to.id);
    }
    await pause(350);
    for (const to of [leaving, ending]) {
      assert.equal(await vault().find(hashOf(to)), undefined);
      assert.equal((await vault().read(to.id))?.id, to.id);
    }
  });

  it("a key that was revoked or has expired long ago is forgotten, and its id is free", async () => {
    const month = 30 * 24 * 60 * 60 * 1000;
    const tenant = fresh("tenant");
    const revoked = keptKey(fresh("long"), { tenant, revokedAt: Date.now() - month + 300 });
    const expired = keptKey(fresh("old"), { tenant, expiresAt: Date.now() - month + 300 });
    for (const to of [revoked, expired]) await put(vault(), { was: undefined, to });
    const listing = { tenant, after: undefined, limit: 10 };
    assert.equal((await vault().list(listing)).items.length, 2);
    await pause(450);
    for (const { id } of [revoked, expired]) assert.equal(await vault().read(id), undefined);
    assert.deepEqual(await vault().list(listing), { items: [], next: undefined });
    assert.equal(await put(vault(), { was: undefined, to: keptKey(revoked.id) }), "written");
  });

  it("the id of a forgotten key, given to another tenant, is not listed as the first one's", async () => {
    const [one, other] = [fresh("tenant"), fresh("tenant")];
    const month = 30 * 24 * 60 * 60 * 1000;
    const gone = keptKey(fresh("again"), { tenant: one, revokedAt: Date.now() - month + 200 });
    await put(vault(), { was: undefined, to: gone });
    await pause(350);
    assert.equal(await put(vault(), { was: undefined, to: keptKey(gone.id, { tenant: other }) }), "written");
    const listed = async (tenant: string) => (await vault().list({ tenant, after: undefined, limit: 10 })).items;
    assert.deepEqual(await listed(one), []);
    assert.deepEqual((await listed(other)).map(({ id }) => id), [gone.id]);
  });

  it("keys are listed by their ids, page by page, of all or of one tenant", async () => {
    const [one, other] = [fresh("tenant"), fresh("tenant")];
    const ids = Array.from({ length: 7 }, (_, at) => `${one}.${at}`);
    for (const [at, id] of ids.entries()) {
      await put(vault(), { was: undefined, to: keptKey(id, { tenant: at === 3 ? other : one }) });
    }
    const listed: string[] = [];
    let after: string | undefined;
    do {
      const page = await vault().list({ tenant: one, after, limit: 2 });
      assert.ok(page.items.length <= 2);
      listed.push(...page.items.map(({ id }) => id));
      after = page.next;
    } while (after !== undefined);
    assert.deepEqual(listed, ids.filter((_, at) => at !== 3));
    const all = await vault().list({ tenant: undefined, after: `${one}.`, limit: 7 });
    assert.deepEqual(all.items.map(({ id }) => id), ids);
  });

  it("ids and tenants that look like something else are only names", async () => {
    const tenant = fresh("a:b");
    for (const id of [`${tenant}:@.-`, `${tenant}.__proto__`, `${tenant}:constructor`]) {
      assert.equal(await put(vault(), { was: undefined, to: keptKey(id, { tenant }) }), "written");
      assert.equal((await vault().read(id))?.id, id);
    }
    assert.equal((await vault().list({ tenant, after: undefined, limit: 10 })).items.length, 3);
    for (const id of ["__proto__", "constructor", "toString"]) assert.equal(await vault().read(id), undefined);
  });

  it("rows are read from either end", async () => {
    for (const text of ["a", "b", "c"]) await put(vault(), undefined, JSON.stringify({ text }));
    const { count, lines } = await vault().rows(-2, 2);
    assert.deepEqual(lines.map((line) => line.slice(64)), ['{"text":"b"}', '{"text":"c"}']);
    const same = await vault().rows(count - 2, 2);
    assert.deepEqual(same, { count, lines });
    assert.deepEqual((await vault().rows(count, 5)).lines, []);
    assert.equal((await vault().rows(-1_000_000, 1)).lines.length, 1);
  });
}

/** Trails begin where nothing was written by hand: each wants a vault of its own. */
export function trailContract(name: string, vault: () => Promise<Vault>): void {
  const it = (what: string, run: () => Promise<void>) => test(`${name}: ${what}`, run);
  const deed = (action: string) => ({ by: { key: "k", call: "c" }, action, outcome: "done" as const });

  it("rows of several writers at once have no gap, and the chain holds", async () => {
    const own = await vault();
    const trails = Array.from({ length: 4 }, () => new Trail(own));
    await Promise.all(
      trails.flatMap((trail, at) => Array.from({ length: 15 }, (_, n) => trail.write(deed(`${at}.${n}`)))),
    );
    const check = await trails[0]!.check(1, 10_000);
    assert.deepEqual([check.isIntact, check.checked, check.head.count], [true, 60, 60]);
    const rows = await trails[1]!.before(undefined, 100);
    assert.deepEqual(rows.map(({ row }) => row.seq), Array.from({ length: 60 }, (_, at) => 60 - at));
    assert.equal(new Set(rows.map(({ row }) => row.action)).size, 60);
  });

  it("a check goes on where another ended", async () => {
    const trail = new Trail(await vault());
    for (let n = 0; n < 7; n++) await trail.write(deed(String(n)));
    const first = await trail.check(1, 3);
    assert.deepEqual([first.checked, first.next], [3, 4]);
    const second = await trail.check(4, 100);
    assert.deepEqual([second.isIntact, second.checked, second.next, second.head.count], [true, 4, undefined, 7]);
    assert.deepEqual((await trail.check(100, 10)).checked, 0);
  });
}
