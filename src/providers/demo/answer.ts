/**
 * From a request to its answer.
 *
 * @module
 */
import type { LocalRequest } from "../provider.ts";
import { deliver, type Errand, stream } from "./deliver.ts";
import { list } from "./list.ts";
import { setting } from "./model.ts";
import { type DemoClock, due } from "./pace.ts";
import { type Job, PATHS, type Place, place } from "./place.ts";
import { Refusal, refusalBody } from "./refusal.ts";
import { reply } from "./reply.ts";
import { type Fields, flag, isFields } from "./shape.ts";
import { identifier } from "./text.ts";

/** What one demo provider keeps. */
export interface Instance {
  readonly clock: DemoClock;
  /** Whether a model that refuses every other call refuses this one. */
  refusesNow(): boolean;
}

/** Answers a request; rejects only where its signal fires. */
export async function answer(request: LocalRequest, instance: Instance): Promise<Response> {
  const where = place(request.url, request.headers);
  const startedAt = instance.clock.now();
  const text = decode(request.body);
  const id = identifier(`${request.url.pathname}\n${text}`);
  try {
    request.signal.throwIfAborted();
    return await serve({ request, where, text, id, startedAt }, instance);
  } catch (error) {
    request.signal.throwIfAborted();
    const refusal = error instanceof Refusal ? error : failure(error);
    const { status, headers } = refusal;
    return Response.json(refusalBody(where.dialect, refusal, id), { status, headers: { ...ids(id), ...headers } });
  }
}

const ids = (id: string) => ({ "request-id": `req_${id}`, "x-request-id": `req_${id}` });

/** A document too deep for the runtime's stack is the caller's fault; anything else is ours. */
function failure(error: unknown): Refusal {
  if (error instanceof RangeError) return new Refusal(400, "Send a document that is nested less deeply.");
  return new Refusal(500, "The demo provider failed: report the request that did it.");
}

/** One request, read as far as every path needs it. */
interface Visit {
  readonly request: LocalRequest;
  readonly where: Place;
  readonly text: string;
  readonly id: string;
  readonly startedAt: number;
}

/** @throws {Refusal} where the answer is an error. */
async function serve(visit: Visit, instance: Instance): Promise<Response> {
  const { request: { method }, where: { job, dialect, model }, id } = visit;
  if (job === undefined) throw new Refusal(404, `Use a path that the demo provider serves: ${PATHS}.`);
  const wanted = job.kind === "models" ? "GET" : "POST";
  if (method !== wanted) throw new Refusal(405, `Send this request with ${wanted}.`, { headers: { allow: wanted } });
  if (job.kind === "models") return Response.json(list(dialect, model), { headers: ids(id) });
  return await work(job, visit, instance);
}

async function work(job: Exclude<Job, { kind: "models" }>, visit: Visit, instance: Instance): Promise<Response> {
  const { request: { headers, signal }, where: { model, query }, text, id, startedAt } = visit;
  const body = parse(text);
  const chosen = setting(model ?? body["model"], query, headers);
  const { clock } = instance;
  const pace = { clock, startedAt, ttftMs: chosen.ttftMs, gapMs: chosen.gapMs };
  const errand = { setting: chosen, pace, signal, headers: ids(id) };
  await refuse(errand, instance);
  if (job.kind === "document") return await deliver(job.write(body, chosen), 0, errand);
  const said = reply(job.speaker.hear(body), chosen, id);
  const shape = job.shape ?? (flag(body, "stream") ? "sse" : "plain");
  if (shape !== "plain") return await stream(job.speaker, said, shape, errand);
  return await deliver(job.speaker.say(said), said.outputTokens, errand);
}

/** @throws {Refusal} where the model answers with an error. */
async function refuse({ setting, pace, signal }: Errand, instance: Instance): Promise<void> {
  const { refuses, breaks, recovers } = setting.behaviour;
  if (refuses === undefined || breaks !== undefined || (recovers && !instance.refusesNow())) return;
  await due(pace, 0, signal);
  throw refuses();
}

/** The text of a body; an empty one where it is not UTF-8, which is no JSON either. */
function decode(body: Uint8Array | null): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body ?? new Uint8Array());
  } catch {
    return "";
  }
}

/** @throws {Refusal} 400 where the text is no JSON object. */
function parse(text: string): Fields {
  try {
    const document: unknown = JSON.parse(text);
    if (isFields(document)) return document;
  } catch {
    // Said below, with what is wrong in other ways.
  }
  throw new Refusal(400, "Send a JSON object in UTF-8 as the body.", { code: "invalid_json" });
}
