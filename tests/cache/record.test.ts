import assert from "node:assert/strict";
import { test } from "node:test";
import { readRecord, written } from "../../src/cache/record.ts";
import { fromBase64, toBase64 } from "../../src/base64.ts";
import { sealer } from "../../src/seal.ts";

const bytes = (...values: number[]) => new Uint8Array(values);

test("a record is read as it was written, binary bodies and chunk by chunk", () => {
  const answer = {
    head: { status: 200, headers: [["content-type", "audio/mpeg"]] as const },
    chunks: [{ bytes: bytes(10, 0, 255), atMs: 0 }, { bytes: bytes(), atMs: 3 }, { bytes: bytes(10, 10), atMs: 12 }],
  };
  assert.deepEqual(readRecord(written(answer)), answer);
});

test("what is no record is none", () => {
  for (const text of ["", "x", "{}\n", '{"status":200}\nabc', "null\n"]) {
    assert.equal(readRecord(new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>), undefined, text);
  }
});

test("base64 holds every byte", () => {
  const all = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);
  assert.deepEqual(fromBase64(toBase64(all)), all);
});

test("a sealed record opens in its place, with its secret, unchanged, and not otherwise", async () => {
  const one = sealer("a secret of some length");
  const text = new TextEncoder().encode("the prompt") as Uint8Array<ArrayBuffer>;
  const sealed = await one.seal(text, "here");
  assert.deepEqual(await one.open(sealed, "here"), text);
  assert.equal(await one.open(sealed, "there"), undefined);
  assert.equal(await sealer("another secret, as long").open(sealed, "here"), undefined);
  const changed = sealed.slice();
  changed[20]! ^= 1;
  assert.equal(await one.open(changed, "here"), undefined);
  assert.equal(await one.open(bytes(1, 2), "here"), undefined);
  assert.notDeepEqual(await one.seal(text, "here"), sealed);
  assert.ok(!new TextDecoder().decode(sealed).includes("prompt"));
});
