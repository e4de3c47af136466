/**
 * Plays one call and puts down what was seen of it.
 *
 * @module
 */
import type { LogRecord } from "../../src/logs/record.ts";
import { begin, type Live } from "../runtime/client.ts";
import { until, within } from "../runtime/wait.ts";
import { ANSWER } from "../wall/answer.ts";
import { type Step, step } from "../wall/ask.ts";
import { read } from "../wall/reading.ts";
import type { Visit } from "../wall/visit.ts";
import type { Ticket } from "../wall/wall.ts";
import type { Ask, Pace, Scenario, Seen, Stage } from "./scenario.ts";

/** A call that is ready to be made. */
export interface Call {
  readonly ask: Ask;
  readonly ticket: Ticket;
  /** Names of its models; the scenario stands in them, so that no scenario's faults are another's. */
  readonly models: readonly string[];
  readonly steps: readonly Step[];
  readonly path: string;
}

/** Prepares a scenario's call. */
export function prepare(stage: Stage, { id, ask }: Pick<Scenario, "id" | "ask">): Call {
  const made = typeof ask === "function" ? ask(stage.pace) : ask;
  const { dialect = "chat", stream = true, gateway = "wall" } = made;
  const ticket = stage.wall.ticket();
  const wanted = made.models.map((model) => typeof model === "string" ? [model, dialect] as const : model);
  const models = wanted.map(([fault], index) => `${fault}.${id}-${index}`);
  const steps = wanted.map(([, spoken], index) => step(ticket, spoken, models[index] ?? "", stream));
  return { ask: made, ticket, models, steps, path: `/v1/suite/${gateway}` };
}

/** Sends a call and leaves its answer to the scenario. */
export function send({ gateway }: Stage, { ask, steps, path }: Call): Live {
  const headers = { "content-type": "application/json", ...ask.headers };
  return begin(gateway.port, { path, headers, body: JSON.stringify(steps) });
}

/** Plays a scenario that is one call. */
export async function play(stage: Stage, scenario: Scenario): Promise<Seen> {
  const call = prepare(stage, scenario);
  const seen = await watch(stage, call);
  const isAlive = call.ask.probes === true ? await probe(stage, scenario.id) : undefined;
  return { ...seen, isAlive };
}

/** Makes a call and waits for its end, and for the gateway to leave whatever it has given up. */
export async function watch(stage: Stage, call: Call): Promise<Seen> {
  const { ask, ticket } = call;
  const startedAt = performance.now();
  const live = send(stage, call);
  const end = await within(ended(live), "the answer", stage.pace.bound(ask.hangsAfter ?? 45_000)).catch(() => HUNG);
  const ms = performance.now() - startedAt;
  if (end === HUNG) live.leave("rst");
  await until(() => ticket.visits.every(isOver), "the end of every attempt", SETTLES_WITHIN_MS).catch(() => {});
  const { bytes, isWhole } = end;
  const { dialect = "chat", stream = true } = ask;
  return {
    ...unseen(stage.pace, call),
    isHung: end === HUNG,
    status: live.status,
    headers: live.headers,
    bytes,
    isWhole,
    reading: read(dialect, stream, { status: live.status, text: bytes.toString("utf8"), isWhole }),
    ms,
    record: ask.wantsRecord === true ? await recordOf(stage, live) : undefined,
  };
}

interface End {
  readonly bytes: Buffer;
  readonly isWhole: boolean;
}

const BROKEN: End = { bytes: Buffer.alloc(0), isWhole: false };
const HUNG: End = { ...BROKEN };

/** How soon an attempt must be over once its call is, in milliseconds. */
const SETTLES_WITHIN_MS = 300;

const isOver = ({ endedAt, leftAt }: Visit): boolean => endedAt !== undefined || leftAt !== undefined;

/** Longer than anything hangs. */
const FOR_EVER = 2 ** 31 - 1;

/** The whole answer; a connection that breaks before it is one of no bytes. */
function ended(live: Live): Promise<End> {
  return live.answered(FOR_EVER).then(() => live.rest(FOR_EVER)).catch(() => BROKEN);
}

/** What is seen before anything has happened. */
export function unseen(pace: Pace, { models, ticket }: Call): Seen {
  return {
    pace,
    isHung: false,
    status: 0,
    headers: new Map(),
    bytes: Buffer.alloc(0),
    isWhole: false,
    reading: read("chat", true, { status: 0, text: "", isWhole: false }),
    ms: 0,
    models,
    visits: ticket.visits,
    record: undefined,
    isAlive: undefined,
    complaints: [],
  };
}

/** Whether a healthy model still answers through the gateway. */
async function probe(stage: Stage, id: string): Promise<boolean> {
  const call = prepare(stage, { id: `${id}-probe`, ask: { models: ["ok"], stream: false } });
  return (await watch(stage, call)).reading.text === ANSWER;
}

async function recordOf({ gateway }: Stage, live: Live): Promise<LogRecord | undefined> {
  return await gateway.log(live).catch(() => undefined);
}
