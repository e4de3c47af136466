/**
 * A provider that is down for a while, and many calls in that time.
 *
 * @module
 */
import { pause } from "../runtime/wait.ts";
import { ANSWER } from "../wall/answer.ts";
import { PACE } from "../wall/scene.ts";
import type { Visit } from "../wall/visit.ts";
import { prepare, unseen, watch } from "./play.ts";
import type { Pace, Scenario, Seen, Stage } from "./scenario.ts";

/** Calls, milliseconds between them, and how soon the primary must be used again, by the catalogue. */
const CALLS = 20;
const EVERY = 4000;
const BACK_WITHIN = 30_000;

/**
 * Makes a call every so often from before the end of the outage until after it. Every one must be answered, in the
 * outage by the fallback, and the primary must be used again soon after it.
 */
export async function outage(stage: Stage, scenario: Scenario): Promise<Seen> {
  const { pace } = stage;
  const first = prepare(stage, scenario);
  const startedAt = performance.now();
  const calls: Seen[] = [];
  for (let index = 0; index < CALLS; index++) {
    await pause(Math.max(0, startedAt + index * EVERY * pace.scale - performance.now()));
    calls.push(await watch(stage, first));
  }
  const failed = calls.find(({ reading }) => reading.text !== ANSWER || reading.outcome !== "answer");
  const last = calls.at(-1) ?? unseen(pace, first);
  return {
    ...last,
    reading: failed?.reading ?? last.reading,
    isHung: calls.some(({ isHung }) => isHung),
    ms: performance.now() - startedAt,
    complaints: [...unserved(calls), ...late(pace, first.ticket.to(first.models[0] ?? ""))],
  };
}

function unserved(calls: readonly Seen[]): readonly string[] {
  const count = calls.filter(({ reading }) => reading.text !== ANSWER).length;
  return count === 0 ? [] : [`${count} of ${CALLS} calls weren't served`];
}

/** Whether the primary was used again soon enough after it was well. */
function late({ scale, bound }: Pace, primary: readonly Visit[]): readonly string[] {
  const backAt = (primary[0]?.startedAt ?? 0) + PACE.outage * scale;
  const used = primary.find(({ startedAt }) => startedAt >= backAt);
  if (used === undefined) return ["the primary was never used again after it was well"];
  const seconds = (used.startedAt - backAt) / 1000;
  return seconds * 1000 <= bound(BACK_WITHIN) ? [] : [`the primary was used again only after ${seconds.toFixed(1)} s`];
}
