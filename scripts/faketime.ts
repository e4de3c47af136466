/**
 * Sees to it that there is a library which shifts the clock of a process, for the tests that want clocks to disagree.
 * Where it can't be had they say so and go without.
 *
 * @module
 */
import { findFaketime } from "../tests/shared/skew.ts";
import { install, mayInstall } from "./apt.ts";

if (findFaketime() === undefined && mayInstall()) await install("libfaketime");
console.log(`The library that shifts clocks is ${findFaketime() ?? "missing: all clocks of the tests agree"}.`);
