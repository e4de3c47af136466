/**
 * The suite as tests of `node:test`.
 *
 * @module
 */
import { after, describe, test } from "node:test";
import type { Runtime } from "./harness.ts";
import { AT_ONCE, Performance } from "./run.ts";
import { behaviours } from "./suite.ts";

/** Declares every behaviour as a test on one runtime; the gateway runs while they do. */
export async function declare(runtime: Runtime): Promise<void> {
  const performance = await Performance.open(runtime);
  after(() => performance.close());
  const play = (isAlone: boolean) => () => {
    for (const behaviour of behaviours.filter((one) => (one.isAlone ?? false) === isAlone)) {
      test(behaviour.name, () => performance.play(behaviour));
    }
  };
  describe(`Headgate on ${runtime}`, { concurrency: AT_ONCE }, play(false));
  describe(`Headgate on ${runtime}, undisturbed`, play(true));
}
