/**
 * Plays scenarios on one runtime.
 *
 * @module
 */
import { Gateway, type Runtime } from "../runtime/harness.ts";
import { Wall } from "../wall/wall.ts";
import { accepted, failoverConfig } from "./config.ts";
import { play, prepare, unseen } from "./play.ts";
import { others, type Pace, primary, type Scenario, type Score, type Seen, type Stage } from "./scenario.ts";
import { judge, type Judgement } from "./verdict.ts";

/** Scenarios that are played at once: they wait most of the time. */
const AT_ONCE = 16;

/** Short times for every change, and the public catalogue's own. */
export const SHORT = 0.1;
export const FULL = 1;

/** How much later something may be where times are short, in milliseconds: the machine is busy with other scenarios. */
const SLACK_MS = 400;

/** All scores of one runtime. */
export interface Run {
  readonly runtime: Runtime;
  readonly scores: readonly Score[];
  /** Keys of the config that the gateway doesn't know. */
  readonly dropped: readonly string[];
}

/** Time for a run. */
export function paceOf(scale: number): Pace {
  return {
    scale,
    bound: (ms) => ms * scale + (scale < 1 ? SLACK_MS : 0),
    seconds: (seconds) => Math.max(1, Math.round(seconds * scale)),
  };
}

/** Starts wall and gateway, plays the scenarios and ends both. */
export async function perform(runtime: Runtime, scenarios: readonly Scenario[], scale: number): Promise<Run> {
  const wall = await Wall.start(scale);
  const { config, dropped } = accepted(failoverConfig(wall));
  try {
    const gateway = await Gateway.start(runtime, config);
    try {
      return { runtime, dropped, scores: await playAll({ runtime, gateway, wall, pace: paceOf(scale) }, scenarios) };
    } finally {
      await gateway.stop();
    }
  } finally {
    await wall.stop();
  }
}

/** The longest begins first; scores come in the order of the scenarios. */
async function playAll(stage: Stage, scenarios: readonly Scenario[]): Promise<readonly Score[]> {
  const scores = new Map<string, Score>();
  const queue = [...scenarios].sort((a, b) => Number(b.play !== undefined) - Number(a.play !== undefined));
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      scores.set(next.id, await score(stage, next));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return scenarios.flatMap(({ id }) => scores.get(id) ?? []);
}

async function score(stage: Stage, scenario: Scenario): Promise<Score> {
  const seen = await (scenario.play ?? play)(stage, scenario).catch((error: Error) => broken(stage, scenario, error));
  const { verdict, reason } = limited(judge(scenario, seen), scenario.limits?.[stage.runtime]);
  const words = stage.gateway.lastWords;
  return {
    id: scenario.id,
    runtime: stage.runtime,
    verdict: words === undefined ? verdict : "fail",
    reason: words === undefined ? reason : `the gateway has ended: ${words.slice(-300)}`,
    attempts: [primary(seen).length, others(seen).length],
    seconds: seen.ms / 1000,
  };
}

function limited(judgement: Judgement, limit: string | undefined): Judgement {
  if (limit === undefined || judgement.verdict !== "fail") return judgement;
  return { verdict: "partial", reason: `${limit}: ${judgement.reason}` };
}

/** A scenario that breaks off is a failure of its own. */
function broken(stage: Stage, scenario: Scenario, error: Error): Seen {
  return { ...unseen(stage.pace, prepare(stage, scenario)), complaints: [error.message] };
}
