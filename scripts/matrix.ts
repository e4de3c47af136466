/**
 * Writes the matrix of docs/runtimes.md from the last run of the runtime suite: `node scripts/matrix.ts`. With `--run`
 * it runs the suite first; with `--check` it writes nothing and fails where names or verdicts are out of step.
 *
 * @module
 */
import { readFile, writeFile } from "node:fs/promises";
import process from "node:process";
import { type Runtime, RUNTIMES } from "../tests/runtime/harness.ts";
import { kept, perform } from "../tests/runtime/run.ts";
import type { Result, Run } from "../tests/runtime/stage.ts";
import { behaviours } from "../tests/runtime/suite.ts";

const DOCS = new URL("../docs/runtimes.md", import.meta.url);

const TITLES: Readonly<Record<Runtime, string>> = {
  node: "Node",
  deno: "Deno",
  bun: "Bun",
  workers: "Workers",
  vercel: "Vercel Edge",
};

/** What stands for each runtime in `devDependencies`. */
const PACKAGES: Readonly<Record<Runtime, string>> = {
  node: "node",
  deno: "deno",
  bun: "bun",
  workers: "workerd",
  vercel: "edge-runtime",
};

const isCheck = process.argv.includes("--check");
const runs = await collect(process.argv.includes("--run"));
const text = await readFile(DOCS, "utf8");
const fresh = replaced(text, "matrix", matrix(runs, await versions()));
if (isCheck) check(text, fresh);
else await writeFile(DOCS, replaced(fresh, "times", times(runs)));

/** One whole run of each runtime: the last one, or a new one. */
async function collect(isFresh: boolean): Promise<readonly Run[]> {
  const found: Run[] = [];
  for (const runtime of RUNTIMES) {
    const last = isFresh ? undefined : await kept(runtime);
    found.push(last !== undefined && isOfThisSuite(last) ? last : await perform(runtime));
  }
  return found;
}

function isOfThisSuite({ results }: Run): boolean {
  return results.length === behaviours.length && results.every(({ name }, index) => name === behaviours[index]?.name);
}

function check(committed: string, wanted: string): void {
  const failed = runs.flatMap(({ runtime, results }) =>
    results.filter(isFailure).map(({ name }) => `${runtime}: ${name}`)
  );
  for (const line of failed) console.error(`It fails on ${line}`);
  if (committed !== wanted) {
    console.error("docs/runtimes.md is out of step with the suite: run `node scripts/matrix.ts` and commit it.");
  }
  if (failed.length > 0 || committed !== wanted) process.exitCode = 1;
  else console.log(`${behaviours.length} behaviours, ${RUNTIMES.length} runtimes, and the docs say so.`);
}

function isFailure({ verdict }: Result): boolean {
  return verdict === "fails";
}

/** The text with what is between two markers exchanged. */
function replaced(text: string, marker: string, content: string): string {
  const [begin, end] = [`<!-- ${marker}:begin -->`, `<!-- ${marker}:end -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`Put ${begin} and ${end} into docs/runtimes.md.`);
  // The formatter would align the columns, and every change of a name would change every line.
  const block = `\n\n<!-- deno-fmt-ignore-start -->\n\n${content}\n\n<!-- deno-fmt-ignore-end -->\n\n`;
  return text.slice(0, from + begin.length) + block + text.slice(to);
}

async function versions(): Promise<Readonly<Record<string, string>>> {
  const { devDependencies } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));
  return devDependencies;
}

/** One table an area, then what the marks mean. */
function matrix(runs: readonly Run[], devDependencies: Readonly<Record<string, string>>): string {
  const reasons = limits(runs);
  const areas = [...new Set(behaviours.map(({ area }) => area))];
  const counts = runs.map(({ results }) => results.filter((result) => !isFailure(result)).length);
  const total = [
    row(["", ...runs.map(({ runtime }) => TITLES[runtime])]),
    row(["---", ...runs.map(() => ":-:")]),
    row(["version", ...runs.map(({ runtime }) => `${PACKAGES[runtime]} ${devDependencies[PACKAGES[runtime]]}`)]),
    row([`of ${behaviours.length} behaviours`, ...counts.map(String)]),
    row([
      "of them with a limit",
      ...runs.map(({ results }) => `${results.filter(({ verdict }) => verdict === "limited").length}`),
    ]),
  ];
  const notes = reasons.map(({ runtime, reason }, index) => `${index + 1}. ${TITLES[runtime]} ${reason}.`);
  return [total.join("\n"), ...areas.map((area) => table(area, runs, reasons)), "### Limits", notes.join("\n")].join(
    "\n\n",
  );
}

function table(area: string, runs: readonly Run[], reasons: readonly Limit[]): string {
  const lines = behaviours.filter((behaviour) => behaviour.area === area).map(({ name }) =>
    row([escaped(name), ...runs.map((run) => mark(run, name, reasons))])
  );
  const title = `### ${area[0]?.toUpperCase()}${area.slice(1)}`;
  return [
    title,
    "",
    row(["", ...runs.map(({ runtime }) => TITLES[runtime])]),
    row(["---", ...runs.map(() => ":-:")]),
    ...lines,
  ].join("\n");
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function escaped(text: string): string {
  return text.replaceAll("|", "\\|");
}

interface Limit {
  readonly runtime: Runtime;
  readonly reason: string;
}

/** Each limit once, in the order in which it appears. */
function limits(runs: readonly Run[]): readonly Limit[] {
  const all = behaviours.flatMap(({ name }) =>
    runs.flatMap(({ runtime, results }) => {
      const result = results.find((one) => one.name === name);
      return result?.verdict === "limited" ? [{ runtime, reason: result.reason ?? "" }] : [];
    })
  );
  return all.filter((limit, index) => all.findIndex((other) => isSame(limit, other)) === index);
}

function isSame(a: Limit, b: Limit): boolean {
  return a.runtime === b.runtime && a.reason === b.reason;
}

function mark({ runtime, results }: Run, name: string, reasons: readonly Limit[]): string {
  const result = results.find((one) => one.name === name);
  if (result === undefined || isFailure(result)) return "✗";
  if (result.verdict === "holds") return "✓";
  const number = reasons.findIndex((limit) => isSame(limit, { runtime, reason: result.reason ?? "" })) + 1;
  return `limit ${number}`;
}

/** Milliseconds as minimum / median / maximum. */
function times(runs: readonly Run[]): string {
  const names = [...new Set(runs.flatMap(({ measured }) => Object.keys(measured)))];
  const lines = names.map((name) =>
    row([`the client left ${name}`, ...runs.map(({ measured }) => spread(measured[name] ?? []))])
  );
  const start = row(["start to first answer", ...runs.map(({ startMs }) => `${startMs}`)]);
  return [
    row(["milliseconds", ...runs.map(({ runtime }) => TITLES[runtime])]),
    row(["---", ...runs.map(() => "--:")]),
    ...lines,
    start,
  ].join("\n");
}

function spread(all: readonly number[]): string {
  if (all.length === 0) return "–";
  const sorted = [...all].sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return [sorted[0] ?? 0, middle, sorted.at(-1) ?? 0].map((ms) => ms < 10 ? ms.toFixed(1) : ms.toFixed(0)).join(" / ");
}
