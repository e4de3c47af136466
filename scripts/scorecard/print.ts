/**
 * Scores for people at a terminal. Pure.
 *
 * @module
 */
import type { Run } from "../../tests/failover/run.ts";
import { type Scenario, type Score, type Verdict, VERDICTS } from "../../tests/failover/scenario.ts";

const WIDTH = 22;

/** A line for each scenario, with attempts and seconds; then why what isn't a pass isn't one, then the sums. */
export function printed(scenarios: readonly Scenario[], runs: readonly Run[]): readonly string[] {
  const table = scenarios.map(({ id, title }) => {
    const cells = runs.map(({ scores }) => cell(scores.find((score) => score.id === id)).padEnd(WIDTH));
    return `${id.padEnd(5)} ${cells.join("")} ${title}`;
  });
  const dropped = runs[0]?.dropped ?? [];
  return [
    ...(dropped.length === 0 ? [] : [`The gateway doesn't know ${dropped.join(", ")}.`, ""]),
    `      ${runs.map(({ runtime }) => runtime.padEnd(WIDTH)).join("")}`,
    ...table,
    "",
    ...reasons(runs.flatMap(({ scores }) => scores)),
    "",
    ...runs.map(({ runtime, scores }) => `${runtime.padEnd(8)} ${sums(scores.map(({ verdict }) => verdict))}`),
  ];
}

/** As `pass 2+1 0.64 s`: attempts at the primary and at others, and how long it took. */
function cell(score: Score | undefined): string {
  if (score === undefined) return "";
  const { verdict, attempts: [first, rest], seconds } = score;
  return `${verdict.padEnd(8)}${first}+${rest} ${seconds.toFixed(2)} s`;
}

/** Why each score isn't a pass: once for a verdict, in the words of the first runtime that came to it. */
function reasons(scores: readonly Score[]): readonly string[] {
  const lesser = scores.filter(({ verdict }) => verdict !== "pass");
  const isAlike = (a: Score, b: Score) => a.id === b.id && a.verdict === b.verdict;
  return lesser.filter((score, index) => lesser.findIndex((other) => isAlike(score, other)) === index).map((score) => {
    const runtimes = lesser.filter((other) => isAlike(score, other)).map(({ runtime }) => runtime).join(", ");
    return `${score.id.padEnd(5)} ${score.verdict.padEnd(8)} ${score.reason ?? ""} (${runtimes})`;
  });
}

/** As `14 pass, 1 partial, 1 safe, 0 fail`. */
export function sums(verdicts: readonly Verdict[]): string {
  return VERDICTS.map((verdict) => `${verdicts.filter((one) => one === verdict).length} ${verdict}`).join(", ");
}
