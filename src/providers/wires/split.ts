/**
 * Server-sent events, whole and byte for byte.
 *
 * @module
 */
import { Gathered } from "../../bytes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const LF = 0x0a;
const CR = 0x0d;
/** Bytes of the longest end of an event, less one. */
const MOST_OF_END = 3;

/** Cuts a stream into its events, each with the blank line that ends it. */
export class Splitter {
  #rest = new Gathered();
  /** Bytes of it in which no event ends. */
  #seen = 0;

  /** The events that are whole now. */
  push(bytes: Bytes): Bytes[] {
    this.#rest.push(bytes);
    const text = this.#rest.whole();
    const events: Bytes[] = [];
    let start = 0;
    for (let end = endOfEvent(text, this.#seen); end > 0; end = endOfEvent(text, start)) {
      events.push(text.subarray(start, end));
      start = end;
    }
    if (start > 0) this.#rest = new Gathered();
    if (start > 0) this.#rest.push(text.subarray(start));
    this.#seen = Math.max(0, text.byteLength - start - MOST_OF_END);
    return events;
  }

  /** What has begun and isn't whole. */
  rest(): Bytes {
    return this.#rest.whole();
  }
}

/** Where the first event ends; 0 where none does. A carriage return at the very end may be half of a line's end. */
function endOfEvent(bytes: Bytes, start: number): number {
  for (let at = start; at < bytes.length; at++) {
    const line = endOfLine(bytes, at);
    const blank = line === 0 ? 0 : endOfLine(bytes, line);
    if (blank > 0 && (bytes[blank - 1] === LF || blank < bytes.length)) return blank;
  }
  return 0;
}

/** What stands behind a line's end at this place; 0 where there is none. */
function endOfLine(bytes: Bytes, at: number): number {
  if (bytes[at] === LF) return at + 1;
  if (bytes[at] !== CR) return 0;
  return bytes[at + 1] === LF ? at + 2 : at + 1;
}
