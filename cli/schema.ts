/**
 * `headgate schema`.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { packageRoot } from "./package.ts";

/** Prints the JSON Schema of the config. */
export function schema(): number {
  process.stdout.write(readFileSync(`${packageRoot()}/headgate.schema.json`, "utf8"));
  return 0;
}
