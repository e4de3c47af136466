/**
 * The commit gate: nothing of an answer is handed on before the model has spoken, so that until then every failure can
 * still become another attempt.
 *
 * @module
 */
import { wholeAnswer } from "./answer.ts";
import { Gathered, joined } from "./bytes.ts";
import type { Inbound, Platform } from "./call.ts";
import { GatewayError } from "./errors.ts";
import { flowing, type Source, sourceOf } from "./flow.ts";
import { parsedJson } from "./json.ts";
import type { Patience } from "./patience.ts";
import { ending, type Listener, listener } from "./providers/wires/listener.ts";
import { type Fault, faultIn } from "./providers/wires/speech.ts";
import type { Wire } from "./providers/wires/wire.ts";
import { spoken, upToFault } from "./spoken.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Held at most: of a stream before the model speaks, of an error, of an answer that is one document. */
const MAX_PREAMBLE_BYTES = 64 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;
const MAX_DOCUMENT_BYTES = 1024 * 1024;

/** An answer whose head is here. */
export interface Arrival {
  /** Its body is not looked at before it is needed: on some runtimes that alone makes a stream. */
  readonly inbound: Inbound;
  /** Whether only a head was asked for. */
  readonly isHead: boolean;
  /** Headers that the client may see. */
  readonly headers: [string, string][];
  /** Absent where nothing is known of the format: such an answer passes as it comes. */
  readonly wire: Wire | undefined;
  /** Waits for the model's first output. */
  readonly patience: Patience;
  /** Fires when the attempt is called off, or the patience is lost. */
  readonly signal: AbortSignal;
  /** Told once a stream has ended, one way or the other. */
  readonly over: () => undefined;
  /** Milliseconds that the answer may be silent after that. */
  readonly idleMs: number | undefined;
  /** Bytes after which a runaway answer is broken off. */
  readonly maxBytes: number;
  /** As messages name it. */
  readonly provider: string;
  readonly platform: Platform;
}

/**
 * Waits until an answer has proved to be one.
 *
 * @returns The answer, every byte of it; or, where the provider told an error after all, that error as it would have
 * answered it in the first place.
 * @throws {GatewayError} `upstream_broken` for an answer that is empty, cut, or not what it says it is.
 */
export async function gate(arrival: Arrival): Promise<Response> {
  const { inbound: { status, headers }, wire, isHead } = arrival;
  const type = typeOf(headers);
  const isOk = status >= 200 && status < 300;
  if (isHead || isEncoded(headers)) return passing(arrival, []);
  // A model that may think for long has no part in an error.
  if (!isOk) arrival.patience.hurry(arrival.idleMs);
  if (!isOk) return await document(arrival, MAX_ERROR_BYTES);
  if (DOCUMENT.test(type)) return await document(arrival, MAX_DOCUMENT_BYTES);
  if (wire === undefined) return passing(arrival, []);
  const listening = listener(wire, type);
  return listening === undefined ? await strange(arrival, wire) : await speech(arrival, opened(arrival), listening, []);
}

/** One JSON document; not what is one after the other, as `application/stream+json`. */
const DOCUMENT = /^(?:application|text)\/(?:(?!stream)[\w.-]+\+)?json *(?:;|$)/;
/** A web page says what it is, whatever it is called. */
const MARKUP = /^\ufeff?\s*<[a-z!?]/i;
const PAGE = /^\ufeff?\s*<(?:!doctype|html|head|body)\b/i;
const EVENTS = /^(?:data: ?\{|event: ?\w+[.\w]*\r?\n)/;
const MAX_START = 64;
const NOTHING = "answered with nothing";

const typeOf = (headers: Headers): string => headers.get("content-type")?.toLowerCase() ?? "";

/** Of an encoding that nobody has undone. */
const isEncoded = (headers: Headers): boolean => !/^(identity)?$/i.test(headers.get("content-encoding") ?? "");

/** A text may be empty, as that of a recording in which nobody speaks. */
const isText = (type: string): boolean => /^text\/(?!event-stream|json|html)/.test(type);

/** Where a model answers, and not as its format is labelled: audio, a text. It is no web page, and it isn't nothing. */
async function strange(arrival: Arrival, wire: Wire): Promise<Response> {
  const source = opened(arrival);
  const first = await source.read();
  refuseLost(arrival);
  const mayBeEmpty = arrival.inbound.status !== 200 || isText(typeOf(arrival.inbound.headers));
  if (first === undefined && !mayBeEmpty) throw broken(arrival, NOTHING);
  if (first === undefined) return passing(arrival, [], source);
  const start = decoder.decode(first.subarray(0, MAX_START));
  const page = typeOf(arrival.inbound.headers).startsWith("text/html") ? MARKUP : PAGE;
  if (page.test(start)) source.cancel().catch(() => {});
  if (page.test(start)) throw broken(arrival, "answered with a web page");
  const listening = EVENTS.test(start) ? listener(wire, "text/event-stream") : undefined;
  return listening === undefined ? passing(arrival, [first], source) : speech(arrival, source, listening, [first]);
}

const EMPTY: Source = { read: () => Promise.resolve(undefined), cancel: () => Promise.resolve() };

/** The answer's bytes; they end where the attempt does. */
function opened({ inbound: { body }, signal }: Arrival): Source {
  const source = body === null ? EMPTY : sourceOf(body);
  signal.addEventListener("abort", () => void source.cancel().catch(() => {}));
  return source;
}

/** What isn't looked into. */
function passing(arrival: Arrival, held: Bytes[], source?: Source): Response {
  const { inbound: { status, body }, headers } = arrival;
  if (body === null) return new Response(null, { status, headers });
  return flowing(spoken(arrival, source ?? opened(arrival), held, undefined), { status, headers });
}

/** An answer in one piece: it is of use only whole, and only whole can be judged. */
async function document(arrival: Arrival, maxBytes: number): Promise<Response> {
  const { inbound, wire } = arrival;
  const length = Number(inbound.headers.get("content-length") ?? NaN);
  if (length > maxBytes || (wire === undefined && inbound.status < 300 && !(length <= MAX_ERROR_BYTES))) {
    return passing(arrival, []);
  }
  if (length <= maxBytes) return judged(arrival, new Uint8Array(await inbound.arrayBuffer()));
  const source = opened(arrival);
  const gathered = new Gathered();
  for (let bytes = await source.read(); bytes !== undefined; bytes = await source.read()) {
    gathered.push(bytes);
    const whole = gathered.whole();
    if (whole.byteLength > maxBytes) return passing(arrival, [whole], source);
    if (isList(whole) && wire !== undefined) {
      const listening = listener(wire, typeOf(inbound.headers));
      if (listening !== undefined) return await speech(arrival, source, listening, [whole]);
    }
  }
  refuseLost(arrival);
  return judged(arrival, gathered.whole());
}

/** A stream may also come as a list that grows. */
const isList = (bytes: Bytes) => /^\s*\[/.test(String.fromCharCode(...bytes.subarray(0, 16)));

/**
 * A whole document: one that says 200 and holds an error is that error, with its own status and every byte of it; one
 * that can't be read is none.
 */
function judged(arrival: Arrival, bytes: Bytes): Response {
  const { inbound, headers, wire, platform } = arrival;
  let { status } = inbound;
  let document: unknown;
  if (status < 300 && wire !== undefined) {
    document = parsedJson(decoder.decode(bytes));
    const fault = document === undefined ? faultInLines(arrival, wire, bytes) : faultIn(wire, document);
    if (status === 200) status = fault?.status ?? status;
  }
  return wholeAnswer(bytes, { status, headers: unframed(headers) }, platform, document);
}

/** Some call a stream of lines JSON. */
function faultInLines(arrival: Arrival, wire: Wire, bytes: Bytes): Fault | undefined {
  const listening = listener(wire, "application/x-ndjson")!;
  listening.hear(bytes);
  if (ending(listening) !== "whole" || listening.badEvents > 0) throw broken(arrival, "didn't answer with proper JSON");
  return listening.fault;
}

const decoder = new TextDecoder();

/** A length is told by who sends the answer. */
const unframed = (headers: [string, string][]) => headers.filter(([name]) => name !== "content-length");

/** Holds what comes before the model speaks. */
async function speech(arrival: Arrival, source: Source, listening: Listener, held: Bytes[]): Promise<Response> {
  const { inbound: { status } } = arrival;
  const headers = unframed(arrival.headers);
  const rest = () => flowing(spoken(arrival, source, [joined(held)], listening), { status, headers });
  let size = 0;
  let bytes = held.length > 0 ? held.pop() : await source.read();
  for (; bytes !== undefined; bytes = await source.read()) {
    listening.hear(bytes);
    held.push(upToFault(bytes, listening));
    if (listening.fault !== undefined && !listening.hasSpoken) {
      source.cancel().catch(() => {});
      return restated(arrival, listening.fault);
    }
    const isToldAll = listening.hasSpoken || listening.hasFinished;
    if (isToldAll || (size += bytes.byteLength) > MAX_PREAMBLE_BYTES) return rest();
  }
  refuseLost(arrival);
  const end = ending(listening);
  if (listening.fault !== undefined) return restated(arrival, listening.fault);
  if (end !== "whole") throw broken(arrival, "ended its answer before it had begun");
  return rest();
}

/** An error that came inside an answer, as an answer of its own. */
function restated({ headers, platform }: Arrival, { status, body }: Fault): Response {
  const kept = headers.filter(([name]) => name !== "content-length" && name !== "content-type");
  return wholeAnswer(new TextEncoder().encode(body), {
    status,
    headers: [...kept, ["content-type", "application/json"]],
  }, platform);
}

/** A stream that was given up reads as if it had ended. */
function refuseLost({ signal }: Arrival): void {
  if (signal.aborted) throw new Error("The provider was given up.");
}

const broken = ({ provider }: Arrival, why: string) =>
  new GatewayError("upstream_broken", `Try again: provider "${provider}" ${why}.`);
