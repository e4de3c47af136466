/**
 * Clocks that disagree: what a process is told of the time, shifted for all its runtime by libfaketime.
 *
 * @module
 */
import { globSync } from "node:fs";

/** The library to preload; `undefined` where it isn't installed. */
export const findFaketime = (): string | undefined => globSync("/usr/lib/*/faketime/libfaketime.so.1")[0];

/** The environment of a process whose clock is so many seconds off; time passes in it as it does elsewhere. */
export function skewed(library: string, seconds: number): Readonly<Record<string, string>> {
  return {
    LD_PRELOAD: library,
    FAKETIME: `${seconds < 0 ? "-" : "+"}${Math.abs(seconds)}`,
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
    // The shared memory that children find each other by outlives a process that is killed.
    FAKETIME_DISABLE_SHM: "1",
  };
}
