/**
 * The generated part of docs/failover.md. Pure but for the versions of runtimes.
 *
 * @module
 */
import { PEERS, SOURCE, verdictsOf } from "../../tests/failover/peers.ts";
import type { Run } from "../../tests/failover/run.ts";
import { type Group, type Scenario, type Verdict, VERDICTS } from "../../tests/failover/scenario.ts";
import type { Runtime } from "../../tests/runtime/harness.ts";

const TITLES: Readonly<Record<Runtime, string>> = {
  node: "Node",
  deno: "Deno",
  bun: "Bun",
  workers: "Workers",
  vercel: "Vercel Edge",
};

/** How a verdict looks in a table. */
export const MARKS: Readonly<Record<Verdict, string>> = { pass: "✓", partial: "◐", safe: "○", fail: "✗" };

/** The docs with a new scorecard in them. */
export function scorecard(text: string, scenarios: readonly Scenario[], runs: readonly Run[]): string {
  const [begin, end] = ["<!-- scorecard:begin -->", "<!-- scorecard:end -->"];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`Put ${begin} and ${end} into docs/failover.md.`);
  return `${text.slice(0, from + begin.length)}\n\n${content(scenarios, runs)}\n\n${text.slice(to)}`;
}

function content(scenarios: readonly Scenario[], runs: readonly Run[]): string {
  const groups = [...new Set(scenarios.map(({ group }) => group))];
  return [
    "### Sums",
    totals(scenarios, runs),
    ...groups.flatMap((group) => [title(group), table(group, scenarios, runs)]),
    "### Beside others",
    `Others as published by [${SOURCE.name}](${SOURCE.url}) on ${SOURCE.date} (${SOURCE.licence}), each with ${SOURCE.budget}.`,
    beside(scenarios, runs),
  ].join("\n\n");
}

const title = (group: Group): string => group === "catalogue" ? "### The public catalogue" : `### Our own: ${group}`;

const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

const rule = (count: number): string => row(["---", ...Array.from({ length: count }, () => ":-:")]);

/** The catalogue's and our own, by runtime. */
function totals(scenarios: readonly Scenario[], runs: readonly Run[]): string {
  const of = (group: (one: Group) => boolean) => scenarios.filter((scenario) => group(scenario.group));
  const lines = ([["the public catalogue", of((group) => group === "catalogue")], [
    "our own",
    of((group) => group !== "catalogue"),
  ]] as const).map(([name, some]) => row([`${name}, ${some.length}`, ...runs.map((run) => count(some, run))]));
  return [row(["", ...runs.map(({ runtime }) => TITLES[runtime])]), rule(runs.length), ...lines].join("\n");
}

function count(scenarios: readonly Scenario[], run: Run): string {
  const all = scenarios.map(({ id }) => verdictOf(run, id));
  return VERDICTS.map((verdict) => [all.filter((one) => one === verdict).length, MARKS[verdict]] as const)
    .filter(([number]) => number > 0).map(([number, mark]) => `${number} ${mark}`).join(" ");
}

/** Verdicts by runtime, and what the first of them was measured to take. */
function table(group: Group, scenarios: readonly Scenario[], runs: readonly Run[]): string {
  const lines = scenarios.filter((scenario) => scenario.group === group).map(({ id, title }) =>
    row([`${id} ${title}`, ...runs.map((run) => MARKS[verdictOf(run, id)]), figures(runs[0], id)])
  );
  const heads = ["", ...runs.map(({ runtime }) => TITLES[runtime]), "attempts, seconds"];
  return [row(heads), rule(runs.length + 1), ...lines].join("\n");
}

function figures(run: Run | undefined, id: string): string {
  const score = run?.scores.find((one) => one.id === id);
  return score === undefined ? "" : `${score.attempts.join("+")}, ${score.seconds.toFixed(1)}`;
}

/** The worst of our runtimes beside what is published of others. */
function beside(scenarios: readonly Scenario[], runs: readonly Run[]): string {
  const ours = scenarios.filter(({ group }) => group === "catalogue");
  const lines = ours.map(({ id }, index) =>
    row([id, MARKS[worst(runs, id)], ...PEERS.map((peer) => MARKS[verdictsOf(peer)[index] ?? "fail"])])
  );
  const passed = (verdicts: readonly Verdict[]) => String(verdicts.filter((verdict) => verdict === "pass").length);
  return [
    row(["", "Headgate, on its worst runtime", ...PEERS.map(({ name }) => name)]),
    rule(PEERS.length + 1),
    ...lines,
    row(["passed", passed(ours.map(({ id }) => worst(runs, id))), ...PEERS.map((peer) => passed(verdictsOf(peer)))]),
  ].join("\n");
}

function worst(runs: readonly Run[], id: string): Verdict {
  const all = runs.map((run) => VERDICTS.indexOf(verdictOf(run, id)));
  return VERDICTS[Math.max(...all)] ?? "fail";
}

function verdictOf({ scores }: Run, id: string): Verdict {
  return scores.find((score) => score.id === id)?.verdict ?? "fail";
}
