/**
 * What the package offers, read from its own manifest.
 *
 * @module
 */
import { readFileSync } from "node:fs";

/** One entry point. */
export interface Entry {
  /** As a user imports it: `headgate/node`. */
  readonly name: string;
  /** Its source file: `./adapters/node.ts`. */
  readonly source: string;
}

const { exports } = read("deno.json") as { exports: Record<string, string> };

/** Every entry point, the core first. */
export const entries: readonly Entry[] = Object.entries(exports).map(([path, source]) => ({
  name: path.replace(/^\./, "headgate"),
  source,
}));

/** Reads a JSON file of the checkout. */
export function read(path: string): unknown {
  return JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), "utf8"));
}
