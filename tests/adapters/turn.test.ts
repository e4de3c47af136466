import assert from "node:assert/strict";
import { test } from "node:test";
import { Turn } from "../../adapters/turn.ts";

const soon = () => new Promise<void>((resolve) => setImmediate(resolve));

test("steps are taken together, in order, once what runs now is done", async () => {
  const turn = new Turn();
  const taken: number[] = [];
  for (const step of [1, 2, 3]) turn.add(() => void taken.push(step));
  await Promise.resolve();
  assert.deepEqual(taken, []);
  await soon();
  assert.deepEqual(taken, [1, 2, 3]);
});

test("a step that is added by another waits for the next turn", async () => {
  const turn = new Turn();
  const taken: string[] = [];
  turn.add(() => {
    taken.push("first");
    turn.add(() => void taken.push("second"));
  });
  await soon();
  assert.deepEqual(taken, ["first"]);
  await soon();
  assert.deepEqual(taken, ["first", "second"]);
});
