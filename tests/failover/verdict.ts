/**
 * From what was seen to a verdict. Pure.
 *
 * @module
 */
import { ANSWER } from "../wall/answer.ts";
import type { Scenario, Seen, Verdict } from "./scenario.ts";

/** A verdict and why it isn't a pass. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly reason: string | undefined;
}

/** Judges a scenario. */
export function judge({ ideal, checks = [] }: Pick<Scenario, "ideal" | "checks">, seen: Seen): Judgement {
  const lie = seen.isHung ? "it hangs" : ideal === "conduct" ? undefined : untruth(seen, ideal);
  if (lie !== undefined) return { verdict: "fail", reason: lie };
  const found = checks.map((check) => ({ isAdvisory: check.isAdvisory === true, complaint: check.complaint(seen) }));
  const required = [
    ...seen.complaints,
    ...found.flatMap(({ isAdvisory, complaint }) => isAdvisory ? [] : complaint ?? []),
  ];
  if (required.length > 0) return { verdict: "fail", reason: required.join("; ") };
  if (!isIdeal(seen, ideal)) return lesser(seen, ideal);
  const advisory = found.flatMap(({ complaint }) => complaint ?? []);
  return advisory.length > 0
    ? { verdict: "partial", reason: advisory.join("; ") }
    : { verdict: "pass", reason: undefined };
}

/** What the caller was made to believe that isn't so. */
function untruth({ reading, status }: Seen, ideal: Scenario["ideal"]): string | undefined {
  const { outcome, text } = reading;
  if (outcome === "false") return `status ${status} over something that is no answer`;
  if (reading.goesOnAfterError) return "the stream goes on after its error";
  if (outcome === "error") return ANSWER.startsWith(text) ? undefined : "what was shown isn't the answer's beginning";
  if (ideal === "verbatim" || text === ANSWER) return undefined;
  return `${text.split(" ").length} words of another or a truncated answer, shown as the whole`;
}

function isIdeal({ reading, bytes, visits }: Seen, ideal: Scenario["ideal"]): boolean {
  if (ideal === "conduct") return true;
  if (ideal === "error") return reading.outcome === "error";
  if (ideal === "answer") return reading.outcome === "answer";
  return visits.length === 1 && visits[0]?.sent.equals(bytes) === true;
}

/** Nothing untrue, but not what would have been best. */
function lesser({ reading, visits }: Seen, ideal: Scenario["ideal"]): Judgement {
  if (ideal === "error") return { verdict: "partial", reason: "answered by a way round the refusal" };
  if (ideal === "verbatim") {
    const isRouted = visits.length > 1;
    return { verdict: "partial", reason: isRouted ? "asked elsewhere" : "the provider's bytes were changed" };
  }
  return { verdict: "safe", reason: `an honest error: ${reading.error ?? "unsaid"}` };
}
