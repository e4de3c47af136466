/**
 * Waits: what a provider hints at, what the caller allows, and callers who leave meanwhile.
 *
 * @module
 */
import { pause, until } from "../../runtime/wait.ts";
import { advisory, asked, gapOf, hungUp, othersAsked, primaryAsked, status, withinReal } from "../checks.ts";
import { prepare, send, unseen, watch } from "../play.ts";
import { type Check, group, type Scenario, type Seen, type Stage } from "../scenario.ts";

/** The caller's own deadline, as OpenAI's and Anthropic's libraries send it, in seconds. */
const deadline = (seconds: number) => ({ "x-stainless-timeout": String(seconds) });

const hintedSeconds = (seen: Seen) => seen.pace.seconds(2) * 950;

/** How soon a provider must be left when nobody waits for it any more, in milliseconds. */
const LEFT_WITHIN_MS = 500;

/** The caller leaves while the gateway waits before another attempt. */
async function leaveInWait(stage: Stage, scenario: Scenario): Promise<Seen> {
  const call = prepare(stage, scenario);
  const live = send(stage, call);
  live.answered().catch(() => {});
  await until(() => call.ticket.visits[0]?.endedAt !== undefined, "the first attempt");
  await pause(600); // longer than a wait that the hint had no part in
  live.leave("rst");
  await pause(1200);
  return unseen(stage.pace, call);
}

/** See the matrix of runtimes. */
const DEAF_BEFORE_THE_HEAD = {
  deno:
    "Deno notices a client who leaves before the answer's head only where the whole request came in one small piece",
};

/** The caller leaves while the gateway waits for the first output. */
async function leaveInSilence(stage: Stage, scenario: Scenario): Promise<Seen> {
  const call = prepare(stage, scenario);
  const live = send(stage, call);
  live.answered().catch(() => {});
  await until(() => call.ticket.visits.length > 0, "the first attempt");
  await pause(100);
  const leftAt = live.leave("rst");
  await pause(LEFT_WITHIN_MS);
  const heldMs = (call.ticket.visits[0]?.leftAt ?? Infinity) - leftAt;
  await pause(stage.pace.bound(10_000));
  const complaints = heldMs <= LEFT_WITHIN_MS ? [] : [`the provider was held for more than ${LEFT_WITHIN_MS} ms`];
  return { ...unseen(stage.pace, call), complaints };
}

/** Two calls, one after the other; whoever `isAnother` brings a credential of its own. What is judged is the second. */
async function twice(stage: Stage, scenario: Scenario, isAnother: boolean): Promise<Seen> {
  const first = prepare(stage, scenario);
  await watch(stage, first);
  const second = isAnother ? prepare(stage, scenario) : first;
  return await watch(stage, second);
}

const keepsTheHint: Check = {
  name: "hands the hint on",
  complaint: ({ headers }) => headers.get("retry-after") === "30" ? undefined : "the hint doesn't reach the caller",
};

/** Waits. */
export const waiting: readonly Scenario[] = group("waiting and hints", [
  {
    id: "F30a",
    title: "Retry-After as a date is waited for",
    ideal: "answer",
    ask: ({ seconds }) => ({ models: [`429-date-${seconds(2)}`], gateway: "wall-error" }),
    checks: [gapOf(hintedSeconds), primaryAsked(2, 2)],
  },
  {
    id: "F30b",
    title: "retry-after-ms is waited for",
    ideal: "answer",
    ask: { models: ["429-ms-700"], gateway: "wall-error" },
    checks: [gapOf(() => 690), withinReal(() => 2500), primaryAsked(2, 2)],
  },
  {
    id: "F30c",
    title: "Gemini's hint, which stands in the body, is waited for",
    ideal: "answer",
    ask: ({ seconds }) => ({ models: [`429-hint-${seconds(2)}`], dialect: "gemini", gateway: "wall-error" }),
    checks: [gapOf(hintedSeconds), primaryAsked(2, 2)],
  },
  {
    id: "F31a",
    title: "A Retry-After of 30 s isn't waited for where another target may answer",
    ideal: "answer",
    ask: { models: ["503-after-30", "ok"], gateway: "wall-error" },
    checks: [withinReal(() => 3000), othersAsked(1, 1), advisory(primaryAsked(1, 1))],
  },
  {
    id: "F31b",
    title: "A Retry-After beyond the caller's deadline isn't waited for, and reaches the caller",
    ideal: "error",
    ask: { models: ["503-after-30"], gateway: "wall-error", headers: deadline(2) },
    checks: [status(503), withinReal(() => 1500), keepsTheHint, advisory(primaryAsked(1, 1))],
  },
  {
    id: "F31c",
    title: "A target that asked for 30 s of rest isn't asked by the caller's next call",
    ideal: "answer",
    ask: { models: ["503-after-30", "ok"], gateway: "wall-error" },
    play: (stage, scenario) => twice(stage, scenario, false),
    checks: [advisory(primaryAsked(1, 1)), othersAsked(2, 2)],
  },
  {
    id: "F31d",
    title: "One caller's spent quota keeps nobody else from the target",
    ideal: "answer",
    ask: { models: ["429-after-30", "ok"], gateway: "wall-error" },
    play: (stage, scenario) => twice(stage, scenario, true),
    checks: [primaryAsked(1, 2)],
  },
  {
    id: "F32",
    title: "The caller's deadline bounds all attempts together",
    ideal: "error",
    ask: ({ seconds }) => ({
      models: ["silent", "silent", "silent"],
      gateway: "wall-error",
      headers: deadline(seconds(2)),
    }),
    checks: [status(504), withinReal(({ pace }) => pace.seconds(2) * 1000 + 400), hungUp],
  },
  {
    id: "F33",
    title: "A caller who leaves while the gateway waits causes no further attempt",
    ideal: "conduct",
    ask: { models: ["429-after-1", "ok"], gateway: "wall-error" },
    play: leaveInWait,
    limits: DEAF_BEFORE_THE_HEAD,
    checks: [asked(1, 1)],
  },
  {
    id: "F34",
    title: "A caller who leaves before the first output ends the attempt, and causes no other",
    ideal: "conduct",
    ask: { models: ["role-only", "ok"], gateway: "wall-error" },
    play: leaveInSilence,
    limits: DEAF_BEFORE_THE_HEAD,
    checks: [asked(1, 1)],
  },
]);
