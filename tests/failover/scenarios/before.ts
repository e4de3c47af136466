/**
 * Faults before the model's first output: the next target answers, and the caller knows nothing of it.
 *
 * @module
 */
import { DIALECT_IDS } from "../../wall/dialects/table.ts";
import {
  advisory,
  asked,
  byteForByte,
  hungUp,
  isFinal,
  othersAsked,
  primaryAsked,
  says,
  status,
  within,
} from "../checks.ts";
import { type Ask, type Check, group, type Scenario, type Seen } from "../scenario.ts";
import { letter, NAMES } from "./names.ts";

type Own = Omit<Scenario, "group">;

/** One fault and the next target, which answers. */
function next(
  id: string,
  title: string,
  ask: Partial<Ask> & { readonly fault: string },
  checks: readonly Check[] = [],
): Own {
  const { fault, ...more } = ask;
  return {
    id,
    title,
    ideal: "answer",
    ask: { models: [fault, "ok"], gateway: "wall-error", ...more },
    checks: [othersAsked(0, 1), ...checks],
  };
}

const once = primaryAsked(1, 1);

/** The head of an answer is worth nothing yet: this is how long its first output may take, with the fallback's answer. */
const inFirstTokenTime = within(15_000);

/** An error page that doesn't end must not be read to its end. */
const leavesTheRest: Check = {
  name: "doesn't read on",
  complaint: (seen: Seen) =>
    (seen.visits[0]?.sentBytes ?? 0) < 32 << 20 ? undefined : "read the whole of an endless error",
};

const ownWords: readonly Check[] = [once, othersAsked(0, 0), status(400), says(/content.filter/i)];

/** Faults before the first output. */
export const before: readonly Scenario[] = group("before the first output", [
  ...DIALECT_IDS.map((dialect, index) =>
    next(`F01${letter(index)}`, `An error as a stream's first event, ${NAMES[dialect]}`, {
      fault: "error-first",
      dialect,
    })
  ),
  ...DIALECT_IDS.map((dialect, index) =>
    next(`F02${letter(index)}`, `An error event after the opening, ${NAMES[dialect]}`, {
      fault: "error-event",
      dialect,
    })
  ),
  ...DIALECT_IDS.map((dialect, index) =>
    next(`F03${letter(index)}`, `An error object with status 200, plain, ${NAMES[dialect]}`, {
      fault: "error-event",
      dialect,
      stream: false,
    })
  ),
  next("F04a", "A stream that ends before it has begun", { fault: "empty" }),
  next("F04b", "A stream that ends after its opening, OpenAI chat", { fault: "empty-opening" }),
  next("F04c", "A stream that ends after its opening, Anthropic", { fault: "empty-opening", dialect: "messages" }),
  next("F04d", "A plain answer without a body", { fault: "empty", stream: false }),
  next("F05a", "The opening, then silence, OpenAI chat", { fault: "role-only" }, [inFirstTokenTime, hungUp]),
  next("F05b", "The opening, then silence, Anthropic", { fault: "role-only", dialect: "messages" }, [inFirstTokenTime]),
  next("F05c", "The opening, then silence, OpenAI responses", { fault: "role-only", dialect: "responses" }, [
    inFirstTokenTime,
  ]),
  next("F06a", "Comments for ever and never a word, OpenAI chat", { fault: "pings" }, [inFirstTokenTime, hungUp]),
  next("F06b", "Pings for ever and never a word, Anthropic", { fault: "pings", dialect: "messages" }, [
    inFirstTokenTime,
    hungUp,
  ]),
  next("F07", "Headers that come after 20 s", { fault: "slow-headers" }, [advisory(once), inFirstTokenTime]),
  next("F08", "Broken chunk framing before the first event", { fault: "bad-chunk-early" }),
  next("F09a", "A plain answer that is reset in its middle", { fault: "cut", stream: false }),
  next("F09b", "A plain answer that is shorter than announced", { fault: "cut-close", stream: false }),
  next("F09c", "A plain answer cut in its middle and ended as if whole", { fault: "cut-clean", stream: false }),
  next("F09d", "A plain answer that stalls in its middle", { fault: "stall", stream: false }, [within(25_000)]),
  next("F10a", "A plain answer of broken JSON", { fault: "bad-json", stream: false }),
  next("F10b", "Garbage labelled as JSON", { fault: "garbage", stream: false }),
  next("F10c", "A page in the place of a plain answer", { fault: "mislabelled", stream: false }),
  next("F10d", "A page in the place of a stream", { fault: "mislabelled" }),
  next("F11", "A redirect, which isn't followed", { fault: "redirect" }, [advisory(once)]),
  next("F12", "An error body that doesn't end", { fault: "oversized" }, [leavesTheRest, hungUp]),
  next("F13a", "401, which another attempt can't better", { fault: "denied" }, [once]),
  next("F13b", "402, which another attempt can't better", { fault: "unpaid" }, [once]),
  ...DIALECT_IDS.map((dialect, index) =>
    next(`F14${letter(index)}`, `429 because the credit is spent, ${NAMES[dialect]}: not tried again`, {
      fault: "no-credit",
      dialect,
    }, [once])
  ),
  next("F15", "529, overloaded, Anthropic", { fault: "529", dialect: "messages" }, [primaryAsked(1, 2)]),
  {
    id: "F16",
    title: "A prompt that is too long, in Anthropic's and in Gemini's words: on to a larger model",
    ideal: "answer",
    ask: { models: [["context-length", "messages"], ["context-length", "gemini"], "ok"], gateway: "wall-error" },
    checks: [once, asked(3, 3)],
  },
  ...DIALECT_IDS.map((dialect, index): Own => ({
    id: `F17${letter(index)}`,
    title: `A stream with comments and an opening in odd pieces comes byte for byte, ${NAMES[dialect]}`,
    ideal: "answer",
    ask: { models: ["preamble", "ok"], gateway: "wall-error", dialect },
    checks: [byteForByte, asked(1, 1)],
  })),
  {
    id: "F18a",
    title: "A content filter's 400 isn't routed around, OpenAI chat, plain",
    ideal: "error",
    ask: { models: ["content-filter", "ok"], gateway: "wall-error", stream: false },
    checks: ownWords,
  },
  {
    id: "F18b",
    title: "A content filter's 400 isn't routed around, Anthropic",
    ideal: "error",
    ask: { models: ["content-filter", "ok"], gateway: "wall-error", dialect: "messages" },
    checks: ownWords,
  },
  ...DIALECT_IDS.flatMap((dialect, index) =>
    [true, false].map((stream): Own => ({
      id: `F19${letter(2 * index + (stream ? 0 : 1))}`,
      title: `An answer that the filter held back comes as it is, ${NAMES[dialect]}, ${stream ? "streamed" : "plain"}`,
      ideal: "verbatim",
      ask: { models: ["blocked", "ok"], gateway: "wall-error", dialect, stream },
    }))
  ),
  {
    id: "F20a",
    title: "When every target refuses, the last one's own words come back",
    ideal: "error",
    ask: { models: ["500", "529"], gateway: "wall-error", dialect: "messages" },
    checks: [status(529), says(/overloaded_error/), isFinal, asked(2, 3)],
  },
  {
    id: "F20b",
    title: "When every target only errs in its stream, the status says so",
    ideal: "error",
    ask: { models: ["error-event", "error-first"], gateway: "wall-error", dialect: "messages" },
    checks: [status(502, 503, 529), isFinal, asked(2, 3)],
  },
  {
    id: "F20c",
    title: "When nobody answers at all, the caller is told in time",
    ideal: "error",
    ask: { models: ["silent", "role-only"], gateway: "wall-error" },
    checks: [status(504, 502), isFinal, within(25_000), hungUp],
  },
  {
    id: "F21",
    title: "A healthy answer is passed on as it comes, with one attempt",
    ideal: "answer",
    ask: { models: ["ok", "ok"], gateway: "wall-error" },
    checks: [asked(1, 1), byteForByte],
  },
]);
