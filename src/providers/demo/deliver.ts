/**
 * Brings an answer to the reader: in time, or broken as the model wants it.
 *
 * @module
 */
import type { Setting } from "./model.ts";
import { type Clock, forever, type Frame, type Pace, paced, STALL } from "./pace.ts";
import { type Reply, type Speaker, TOKEN } from "./reply.ts";
import type { Fields } from "./shape.ts";

/** One request on its way to an answer. */
export interface Errand {
  readonly setting: Setting;
  readonly clock: Clock;
  readonly pace: Pace;
  readonly signal: AbortSignal;
  /** Of the answer. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Answers with one document, once its last token is due.
 *
 * @throws {Refusal} where the model errs instead.
 */
export async function deliver(document: Fields, tokens: number, errand: Errand): Promise<Response> {
  const { setting: { behaviour, ttftMs, gapMs }, signal } = errand;
  await due(errand, ttftMs + gapMs * Math.max(0, tokens - 1));
  if (behaviour.breaks === "stall") return await forever(signal);
  if (behaviour.breaks === "error" && behaviour.refuses) throw behaviour.refuses();
  const json = JSON.stringify(document);
  const headers = { ...errand.headers, "content-type": "application/json" };
  if (behaviour.breaks === "garble") return new Response(half(json), { headers });
  if (behaviour.breaks !== "cut") return new Response(json, { headers });
  return new Response(paced(cutShort(json), errand.pace, errand.clock, signal), { headers });
}

/** Answers with a stream of events, or with the items of a JSON array. */
export async function stream(
  speaker: Speaker,
  reply: Reply,
  shape: "sse" | "array",
  errand: Errand,
): Promise<Response> {
  const { setting, clock, pace, signal } = errand;
  if (setting.behaviour.holdsHeaders) await due(errand, setting.ttftMs);
  const frames = framed(speaker, reply, setting, shape === "sse" ? sse(speaker) : array());
  const type = shape === "sse" ? "text/event-stream; charset=utf-8" : "application/json";
  const headers = { ...errand.headers, "content-type": type, "cache-control": "no-cache" };
  return new Response(paced(frames, pace, clock, signal), { headers });
}

/** Waits until so many milliseconds after the request came. */
export async function due({ clock, pace, signal }: Errand, afterMs: number): Promise<void> {
  const early = pace.startedAt + afterMs - clock.now();
  if (early > 0) await clock.wait(early, signal);
}

const half = (text: string): string => text.slice(0, text.length >> 1);

const broken = (): Error => new Error("The demo model cut its answer off: ask another model for a whole one.");

function* cutShort(json: string): Generator<Frame> {
  yield half(json);
  throw broken();
}

/** How the events of a stream become text. */
interface Framing {
  frame(event: Fields, json: string): string;
  /** After the last event; `isWhole` unless an error ended the stream. */
  end(isWhole: boolean): string;
}

function sse({ newline = "\n", end = "" }: Speaker): Framing {
  return {
    frame: ({ type }, json) =>
      `${typeof type === "string" ? `event: ${type}${newline}` : ""}data: ${json}${newline}${newline}`,
    end: (isWhole) => isWhole ? end : "",
  };
}

function array(): Framing {
  let before = "[";
  return {
    frame(_, json) {
      const text = before + json;
      before = ",\r\n";
      return text;
    },
    end: () => "]",
  };
}

function* framed(speaker: Speaker, reply: Reply, setting: Setting, framing: Framing): Generator<Frame> {
  const { behaviour: { breaks, refuses }, faultAfter } = setting;
  const events = speaker.stream(reply);
  const faultAt = breaks === undefined || breaks === "filter" ? -1 : Math.min(faultAfter, reply.outputTokens - 1);
  let [tokens, sent] = [0, 0];
  for (const event of events) {
    if (event !== TOKEN) {
      sent++;
      yield framing.frame(event, JSON.stringify(event));
      continue;
    }
    yield TOKEN;
    if (tokens++ !== faultAt) continue;
    if (breaks === "cut") throw broken();
    if (breaks === "stall") yield STALL;
    if (breaks === "garble") return yield garbled(events.next().value, framing);
    if (refuses) {
      for (const error of speaker.fail(refuses(), reply, sent)) yield framing.frame(error, JSON.stringify(error));
    }
    return yield framing.end(false);
  }
  yield framing.end(true);
}

function garbled(event: Fields | typeof TOKEN | void, framing: Framing): string {
  const whole = typeof event === "object" ? event : {};
  return framing.frame(whole, half(JSON.stringify(whole)));
}
