/**
 * Brings an answer to the reader: in time, or broken as the model wants it.
 *
 * @module
 */
import type { Behaviour, Setting } from "./model.ts";
import { due, forever, type Frame, type Pace, paced } from "./pace.ts";
import { type Reply, type Speaker, TOKEN } from "./reply.ts";
import { type Fields, isFields } from "./shape.ts";

/** What it takes to bring an answer. */
export interface Errand {
  readonly setting: Setting;
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
  const { setting: { behaviour: { breaks, refuses } }, pace, signal } = errand;
  await due(pace, Math.max(0, tokens - 1), signal);
  if (breaks === "stall") return await forever(signal);
  if (breaks === "error" && refuses) throw refuses();
  const json = JSON.stringify(document);
  const body = breaks === "cut" ? paced(cutShort(json), pace, signal) : breaks === "garble" ? half(json) : json;
  return new Response(body, { headers: { ...errand.headers, "content-type": "application/json" } });
}

/** Answers with a stream of events, or with the items of a JSON array. */
export async function stream(
  speaker: Speaker,
  reply: Reply,
  shape: "sse" | "array",
  errand: Errand,
): Promise<Response> {
  const { setting, pace, signal } = errand;
  if (setting.behaviour.holdsHeaders) await due(pace, 0, signal);
  const frames = framed(speaker, reply, setting, shape === "sse" ? sse(speaker) : array());
  const type = shape === "sse" ? "text/event-stream; charset=utf-8" : "application/json";
  const headers = { ...errand.headers, "content-type": type, "cache-control": "no-cache" };
  return new Response(paced(frames, pace, signal), { headers });
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
  const { behaviour: { breaks }, faultAfter } = setting;
  const events = speaker.stream(reply);
  let left = breaks === undefined || breaks === "filter" ? Infinity : Math.min(faultAfter, reply.outputTokens - 1);
  let sent = 0;
  for (const event of events) {
    if (event !== TOKEN) {
      sent++;
      yield framing.frame(event, JSON.stringify(event));
      continue;
    }
    yield TOKEN;
    if (left-- > 0) continue;
    const errors = setting.behaviour.refuses ? speaker.fail(setting.behaviour.refuses(), reply, sent) : [];
    return yield* fault(breaks, events.next().value, errors, framing);
  }
  yield framing.end(true);
}

/** What comes in the place of the next event and of all after it. */
function* fault(
  breaks: Behaviour["breaks"],
  next: unknown,
  errors: readonly Fields[],
  framing: Framing,
): Generator<Frame> {
  if (breaks === "cut") yield* breakOff();
  if (breaks === "stall") yield Infinity;
  if (breaks === "garble") return yield garbled(isFields(next) ? next : {}, framing);
  for (const error of errors) yield framing.frame(error, JSON.stringify(error));
  yield framing.end(false);
}

const garbled = (event: Fields, framing: Framing): string => framing.frame(event, half(JSON.stringify(event)));

const half = (text: string): string => text.slice(0, text.length >> 1);

function* cutShort(json: string): Generator<Frame> {
  yield half(json);
  yield* breakOff();
}

/** Long enough for what came before a break to be on its way. */
const FLUSH_MS = 20;

function* breakOff(): Generator<Frame> {
  yield FLUSH_MS;
  throw new Error("The demo model cut its answer off: ask another model for a whole one.");
}
