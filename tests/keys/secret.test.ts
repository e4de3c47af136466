import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { hashOf, isSecret, newSecret } from "../../src/keys/secret.ts";

test("a new key has one form, is never the same twice, and fits a WebSocket's subprotocol", () => {
  const keys = Array.from({ length: 200 }, newSecret);
  assert.equal(new Set(keys).size, 200);
  for (const key of keys) {
    assert.match(key, /^hg_[A-Za-z0-9_-]{43}$/);
    assert.ok(isSecret(key));
  }
});

test("a slip in any one character is told by the checksum, and so is a second spelling", () => {
  const key = newSecret();
  for (let at = 0; at < key.length; at++) {
    for (const other of "AZaz09-_") {
      if (key[at] === other) continue;
      assert.equal(isSecret(key.slice(0, at) + other + key.slice(at + 1)), false, `at ${at}`);
    }
  }
  assert.equal(isSecret(` ${key}`), false);
  assert.equal(isSecret(`${key}=`), false);
  assert.equal(isSecret(key.toUpperCase()), false);
});

test("no text of another form is taken for a key", () => {
  fc.assert(fc.property(fc.string({ maxLength: 60 }), (text) => !isSecret(text) && !isSecret(`hg_${text}`)));
});

test("the hash is HMAC-SHA256 in hex, as RFC 4231 has it", async () => {
  assert.equal(
    await hashOf("what do ya want for nothing?", "Jefe"),
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  );
  const key = newSecret();
  assert.notEqual(await hashOf(key, "one"), await hashOf(key, "two"));
  assert.equal(await hashOf(key, "one"), await hashOf(key, "one"));
});
