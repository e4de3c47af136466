/**
 * The scores that the docs tell, and what is worse than they. Pure.
 *
 * @module
 */
import { type Score, type Verdict, VERDICTS } from "../../tests/failover/scenario.ts";
import { RUNTIMES } from "../../tests/runtime/harness.ts";
import { MARKS } from "./document.ts";

/** Verdicts by scenario, in the order of the runtimes. */
export type Recorded = ReadonlyMap<string, readonly Verdict[]>;

/** Reads the docs: a row begins with a scenario's id, and its next cells are the runtimes'. */
export function recorded(text: string): Recorded {
  const rows = [...text.matchAll(/^\| ([SF]\d\d[a-z]?) [^|\s][^|]*((?:\| [^|]+)+)\|$/gm)];
  return new Map(rows.map(([, id = "", cells = ""]) => [id, verdicts(cells.split("|").slice(1))]));
}

const verdicts = (cells: readonly string[]): readonly Verdict[] =>
  cells.slice(0, RUNTIMES.length).map((cell) => VERDICTS.find((verdict) => cell.trim() === MARKS[verdict]) ?? "fail");

/** A line for each score that is a `fail`, or worse than recorded. */
export function setbacks(scores: readonly Score[], record: Recorded): readonly string[] {
  return scores.flatMap(({ id, runtime, verdict, reason }) => {
    const before = record.get(id)?.[RUNTIMES.indexOf(runtime)];
    const isWorse = before !== undefined && VERDICTS.indexOf(verdict) > VERDICTS.indexOf(before);
    const was = isWorse ? `, which was ${before}` : "";
    return verdict === "fail" || isWorse ? [`${id} on ${runtime}: ${verdict}${was}: ${reason ?? "unsaid"}`] : [];
  });
}
