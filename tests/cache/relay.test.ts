import assert from "node:assert/strict";
import { test } from "node:test";
import { written } from "../../src/cache/record.ts";
import { followed } from "../../src/cache/relay.ts";
import { CLOCK } from "../../src/clock.ts";
import { memory } from "../../src/store/memory.ts";
import type { Followed } from "../../src/store/store.ts";

const head = { status: 200, headers: [] };
const batch = (text: string) =>
  written({ head, chunks: [{ bytes: new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>, atMs: 0 }] });
const KEYS = { entry: "entry", lease: "lease", relay: "relay", tags: "tags" };

test("of an answer of which a piece can't be read, no more is told than what came before, and no clean end", async () => {
  const heard: Followed[] = [
    { state: "under way", batches: [batch("one ")] },
    { state: "under way", batches: [new Uint8Array([1, 2, 3])] },
    { state: "passed", batches: [batch("three")] },
  ];
  const store = { ...memory(), follow: () => Promise.resolve(heard.shift() ?? { state: "gone" as const }) };
  const clock = { ...CLOCK, wait: () => Promise.resolve() };
  const passed = await followed({ store, clock, sealer: undefined }, KEYS, "leader", new AbortController().signal);
  assert.equal(new TextDecoder().decode(await passed!.source.read()), "one ");
  await assert.rejects(passed!.source.read());
});
