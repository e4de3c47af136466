/**
 * Things that have to be so, to be combined.
 *
 * @module
 */
import { type Check, others, primary, type Seen } from "./scenario.ts";

/** The same check, whose failure costs less. */
export function advisory(check: Check): Check {
  return { ...check, isAdvisory: true };
}

/** How often the wall was asked for the primary. */
export function primaryAsked(least: number, most: number): Check {
  return counted("the primary", primary, least, most);
}

/** How often the wall was asked for all others. */
export function othersAsked(least: number, most: number): Check {
  return counted("others", others, least, most);
}

/** How often the wall was asked in all. */
export function asked(least: number, most: number): Check {
  return counted("the wall", ({ visits }) => visits, least, most);
}

function counted(whom: string, of: (seen: Seen) => readonly unknown[], least: number, most: number): Check {
  const range = least === most ? `${least}` : most === Infinity ? `${least} or more` : `${least} to ${most}`;
  return {
    name: `attempts at ${whom}: ${range}`,
    complaint(seen) {
      const { length } = of(seen);
      return length >= least && length <= most ? undefined : `${length} attempts at ${whom} instead of ${range}`;
    },
  };
}

/** How long the call took, in the catalogue's milliseconds. */
export function within(ms: number): Check {
  return {
    name: `within ${ms / 1000} s`,
    complaint(seen) {
      const bound = seen.pace.bound(ms);
      return seen.ms <= bound ? undefined : `took ${seconds(seen.ms)} instead of at most ${seconds(bound)}`;
    },
  };
}

/** How long the call took, in real milliseconds, which a hint in a header comes in. */
export function withinReal(ms: (seen: Seen) => number): Check {
  return {
    name: "in time",
    complaint: (seen) =>
      seen.ms <= ms(seen) ? undefined : `took ${seconds(seen.ms)} instead of at most ${seconds(ms(seen))}`,
  };
}

/** Milliseconds between the first two attempts at the primary. */
export function gapOf(least: (seen: Seen) => number): Check {
  return {
    name: "waits before it tries again",
    complaint(seen) {
      const [first, second] = primary(seen);
      if (first === undefined || second === undefined) return "no second attempt";
      const gap = second.startedAt - first.startedAt;
      return gap >= least(seen) ? undefined : `waited ${seconds(gap)} instead of ${seconds(least(seen))}`;
    },
  };
}

/** How many attempts at the primary fall into its first milliseconds, of the catalogue's. */
export function notHammered(most: number, ms: number): Check {
  return {
    name: `at most ${most} attempts in ${ms / 1000} s`,
    complaint(seen) {
      const all = primary(seen);
      const end = (all[0]?.startedAt ?? 0) + ms * seen.pace.scale;
      const early = all.filter(({ startedAt }) => startedAt < end).length;
      return early <= most ? undefined : `${early} attempts in the first ${seconds(ms * seen.pace.scale)}`;
    },
  };
}

/** A healthy call afterwards succeeds. */
export const aliveAfter: Check = {
  name: "alive afterwards",
  complaint: ({ isAlive }) => isAlive === true ? undefined : "a healthy call failed afterwards",
};

/** The answer names the model that gave it. */
export const namesTheFallback: Check = {
  name: "names the model that answered",
  complaint: ({ reading: { model }, models }) =>
    model !== undefined && models.indexOf(model) > 0 ? undefined : `the answer names ${model}`,
};

/** The answer tells its usage. */
export const tellsUsage: Check = {
  name: "tells usage",
  complaint: ({ reading: { outputTokens } }) => (outputTokens ?? 0) > 0 ? undefined : "no usage is told",
};

/** The status that the caller gets. */
export function status(...wanted: readonly number[]): Check {
  return {
    name: `status ${wanted.join(" or ")}`,
    complaint: (seen) => wanted.includes(seen.status) ? undefined : `status ${seen.status}`,
  };
}

/** A word of the provider's that must reach the caller. */
export function says(pattern: RegExp): Check {
  return {
    name: `says ${pattern.source}`,
    complaint: ({ bytes }) => pattern.test(bytes.toString("utf8")) ? undefined : "the provider's reason is lost",
  };
}

/** Some of the answer has been shown. */
export const hasShown: Check = {
  name: "shows what has come",
  complaint: ({ reading }) => reading.text === "" ? "nothing of the answer was shown" : undefined,
};

/** A stream that can't be completed says so in its dialect, has no end mark, and is broken off. */
export const brokenHonestly: Check = {
  name: "ends with an error event and is broken off",
  complaint({ reading, isWhole }) {
    if (!reading.hasNativeError) return "no error event in the dialect's own form";
    if (reading.hasEndMark) return "it has an end mark";
    return isWhole ? "its body ends as if it were whole" : undefined;
  },
};

/** What the client's library is told about trying again. */
export const isFinal: Check = {
  name: "tells the client's library not to try again",
  complaint: ({ headers }) => headers.get("x-should-retry") === "false" ? undefined : "no x-should-retry: false",
};

/** The bytes that the wall sent are those that came. */
export const byteForByte: Check = {
  name: "byte for byte",
  complaint: ({ visits, bytes }) =>
    visits.at(-1)?.sent.equals(bytes) === true ? undefined : "the stream isn't the provider's, byte for byte",
};

/** The gateway hung up on every attempt that it gave up. */
export const hungUp: Check = {
  name: "hangs up on what it gives up",
  complaint: ({ visits }) =>
    visits.some(({ leftAt, endedAt }) => leftAt === undefined && endedAt === undefined)
      ? "an attempt that was given up is still open"
      : undefined,
};

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
