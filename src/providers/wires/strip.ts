/**
 * Takes out of a chat stream the chunk that tells the usage, where the gateway asked for it and the client did not.
 *
 * @module
 */
import { CLOSE_ARRAY, COLON, isSpace, NEWLINE, OPEN_ARRAY, RETURN } from "../../ascii.ts";
import { joined, NO_BYTES } from "../../bytes.ts";
import { parsedJson } from "../../json.ts";
import { events } from "./events.ts";
import { look } from "./fields.ts";
import { openaiChat } from "./openai-chat.ts";
import { usageReader } from "./reader.ts";
import type { Told } from "./wire.ts";

/** Stands between the provider's bytes and the client's, and reads what it takes out. */
export interface UsageFilter {
  /** What goes on; an empty result sends nothing. */
  pass(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
  /** What was held back, once the provider has ended. */
  flush(): Uint8Array<ArrayBuffer>;
  /** What the stream told so far. */
  told(): Told;
}

/** Bytes of the longest event that may be the usage chunk; a real one has less than a tenth of it. */
const MOST_BYTES = 16 * 1024;

/**
 * A filter for one stream in OpenAI's chat format. It drops each event with `"choices":[]` and a usage object, and
 * lets every other byte pass at once; only an event that has begun and may still turn out to be one is held until it
 * is whole. The `"usage":null` that a provider adds to the other chunks stays in them.
 */
export function withoutUsageChunk(): UsageFilter {
  const reader = usageReader(openaiChat, "text/event-stream");
  const strip = new Strip();
  return {
    pass(bytes) {
      reader.chunk(bytes);
      return strip.pass(bytes);
    },
    flush: () => strip.flush(),
    told: () => reader.read(),
  };
}

/**
 * Cuts the stream into pieces: comment lines, blank lines, and events up to the blank line that ends them. Where a
 * piece ends depends on the bytes alone, not on how they are cut into chunks.
 */
class Strip {
  /** A piece that has begun and may be the usage chunk. */
  #held = NO_BYTES;
  /** What ends the piece whose beginning has passed. */
  #passing: "event" | "comment" | undefined;
  /** The last bytes that passed of it, as far as they may belong to its end. */
  #last = NO_BYTES;

  pass(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const isFresh = this.#held.byteLength === 0 && this.#passing === undefined;
    if (isFresh && endsBlank(bytes) && !hasEmptyList(bytes)) return bytes;
    const start = this.#endOfPassing(bytes);
    if (this.#passing !== undefined) return bytes;
    const whole = joined([this.#held, bytes]);
    this.#held = NO_BYTES;
    return this.#sift(whole, start);
  }

  flush(): Uint8Array<ArrayBuffer> {
    const rest = this.#held;
    this.#held = NO_BYTES;
    return isUsage(rest) ? NO_BYTES : rest;
  }

  /** Index after the piece that has begun to pass: 0 if there is none. */
  #endOfPassing(bytes: Uint8Array<ArrayBuffer>): number {
    if (this.#passing === undefined) return 0;
    const seen = this.#passing === "event" ? this.#last : NO_BYTES;
    const end = endOf(joined([seen, bytes]), this.#passing);
    if (end === undefined) this.#remember(bytes);
    else this.#passing = undefined;
    return end === undefined ? bytes.byteLength : end - seen.byteLength;
  }

  /** Keeps the newline or two bytes that may begin a blank line. */
  #remember(bytes: Uint8Array<ArrayBuffer>): void {
    const last = bytes.byteLength >= 2 ? bytes : joined([this.#last, bytes]);
    this.#last = last.slice(-2);
  }

  /** From `start`, where a piece begins: everything but usage chunks and a piece to be held. */
  #sift(bytes: Uint8Array<ArrayBuffer>, start: number): Uint8Array<ArrayBuffer> {
    const kept: Uint8Array<ArrayBuffer>[] = [];
    /** Where the run begins that is to be kept next, and the piece. */
    let from = 0;
    let at = start;
    for (let end = endOfPiece(bytes, at); end !== undefined; end = endOfPiece(bytes, at)) {
      if (isUsage(bytes.subarray(at, end))) {
        kept.push(bytes.subarray(from, at));
        from = end;
      }
      at = end;
    }
    const rest = bytes.subarray(at);
    if (rest.byteLength > 0 && mayBeUsage(rest)) this.#held = rest.slice();
    else if (rest.byteLength > 0) this.#letPass(rest);
    const to = bytes.byteLength - this.#held.byteLength;
    return from === 0 && to === bytes.byteLength ? bytes : joined([...kept, bytes.subarray(from, to)]);
  }

  /** Lets the beginning of a piece pass. */
  #letPass(piece: Uint8Array<ArrayBuffer>): void {
    this.#passing = kindOf(piece);
    this.#last = NO_BYTES;
    this.#remember(piece);
  }
}

function kindOf(piece: Uint8Array): "event" | "comment" {
  return piece[0] === COLON ? "comment" : "event";
}

/** Index after the piece that begins at `at`; `undefined` while it is not whole. */
function endOfPiece(bytes: Uint8Array<ArrayBuffer>, at: number): number | undefined {
  if (at >= bytes.byteLength) return undefined;
  if (bytes[at] === NEWLINE) return at + 1;
  if (bytes[at] === RETURN && bytes[at + 1] === NEWLINE) return at + 2;
  const rest = bytes.subarray(at);
  const end = endOf(rest, kindOf(rest));
  return end === undefined ? undefined : at + end;
}

/** Index after the line that ends a comment, or after the blank line that ends an event. */
function endOf(bytes: Uint8Array<ArrayBuffer>, kind: "event" | "comment"): number | undefined {
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) {
    if (kind === "comment") return at + 1;
    if (bytes[at + 1] === NEWLINE) return at + 2;
    if (bytes[at + 1] === RETURN && bytes[at + 2] === NEWLINE) return at + 3;
  }
  return undefined;
}

function endsBlank(bytes: Uint8Array): boolean {
  const end = bytes.byteLength;
  if (bytes[end - 1] !== NEWLINE) return false;
  return bytes[end - 2] === NEWLINE || (bytes[end - 2] === RETURN && bytes[end - 3] === NEWLINE);
}

/** Whether there is a `[]` anywhere, spaces within it allowed. */
function hasEmptyList(bytes: Uint8Array): boolean {
  for (let at = bytes.indexOf(CLOSE_ARRAY); at >= 0; at = bytes.indexOf(CLOSE_ARRAY, at + 1)) {
    let before = at - 1;
    while (isSpace(bytes[before])) before--;
    if (bytes[before] === OPEN_ARRAY) return true;
  }
  return false;
}

/** Whether a whole event is the usage chunk. */
function isUsage(event: Uint8Array<ArrayBuffer>): boolean {
  if (!hasEmptyList(event) || !mayBeUsage(event)) return false;
  const [data, ...more] = events(decoder.decode(event));
  if (data === undefined || more.length > 0) return false;
  const chunk = parsedJson(data);
  const choices = look(chunk, "choices");
  return Array.isArray(choices) && choices.length === 0 && typeof look(chunk, "usage") === "object";
}

/** Whether a piece that has begun may become the usage chunk: no comment, not too long, no choice seen in it. */
const mayBeUsage = (piece: Uint8Array) =>
  piece.byteLength <= MOST_BYTES && piece[0] !== COLON && !CHOICE.test(decoder.decode(piece));

/** Within a string the quotes would be escaped. */
const CHOICE = /"choices"\s*:\s*\[\s*[^\]\s]/;

const decoder = new TextDecoder();
