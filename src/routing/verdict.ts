/**
 * What a failed answer means for the call. Pure.
 *
 * @module
 */
import { CAUSES, type Course, type Reason } from "../providers/wires/causes.ts";
import { waitMs } from "./wait.ts";

export type { Course, Reason };

/** What is to be done about a failed answer. */
export interface Verdict {
  readonly course: Course;
  readonly reason: Reason;
  /** How long the provider wants to be left alone, at most a day; `undefined` where it doesn't say. */
  readonly retryAfterMs: number | undefined;
}

/** Longer errors quote the request; why it failed is said first. */
const MOST_CHARACTERS = 4096;

/**
 * Judges a failed answer. Never throws.
 *
 * @param body As it came; nothing where there is none.
 * @param now Epoch milliseconds.
 */
export function verdictOf(status: number, headers: Headers, body: string, now: number): Verdict {
  const text = `${status} ${headers.get("x-amzn-errortype")} ${body.slice(0, MOST_CHARACTERS)}`;
  const [course, reason] = CAUSES.find(([, , pattern]) => pattern.test(text))!;
  const retryAfterMs = waitMs(status, headers, text, now);
  return { course: advised(course, headers.get("x-should-retry")), reason, retryAfterMs };
}

/** A provider that says whether another try can help knows better. */
function advised(course: Course, shouldRetry: string | null): Course {
  if (course === "retry" && shouldRetry === "false") return "next";
  return course === "final" && shouldRetry === "true" ? "retry" : course;
}
