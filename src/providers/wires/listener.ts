/**
 * Listens to a stream while it goes by: has the model spoken, has it finished, was an error told?
 *
 * @module
 */
import { NEWLINE, RETURN } from "../../ascii.ts";
import { Gathered, joined } from "../../bytes.ts";
import { parsedJson } from "../../json.ts";
import { frames } from "./frames.ts";
import { type Fault, MARK, saying } from "./speech.ts";
import type { Wire } from "./wire.ts";

/** What was heard so far. Of several answers in one stream, the first to finish counts. */
export interface Listener {
  /**
   * Takes the next bytes. Never throws. Keeps at most 256 KiB, all of one unfinished event; a longer one makes it deaf:
   * the model is then taken to have spoken and finished, as nobody can say that it hasn't.
   */
  hear(bytes: Uint8Array<ArrayBuffer>): void;
  /** Something of the model's own has come. */
  readonly hasSpoken: boolean;
  /** The model has said why it stopped. */
  readonly hasFinished: boolean;
  /** The format's last event has come. */
  readonly hasEnded: boolean;
  /** The first error that was told; what follows it isn't heard. */
  readonly fault: Fault | undefined;
  /** Events that are no JSON, of those that were looked at: all up to the first output, few after it. */
  readonly badEvents: number;
}

/** A listener for one stream; `undefined` where nothing is known of its format, or the answer is no stream. */
export function listener(wire: Wire, contentType: string): Listener | undefined {
  const type = contentType.toLowerCase();
  // Google's other kind of stream is one list.
  const isStream = /event-?stream|ndjson|jsonl|stream\+json/.test(type) ||
    (wire.id === "gemini" && /\/json/.test(type));
  return isStream ? new Ear(wire, type.includes("amazon")) : undefined;
}

/**
 * What a stream that the provider ended cleanly was: whole, empty (no output and no finish), or cut (output without
 * finish or end). Hears out an event that nothing closed: ask this before a last look at the rest.
 */
export function ending(listener: Listener): "whole" | "empty" | "cut" {
  listener.hear(new Uint8Array([NEWLINE, NEWLINE]));
  if (listener.hasFinished) return "whole";
  if (!listener.hasSpoken) return "empty";
  return listener.hasEnded ? "whole" : "cut";
}

const MOST_BYTES = 256 * 1024;
/** Bytes that tell a binary frame's length and that of its headers, and of all that stands before the headers. */
const LENGTHS_BYTES = 8;
const PRELUDE_BYTES = 12;

const decoder = new TextDecoder();

/** What a frame says, or wraps, well enough to look for marks in it, which are ASCII. */
function plain(frame: Uint8Array<ArrayBuffer>): string {
  const text = decoder.decode(frame);
  const wrapped = /"bytes": *"([^"]+)"/.exec(text)?.[1];
  try {
    return wrapped === undefined ? text : atob(wrapped);
  } catch {
    return text;
  }
}

class Ear implements Listener {
  hasSpoken = false;
  hasFinished = false;
  hasEnded = false;
  fault: Fault | undefined;
  badEvents = 0;

  readonly #wire: Wire;
  readonly #isBinary: boolean;
  /** The beginning of a line or of a frame. */
  #rest = new Gathered();
  /** Bytes after which a frame can be read on. */
  #needed = LENGTHS_BYTES;
  /** Lines of an event that has begun. */
  #data = "";
  #isDeaf = false;

  constructor(wire: Wire, isBinary: boolean) {
    this.#wire = wire;
    this.#isBinary = isBinary;
  }

  hear(bytes: Uint8Array<ArrayBuffer>): void {
    const held = this.#rest.whole();
    const canRead = this.#isBinary
      ? held.byteLength + bytes.byteLength >= this.#needed
      : bytes.includes(NEWLINE) || bytes.includes(RETURN);
    if (!canRead || this.#isDeaf) return this.#keep(bytes);
    const all = joined([held, bytes]);
    this.#rest = new Gathered();
    this.#keep(all.subarray(this.#isBinary ? this.#readFrames(all) : this.#readLines(all)));
  }

  #keep(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#isDeaf) return;
    const isTooLong = this.#rest.whole().byteLength + bytes.byteLength + this.#data.length > MOST_BYTES;
    if (!isTooLong) return this.#rest.push(bytes);
    this.#isDeaf = this.hasSpoken = this.hasFinished = true;
    this.#rest = new Gathered();
    this.#data = "";
  }

  /** Tells the index after the last whole line. A return at the very end may belong to a newline yet to come. */
  #readLines(bytes: Uint8Array<ArrayBuffer>): number {
    const end = bytes.lastIndexOf(NEWLINE) + 1 || bytes.lastIndexOf(RETURN, -2) + 1;
    const text = decoder.decode(bytes.subarray(0, end));
    const isClosed = this.#data === "" && (text.endsWith("\n\n") || text.endsWith("\n\r\n"));
    if (this.hasSpoken && isClosed && !MARK.test(text)) return end;
    for (const line of text.split(/(?:\r\n?|\n)\ufeff?/).slice(0, -1)) this.#readLine(line);
    return end;
  }

  /** Beside events, JSON that stands for itself: an object on a line, or a list whose objects end where a line does. */
  #readLine(line: string): void {
    if (/^([[{]|$)/.test(line)) this.#close();
    if (line.startsWith("data:")) this.#data += line.slice(5) + "\n";
    if (/^[\s[{}\],]/.test(line)) this.#data += line + "\n";
    if (/^([}\]]|[[{,].*[}\]],?$)/.test(line)) this.#close();
  }

  #close(): void {
    const text = this.#data.trim();
    this.#data = "";
    this.#hear(text);
  }

  /** Tells the index after the last whole frame. A frame's headers say whether it tells an error, and which. */
  #readFrames(bytes: Uint8Array<ArrayBuffer>): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0;; at += this.#needed) {
      const left = bytes.byteLength - at;
      this.#needed = left < LENGTHS_BYTES ? LENGTHS_BYTES : Math.max(LENGTHS_BYTES, view.getUint32(at));
      if (left < this.#needed || left < LENGTHS_BYTES) return at;
      const frame = bytes.subarray(at, at + this.#needed);
      const headers = decoder.decode(frame.subarray(PRELUDE_BYTES, PRELUDE_BYTES + view.getUint32(at + 4)));
      const error = /:(exception-type|error-code).{3}(\w+)/s.exec(headers)?.[2];
      const isCalm = this.hasSpoken && error === undefined && !MARK.test(plain(frame));
      for (const text of isCalm ? [] : frames(frame)) this.#hear(text, error);
    }
  }

  /** Hears an event, or an error that has a name beside its text. */
  #hear(text: string, error?: string): void {
    if (text === "" || this.fault !== undefined) return;
    if (this.hasSpoken && error === undefined && !MARK.test(text)) return;
    const list = text === "[DONE]" ? "" : text.replace(/^[[,]/, "").replace(/[\],]$/, "");
    const documents = parsedJson(`[${list}]`);
    if (!Array.isArray(documents)) {
      this.badEvents++;
      return;
    }
    this.hasEnded ||= text.endsWith("]");
    const { speaks, finishes, ends, fault } = error === undefined
      ? saying(this.#wire, documents, text)
      : saying(this.#wire, { error: { type: error, ...documents[0] } }, "");
    this.hasSpoken ||= speaks;
    this.hasFinished ||= finishes;
    this.hasEnded ||= ends;
    this.fault = fault;
  }
}
