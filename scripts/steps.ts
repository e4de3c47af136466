/**
 * Everything that has to hold before a change goes in, as steps.
 *
 * @module
 */
import { globSync } from "node:fs";
import { entries } from "./entries.ts";

/** Commands that are run one after another until one fails. */
export interface Step {
  readonly name: string;
  readonly commands: readonly (readonly [command: string, ...args: string[]])[];
  /** How many test files it runs; a step of tests that finds none, or runs none of them, is no success. */
  readonly files?: number;
}

/** Suites that start servers or other programs, or test what only Node has: they run on Node alone. */
const suites = ["adapters", "cli", "runtime", "wall", "store", "shared", "clients", "examples"];

/** Suites that need a Redis server. */
const needRedis = ["store", "shared", "runtime"];

/** Suites whose files wait more than they work, or need a core each. */
const twoAtOnce = ["runtime", "shared"];

/** A test that hangs is named, long before its step is stopped. */
const hangs = "--test-timeout=120000";

const all = globSync("tests/**/*.test.ts").sort();
const unit = all.filter((path) => !suites.some((suite) => path.startsWith(`tests/${suite}/`)));
const script = (name: string): readonly [string, ...string[]] => [
  "node",
  "--disable-warning=ExperimentalWarning",
  `scripts/${name}.ts`,
];

/** Brings a Redis server where there is none: goes before whatever needs one. */
export const redis: readonly [string, ...string[]] = script("redis");

/** In the order in which they run: what fails fastest first, and the build before whoever needs it. */
export const steps: readonly Step[] = [
  { name: "check:format", commands: [["deno", "fmt", "--check"]] },
  { name: "check:lint", commands: [["deno", "lint"]] },
  { name: "check:types", commands: [["tsc", "-p", "tsconfig.json"], ["tsc", "-p", "tsconfig.tests.json"]] },
  {
    name: "check:deno",
    commands: [[
      "deno",
      "check",
      "--config",
      "deno.json",
      ...entries.map(({ source }) => source),
      ...globSync("examples/deno/*.ts"),
    ]],
  },
  { name: "check:globals", commands: [script("globals")] },
  { name: "check:size", commands: [script("size")] },
  { name: "check:imports", commands: [script("imports")] },
  { name: "package:build", commands: [script("build")] },
  { name: "package:npm", commands: [script("package")] },
  { name: "package:jsr", commands: [["deno", "publish", "--dry-run", "--allow-dirty"]] },
  { name: "unit:node", files: unit.length, commands: [["node", "--test", hangs, ...unit]] },
  { name: "unit:deno", files: unit.length, commands: [["deno", "test", "-A", "--no-check", "--quiet", ...unit]] },
  {
    name: "unit:bun",
    files: unit.length,
    commands: [["bun", "test", "--timeout=60000", ...unit.map((path) => `./${path}`)]],
  },
  ...suites.flatMap((suite): Step[] => {
    const files = all.filter((path) => path.startsWith(`tests/${suite}/`));
    if (files.length === 0) return [];
    return [{
      name: suite,
      files: files.length,
      commands: [
        ...(needRedis.includes(suite) ? [redis] : []),
        ...(suite === "shared" ? [script("faketime")] : []),
        ["node", "--test", `--test-concurrency=${twoAtOnce.includes(suite) ? 2 : 1}`, hangs, ...files],
      ],
    }];
  }),
  // Plays what providers do wrong, in short.
  { name: "failover", commands: [[...script("scorecard"), "--check"]] },
  // Reads what the runtime suite has just found.
  { name: "matrix", commands: [[...script("matrix"), "--check"]] },
];
