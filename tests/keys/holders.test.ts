import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import type { Clock } from "../../src/clock.ts";
import { type HolderOptions, Holders } from "../../src/keys/holders.ts";
import type { Finding } from "../../src/keys/holder.ts";
import type { KeyRecord } from "../../src/keys/key.ts";
import { Remembered } from "../../src/keys/remembered.ts";
import { hashOf, newSecret } from "../../src/keys/secret.ts";
import { base64url } from "./mint.ts";

const PEPPER = "a pepper of some length";

/** A keyring that can be changed, holders that ask it, and a clock that stands. */
async function ring(secrets: Readonly<Record<string, string>>, options: HolderOptions = {}) {
  const made = {
    now: 1_000_000,
    asked: [] as string[],
    records: new Map<string, KeyRecord>(),
    holders: undefined as unknown as Holders,
  };
  const clock: Clock = { now: () => made.now, random: () => 0.5, wait: () => new Promise(() => {}) };
  for (const [id, secret] of Object.entries(secrets)) {
    const hash = await hashOf(secret, PEPPER);
    made.records.set(hash, record(id, hash));
  }
  const find = async (hash: string) => {
    made.asked.push(hash);
    return made.records.get(hash);
  };
  made.holders = new Holders({ keyring: { find }, pepper: PEPPER, clock, ...options });
  return made;
}

const record = (id: string, hash: string, changes: Partial<KeyRecord> = {}): KeyRecord => ({
  id,
  tenant: `tenant-of-${id}`,
  roles: ["caller"],
  grants: {},
  expiresAt: undefined,
  createdAt: 0,
  createdBy: "config",
  secrets: [{ hash, hint: "last", createdAt: 0, expiresAt: undefined }],
  ...changes,
});

const idOf = (finding: Finding) => finding?.kind === "holder" ? finding.holder.identity.key : finding?.fault;

test("a key of the keyring is found by its HMAC, once in thirty seconds, and a revoked one is gone after that", async () => {
  const secret = newSecret();
  const made = await ring({ one: secret });
  const { holders } = made;
  assert.equal(idOf(await holders.find(secret)), "one");
  assert.equal(idOf(await holders.find(secret)), "one");
  assert.deepEqual(made.asked, [await hashOf(secret, PEPPER)]);
  made.records.clear();
  made.now += 29_999;
  assert.equal(idOf(await holders.find(secret)), "one");
  made.now += 1;
  assert.equal(idOf(await holders.find(secret)), "unknown");
  assert.equal(made.asked.length, 2);
});

test("a clock that is set back makes nothing known for longer", async () => {
  const secret = newSecret();
  const made = await ring({ one: secret });
  assert.equal(idOf(await made.holders.find(secret)), "one");
  made.records.clear();
  made.now -= 600_000;
  assert.equal(idOf(await made.holders.find(secret)), "unknown");
});

test("time counts from before the keyring is asked: what is revoked meanwhile isn't known for longer", async () => {
  const secret = newSecret();
  const hash = await hashOf(secret, PEPPER);
  const made = await ring({});
  const holders = new Holders({
    pepper: PEPPER,
    clock: { now: () => made.now, random: () => 0, wait: () => new Promise(() => {}) },
    keyring: {
      find: async () => {
        made.asked.push(hash);
        made.now += 20_000;
        return record("slow", hash);
      },
    },
  });
  await holders.find(secret);
  made.now += 10_000;
  await holders.find(secret);
  assert.equal(made.asked.length, 2);
});

test("an unknown key is asked for again after five seconds, and one that is new is found then", async () => {
  const secret = newSecret();
  const made = await ring({});
  assert.equal(idOf(await made.holders.find(secret)), "unknown");
  const hash = await hashOf(secret, PEPPER);
  made.records.set(hash, record("new", hash));
  made.now += 4_999;
  assert.equal(idOf(await made.holders.find(secret)), "unknown");
  made.now += 1;
  assert.equal(idOf(await made.holders.find(secret)), "new");
  assert.equal(made.asked.length, 2);
});

test("nothing is asked for what can't be a key of the keyring, a provider's key among them", async () => {
  const made = await ring({});
  const slip = newSecret().replace(/.$/, (last) => last === "A" ? "E" : "A");
  for (
    const text of ["sk-proj-abc", "", "hg_", "x".repeat(20_000), `hg_${"x".repeat(20_000)}`, " ", "\u0000", "eyJ.e.f"]
  ) {
    await made.holders.find(text);
  }
  assert.equal(idOf(await made.holders.find(slip)), "damaged");
  assert.deepEqual(made.asked, []);
});

test("a keyring that is down refuses, isn't remembered, and one that answers with another's key isn't believed", async () => {
  const [secret, other] = [newSecret(), newSecret()];
  let isDown = true;
  const record2 = record("other", await hashOf(other, PEPPER));
  const holders = new Holders({
    pepper: PEPPER,
    keyring: { find: () => isDown ? Promise.reject(new Error("down")) : Promise.resolve(record2) },
  });
  await assert.rejects(holders.find(secret), { code: "store_unavailable" });
  isDown = false;
  assert.equal(idOf(await holders.find(secret)), "unknown");
  assert.equal(idOf(await holders.find(other)), "other");
});

test("a keyring that doesn't answer in time is as good as one that is down", async () => {
  const holders = new Holders({
    pepper: PEPPER,
    clock: { now: () => 0, random: () => 0, wait: (ms) => ms === 2_000 ? Promise.resolve() : new Promise(() => {}) },
    keyring: { find: () => new Promise(() => {}) },
  });
  await assert.rejects(holders.find(newSecret()), { code: "store_unavailable" });
});

test("of two secrets the older ends by itself, and the key ends both", async () => {
  const [old, fresh] = [newSecret(), newSecret()];
  const made = await ring({});
  const hashes = await Promise.all([old, fresh].map((secret) => hashOf(secret, PEPPER)));
  const secrets = hashes.map((hash, at) => ({ hash, hint: "", createdAt: 0, expiresAt: at === 0 ? 500 : undefined }));
  for (const hash of hashes) made.records.set(hash, record("both", hash, { secrets, expiresAt: 900 }));
  const endOf = async (secret: string) => {
    const finding = await made.holders.find(secret);
    return finding?.kind === "holder" ? finding.holder.expiresAt : 0;
  };
  assert.deepEqual([await endOf(old), await endOf(fresh)], [500, 900]);
});

test("keys of a config are known for ever, by themselves or by their hash in any case", async () => {
  const sha256 = "2C26B46B68FFC68FF99B453C1D30413413422D706483BFA0F98A5E886266E7AE";
  const holders = new Holders({
    keys: [{ id: "plain", key: "plain" }, { id: "hashed", sha256, expires: "2027-01-31" }],
  });
  assert.equal(idOf(await holders.find("plain")), "plain");
  const foo = await holders.find("foo");
  assert.equal(idOf(foo), "hashed");
  assert.equal(foo?.kind === "holder" && foo.holder.expiresAt, Date.UTC(2027, 0, 31));
  assert.deepEqual(holders.plain, ["plain"]);
  assert.equal(idOf(await holders.find("Plain")), undefined);
});

test("credentials that share beginnings, ends or all but white space never share what is known of them", async () => {
  const calls = new Map<string, number>();
  const tokens = {
    read: async (token: string) => {
      calls.set(token, (calls.get(token) ?? 0) + 1);
      const holder = { identity: { key: token, tenant: token, roles: ["caller"] }, grants: {}, expiresAt: undefined };
      return { kind: "holder", holder } as const;
    },
  };
  const holders = new Holders({ tokens });
  const part = fc.stringMatching(/^[\w-]{0,40}$/);
  const long = base64url("x".repeat(900));
  await fc.assert(
    fc.asyncProperty(part, part, part, fc.boolean(), async (first, middle, last, isLong) => {
      const body = isLong ? long : middle;
      const token = `eyJ${first}.${body}.${last}`;
      const kin = [
        `${token}A`,
        `eyJ${first}A.${body}.${last}`,
        `eyJ${first}.${body}A.${last}`,
        token.slice(0, -1),
        `eyJ${first}.${body}.A${last}`,
      ];
      for (const text of [token, ...kin]) {
        const found = await holders.find(text);
        if (found !== undefined) assert.equal(idOf(found), text);
      }
      for (const text of [` ${token}`, `${token} `, `${token}\n`, `${token}=`, token.replace("eyJ", "EYJ")]) {
        assert.equal(idOf(await holders.find(text)), undefined);
      }
    }),
    { numRuns: 300 },
  );
  assert.ok([...calls.values()].every((count) => count === 1), "each is read once");
});

test("what is remembered is bounded, the oldest goes first, and made-up keys drive no real one out", async () => {
  const few = new Remembered<number>(3);
  for (let at = 0; at < 5; at++) few.set(String(at), at, 0, 100);
  assert.deepEqual(["0", "1", "2", "3", "4"].map((name) => few.get(name, 0)), [undefined, undefined, 2, 3, 4]);
  assert.equal(few.get("2", 100), undefined);
  assert.equal(few.size, 2);
  const secret = newSecret();
  const made = await ring({ real: secret });
  await made.holders.find(secret);
  for (let count = 0; count < 1_500; count++) await made.holders.find(newSecret());
  made.asked.length = 0;
  assert.equal(idOf(await made.holders.find(secret)), "real");
  assert.deepEqual(made.asked, []);
});

test("no source of ours compares a secret with another", () => {
  const root = new URL("../../src/", import.meta.url);
  const files = [...readdirSync(new URL("keys/", root)).map((name) => `keys/${name}`), "middleware/auth.ts"]
    .filter((name) => name.endsWith(".ts"));
  assert.ok(files.length > 5);
  for (const name of files) {
    const text = readFileSync(new URL(name, root), "utf8");
    const compared = text.match(/\b(?:secret|credential|token|key|pepper)\s*[!=]==?\s*(?!undefined|null|typeof)\w+/g) ??
      [];
    const allowed = ["pepper !== pepper"];
    assert.deepEqual(compared.filter((found) => !allowed.includes(found)), [], name);
  }
});
