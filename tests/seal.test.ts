import assert from "node:assert/strict";
import { test } from "node:test";
import { sealer, type SealKeys } from "../src/seal.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined) => value && new TextDecoder().decode(value);

test("a record opens for its tenant and in its place, and for nobody else or elsewhere", async () => {
  const one = sealer("a secret of some length");
  const sealed = await one.seal(bytes("prompt"), "log-1", "acme");
  assert.equal(text(await one.open(sealed, "log-1", "acme")), "prompt");
  for (const [place, tenant] of [["log-2", "acme"], ["log-1", "beta"], ["log-1", undefined], ["log-1", ""]] as const) {
    assert.equal(await one.open(sealed, place, tenant), undefined);
  }
  const nobodys = await one.seal(bytes("x"), "log-1");
  assert.equal(await one.open(nobodys, "log-1", "acme"), undefined);
  // No two places are written alike.
  const joined = await one.seal(bytes("x"), '","a"', "b");
  assert.equal(await one.open(joined, '"', 'b","a'), undefined);
});

test("secrets can be changed: the first seals, all open, and without the old one its records are gone", async () => {
  const [old, fresh] = ["the old secret, long enough", "the new secret, long enough"];
  const kept = await sealer(old).seal(bytes("kept"), "place", "acme");
  const both = sealer([fresh, old]);
  assert.equal(text(await both.open(kept, "place", "acme")), "kept");
  const made = await both.seal(bytes("new"), "place", "acme");
  assert.equal(text(await sealer(fresh).open(made, "place", "acme")), "new");
  assert.equal(await sealer(old).open(made, "place", "acme"), undefined);
  assert.equal(await sealer(fresh).open(kept, "place", "acme"), undefined);
  assert.throws(() => sealer([]), TypeError);
});

test("no change of any byte, and no cut, is taken for the record; nothing of it can be read", async () => {
  const one = sealer("a secret of some length");
  const plain = bytes("prompt prompt prompt");
  const sealed = await one.seal(plain, "place", "acme");
  for (let at = 0; at < sealed.length; at++) {
    const changed = sealed.slice();
    changed[at]! ^= 1;
    assert.equal(await one.open(changed, "place", "acme"), undefined, `byte ${at}`);
  }
  for (const length of [0, 1, 2, 20, 90, sealed.length - 1]) {
    assert.equal(await one.open(sealed.slice(0, length), "place", "acme"), undefined, `${length} bytes`);
  }
  assert.equal(new TextDecoder().decode(sealed).includes("prompt"), false);
  assert.notDeepEqual(await one.seal(plain, "place", "acme"), sealed);
  assert.equal(text(await one.open(await one.seal(bytes(""), "p"), "p")), "");
});

test("the halves of two records don't go together", async () => {
  const one = sealer("a secret of some length");
  const [a, b] = [await one.seal(bytes("aaaa"), "place"), await one.seal(bytes("bbbb"), "place")];
  const cut = 2 + 16 + 60;
  const mixed = new Uint8Array([...a.slice(0, cut), ...b.slice(cut)]);
  assert.equal(await one.open(mixed, "place"), undefined);
});

test("tenants can have keys of their own, and a tenant's records go with its key", async () => {
  const keys = new Map<string, CryptoKey>();
  const keyOf = async (name: string) => {
    const made = keys.get(name) ??
      await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    keys.set(name, made as CryptoKey);
    return made as CryptoKey;
  };
  let month = "2026-10";
  const own: SealKeys = {
    current: async (tenant) => ({ kid: month, key: await keyOf(`${tenant}/${month}`) }),
    find: async (kid, tenant) => keys.get(`${tenant}/${kid}`),
  };
  const one = sealer(own);
  const [acme, beta] = [await one.seal(bytes("acme"), "log", "acme"), await one.seal(bytes("beta"), "log", "beta")];
  month = "2026-11";
  const later = await one.seal(bytes("later"), "log", "acme");
  assert.equal(text(await one.open(acme, "log", "acme")), "acme");
  assert.equal(text(await one.open(later, "log", "acme")), "later");
  keys.delete("acme/2026-10");
  keys.delete("acme/2026-11");
  assert.equal(await one.open(acme, "log", "acme"), undefined);
  assert.equal(text(await one.open(beta, "log", "beta")), "beta");
});
