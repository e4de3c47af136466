/**
 * Time and chance: what decides is given them, so that a decision can be taken again from what was recorded.
 *
 * @module
 */

/** The clock and the dice of a room. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** At least 0 and less than 1. */
  random(): number;
  /** Resolves when the time is up, or at once when the signal fires. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** The runtime's own. */
export const CLOCK: Clock = {
  now: () => Date.now(),
  random: () => Math.random(),
  wait: (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted || ms <= 0) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener("abort", done);
    }),
};
