import { after, before, describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import { openRig, type Rig } from "../store/rig.ts";
import { say } from "./figures.ts";
import type { Figures, Play } from "./tenants.ts";

const RUNS = 4;
const IN_MEMORY = 25_000;
const OVER_REDIS = 4000;

function played(play: Play): Promise<Figures> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./tenants.ts", import.meta.url), { workerData: play });
    worker.once("message", resolve).once("error", reject);
    worker.once("exit", () => reject(new Error("The thread has ended without a word.")));
  });
}

describe("whatever three tenants do, none is told or counted what is another's", () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  let rig: Rig;
  before(async () => rig = await openRig());
  after(() => rig.stop());

  for (let run = 1; run <= RUNS; run++) {
    test(`${IN_MEMORY} operations with the memory store, run ${run} of ${RUNS}`, async () => {
      say("three tenants, memory", await played({ operations: IN_MEMORY, seed: seed + run }));
    });
  }
  test(`${OVER_REDIS} operations over a real Redis`, async () => {
    const redis = { url: rig.front.url, token: rig.token, timeoutMs: 10_000 };
    say("three tenants, redis", await played({ redis, operations: OVER_REDIS, seed }));
  });
});
