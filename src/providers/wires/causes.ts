/**
 * Why providers fail, in their own words. One table for all of them: they pass each other's sentences on.
 *
 * @module
 */

import { field } from "../../json.ts";

/** Who is asked after a failure: the same target again and then the next; the next at once; nobody: the call is at fault. */
export type Course = "retry" | "next" | "final";

/** What a failure comes down to. */
export type Reason =
  | "throttled"
  | "no-credit"
  | "overloaded"
  | "unavailable"
  | "timeout"
  | "unauthorized"
  | "not-found"
  | "bad-request"
  | "context-length"
  | "content-filter"
  | "conflict"
  | "unknown";

/** One row of the table. */
export type Cause = readonly [course: Course, reason: Reason, pattern: RegExp];

/**
 * The first row whose pattern fits the status, a space, and what the answer says. Words count only at the statuses that
 * providers say them with, so that what a client wrote and an error quotes seldom passes for them.
 */
export const CAUSES: readonly Cause[] = [
  [
    "final",
    "content-filter",
    /^4(00|03|22) .*(content.?(filter|poli|moder|manage|exist)|moderation|guardrail|responsible.?ai|safety|flagged|usage poli)/is,
  ],
  [
    "final",
    "context-length",
    /^(4(00|13|22)|500) .*(context.?(len|win|size|limit)|maximum prompt|too long|input token|too many tokens|max_new_tok)|^4(13|29) .*too large for/is,
  ],
  [
    "next",
    "no-credit",
    /^402|^4(00|01|03|29) .*(insufficient.(quo|bal|fund)|credit|(spend|usage).limit|billing_|per.?day"|per_?day|"quota_exc|daily free|plan and billing(?!.*retryDelay))/is,
  ],
  [
    "next",
    "not-found",
    /^4(04|10)|^4(00|03|22) .*(model.?not|such model|(in)?valid.model|model ident|model.{0,99}(not (found|exist)|decommis))/is,
  ],
  ["next", "unauthorized", /^40[13]|^400 .*(api.key|location is not)/is],
  ["retry", "throttled", /^4(29|98)|^400 thrott/is],
  ["retry", "timeout", /^[45]0[84]/],
  ["retry", "conflict", /^409/],
  ["retry", "overloaded", /^529|^5.*overload/is],
  ["retry", "unavailable", /^(5|42[45])/],
  ["final", "bad-request", /^4/],
  ["next", "unknown", /^/],
];

/** Statuses of errors that a stream tells by name. */
const STATUSES: readonly (readonly [status: number, name: RegExp])[] = [
  [529, /overloaded_error/],
  [429, /rate.?limit|throttl|exhausted|quota|too.?many/i],
  [503, /unavailable|overload|capacity/i],
  [504, /time.?out|deadline/i],
  [401, /authentic|permission/i],
  [400, /invalid|validation|context|content/i],
];

/** The status that an answer with this error had got, had it not begun with 200: its own code, or one for its words. */
export function statusOf(error: unknown): number {
  const named = Number(field(error, "code"));
  if (named >= 400 && named < 600) return named;
  const text = written(error);
  return STATUSES.find(([, name]) => name.test(text))?.[0] ?? 500;
}

/**
 * A document as JSON text; an empty object for what can't be written, as it is nested too deeply.
 *
 * @param without Names of members whose objects are left out.
 */
export function written(document: unknown, without: readonly string[] = []): string {
  const kept = (name: string, value: unknown) =>
    typeof value === "object" && without.includes(name) ? undefined : value;
  try {
    return JSON.stringify(document, without.length === 0 ? undefined : kept) ?? "{}";
  } catch {
    return "{}";
  }
}
