import assert from "node:assert/strict";
import { test } from "node:test";
import { Later } from "../adapters/later.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test("What lasts is acted on once; what is over soon, or was begun just now, isn't", async () => {
  const acted: string[] = [];
  const later = new Later<string>((thing) => acted.push(thing));
  later.add("lasts");
  later.add("is over at once");
  later.delete("is over at once");
  later.delete("never was");
  while (acted.length === 0) {
    later.add("passes");
    await pause(1);
    later.delete("passes");
  }
  later.add("lasts too");
  while (acted.length < 2) await pause(1);
  await pause(100);
  assert.deepEqual(acted, ["lasts", "lasts too"]);
});
