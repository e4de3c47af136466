/**
 * Runs the steps one after another: `npm test`, or `npm test -- unit check:size` for some of them.
 *
 * @module
 */
import process from "node:process";
import { run, stopAll } from "./run.ts";
import { type Step, steps } from "./steps.ts";

/** What a step came to. */
interface Result {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The closing lines of Node's, Deno's and Bun's runners. */
const closing = {
  passed: /^(?:ℹ pass (\d+)|(?:ok|FAILED) \| (\d+) passed.*| *(\d+) pass)$/gm,
  failed: /^(?:ℹ fail (\d+)|(?:ok|FAILED) \|.*\| (\d+) failed.*| *(\d+) fail)$/gm,
  skipped: /^(?:ℹ skipped (\d+)|(?:ok|FAILED) \|.*\| (\d+) ignored.*| *(\d+) skip)$/gm,
};

const chosen = choose(process.argv.slice(2));
const startedAt = performance.now();
const results: Result[] = [];
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    stopAll();
    process.exit(130);
  });
}

for (const step of chosen) results.push(await perform(step));

const total = (key: keyof Result): number => results.reduce((sum, result) => sum + result[key], 0);
const skipped = total("skipped") > 0 ? `, ${total("skipped")} skipped` : "";
console.log(`\n${chosen.length} steps in ${seconds(performance.now() - startedAt)}`);
console.log(`${total("passed")} passed, ${total("failed")} failed${skipped}`);
process.exitCode = total("failed") > 0 ? 1 : 0;

/** The steps named, by themselves or by the word before their colon; all of them when none is. */
function choose(names: readonly string[]): readonly Step[] {
  const of = (name: string): Step[] => steps.filter((step) => step.name === name || step.name.startsWith(`${name}:`));
  const unknown = names.find((name) => of(name).length === 0);
  if (unknown === undefined) return names.length === 0 ? steps : names.flatMap(of);
  console.error(`There is no step "${unknown}": choose among ${steps.map(({ name }) => name).join(", ")}.`);
  process.exit(2);
}

/** Runs a step and prints its line, and all that it said when it failed. */
async function perform(step: Step): Promise<Result> {
  let output = "";
  let tookMs = 0;
  let code = 0;
  for (const [command, ...args] of step.commands) {
    const ran = await run(command, args);
    output += ran.output;
    tookMs += ran.seconds * 1000;
    code = ran.code;
    if (code !== 0) break;
  }
  const result = judge(step, code, output);
  if (result.failed > 0) console.log(`${output.trimEnd()}\n`);
  return say(step, result.failed > 0 ? "FAILED" : "ok", tookMs, result, output);
}

/** A check counts as one test; a step of tests counts what its runner counted, and fails when that is nothing. */
function judge(step: Step, code: number, output: string): Result {
  const broken = code === 0 ? 0 : 1;
  if (step.files === undefined) return { passed: 1 - broken, failed: broken, skipped: 0 };
  const passed = last(output, closing.passed);
  return {
    passed,
    failed: last(output, closing.failed) || broken || Number(passed === 0),
    skipped: last(output, closing.skipped),
  };
}

/** The number in the last line that fits. */
function last(output: string, line: RegExp): number {
  return Number([...output.matchAll(line)].at(-1)?.slice(1).find((number) => number !== undefined) ?? 0);
}

function say(step: Step, verdict: string, tookMs: number, result: Result, output = ""): Result {
  const tests = step.files === undefined ? notable(output) : `${result.passed} passed, ${result.failed} failed`;
  console.log(`${verdict.padEnd(7)} ${step.name.padEnd(14)} ${seconds(tookMs).padStart(7)}  ${tests}`.trimEnd());
  return result;
}

/** The last line of a script of ours that ends with a full stop says what it found. */
function notable(output: string): string {
  const last = output.trimEnd().split("\n").at(-1) ?? "";
  return last.endsWith(".") && last.length <= 80 ? last : "";
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
