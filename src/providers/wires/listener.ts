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
   * Takes the next bytes. Never throws. Keeps at most 256 KiB, all of one unfinished event. With a longer one the model
   * has spoken; whether it finishes is told from its words alone, once all of it has come, and an error in it isn't heard.
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
  /** Of the bytes in which it was heard, how many there are up to the end of its event. */
  readonly faultEnd: number;
  /** Events that are no JSON, of those that were looked at: all up to the first output, few after it. */
  readonly badEvents: number;
}

/**
 * Told of each event that was looked at: all up to the first output, and any after it that may say why the model
 * stopped. Of one that was too long to keep there are no documents, and of its text the part that is at hand.
 */
export type Heed = (documents: readonly unknown[] | undefined, text: string) => void;

/** A listener for one stream; `undefined` where nothing is known of its format, or the answer is no stream. */
export function listener(wire: Wire, contentType: string, heed?: Heed): Listener | undefined {
  const type = contentType.toLowerCase();
  // Google's other kind of stream is one list.
  const isStream = /event-?stream|ndjson|jsonl|stream\+json/.test(type) ||
    (wire.id === "gemini" && /\/json/.test(type));
  return isStream ? new Ear(wire, type.includes("amazon"), heed) : undefined;
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
/** Bytes kept of either end of a longer one: no mark is longer. */
const END = 256;
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

/** The index after so many lines. */
function afterLines(bytes: Uint8Array, count: number): number {
  let at = 0;
  for (let left = count; left > 0 && at < bytes.byteLength; at++) {
    if (bytes[at] === NEWLINE || (bytes[at] === RETURN && bytes[at + 1] !== NEWLINE)) left--;
  }
  return at;
}

class Ear implements Listener {
  hasSpoken = false;
  hasFinished = false;
  hasEnded = false;
  fault: Fault | undefined;
  faultEnd = 0;
  badEvents = 0;

  readonly #wire: Wire;
  readonly #isBinary: boolean;
  readonly #heed: Heed | undefined;
  /** The beginning of a line or of a frame. */
  #rest = new Gathered();
  /** Bytes after which a frame can be read on. */
  #needed = LENGTHS_BYTES;
  /** Lines of an event that has begun. */
  #data = "";
  /** Of an event that was too long to keep: what the words said that are gone. */
  #torn: { finishes: boolean; ends: boolean } | undefined;
  /** Bytes to come of a frame that is too long to keep. */
  #skipped = 0;

  constructor(wire: Wire, isBinary: boolean, heed: Heed | undefined) {
    this.#wire = wire;
    this.#isBinary = isBinary;
    this.#heed = heed;
  }

  hear(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#skipped > 0) return this.#skip(bytes);
    const held = this.#rest.whole();
    const canRead = this.#isBinary
      ? held.byteLength + bytes.byteLength >= this.#needed
      : bytes.includes(NEWLINE) || bytes.includes(RETURN);
    if (!canRead) return this.#keep(bytes);
    const all = joined([held, bytes]);
    const hadFault = this.fault !== undefined;
    this.#rest = new Gathered();
    this.#keep(all.subarray(this.#isBinary ? this.#readFrames(all) : this.#readLines(all)));
    if (!hadFault) this.faultEnd = Math.max(0, this.faultEnd - held.byteLength);
  }

  #keep(bytes: Uint8Array<ArrayBuffer>): void {
    this.#rest.push(bytes);
    const kept = this.#rest.whole();
    if (kept.byteLength + this.#data.length <= MOST_BYTES) return;
    this.hasSpoken = true;
    this.#rest = new Gathered();
    if (this.#isBinary) this.#skipped = this.#needed - kept.byteLength;
    else this.#tear(kept);
  }

  /** Of a line, and the lines before it, only the ends are kept: they say where it belongs and where it stops. */
  #tear(line: Uint8Array<ArrayBuffer>): void {
    const text = this.#data + decoder.decode(line);
    const { finishes, ends } = saying(this.#wire, undefined, text);
    this.#heed?.(undefined, text);
    this.#torn = { finishes: finishes || this.#torn?.finishes === true, ends: ends || this.#torn?.ends === true };
    if (this.#data.length > 2 * END) this.#data = this.#data.slice(0, END) + this.#data.slice(-END);
    if (line.byteLength <= 2 * END) return this.#rest.push(line);
    this.#rest.push(line.subarray(0, END));
    this.#rest.push(line.subarray(-END));
  }

  /** Nobody can say what was in a frame that is over. */
  #skip(bytes: Uint8Array<ArrayBuffer>): void {
    const rest = bytes.subarray(this.#skipped);
    this.#skipped = Math.max(0, this.#skipped - bytes.byteLength);
    this.hasFinished ||= this.#skipped === 0;
    if (this.#skipped > 0) return;
    this.#needed = LENGTHS_BYTES;
    this.hear(rest);
  }

  /** Tells the index after the last whole line. A return at the very end may belong to a newline yet to come. */
  #readLines(bytes: Uint8Array<ArrayBuffer>): number {
    const end = bytes.lastIndexOf(NEWLINE) + 1 || bytes.lastIndexOf(RETURN, -2) + 1;
    const text = decoder.decode(bytes.subarray(0, end));
    const isWhole = this.#data === "" && this.#torn === undefined;
    const isClosed = isWhole && (text.endsWith("\n\n") || text.endsWith("\n\r\n"));
    if (this.hasSpoken && isClosed && !MARK.test(text)) return end;
    const lines = text.split(/(?:\r\n?|\n)\ufeff?/);
    for (let index = 0; index < lines.length - 1 && this.fault === undefined; index++) {
      const read = this.#readLine(lines[index]!);
      if (this.fault !== undefined) this.faultEnd = afterLines(bytes, index + read);
    }
    return end;
  }

  /**
   * Beside events, JSON that stands for itself: an object on a line, or a list whose objects end where a line does.
   * Tells how much of the line was read: all of it, or nothing where an error was told before it.
   */
  #readLine(line: string): 0 | 1 {
    if (/^([[{]|$)/.test(line)) this.#close();
    if (line === "") this.#torn = undefined;
    if (this.fault !== undefined && line !== "") return 0;
    if (line.startsWith("data:")) this.#data += line.slice(5) + "\n";
    if (/^[\s[{}\],]/.test(line)) this.#data += line + "\n";
    if (/^([}\]]|[[{,].*[}\]],?$)/.test(line)) this.#close();
    return 1;
  }

  #close(): void {
    const text = this.#data.trim();
    this.#data = "";
    if (this.#torn === undefined) this.#hear(text);
    else if (text !== "") this.#hearTorn(text, this.#torn);
  }

  /** What breaks off in the middle of an event doesn't end as JSON does. */
  #hearTorn(text: string, { finishes, ends }: { finishes: boolean; ends: boolean }): void {
    this.#torn = undefined;
    if (!/[}\]]$/.test(text)) return;
    const last = saying(this.#wire, undefined, text);
    this.#heed?.(undefined, text);
    this.hasFinished ||= finishes || last.finishes;
    this.hasEnded ||= ends || last.ends || text.endsWith("]");
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
      if (this.fault !== undefined && this.faultEnd === 0) this.faultEnd = at + this.#needed;
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
    this.#heed?.(documents, text);
    const { speaks, finishes, ends, fault } = error === undefined
      ? saying(this.#wire, documents, text)
      : saying(this.#wire, { error: { type: error, ...documents[0] } }, "");
    this.hasSpoken ||= speaks;
    this.hasFinished ||= finishes;
    this.hasEnded ||= ends;
    this.fault = fault;
  }
}
