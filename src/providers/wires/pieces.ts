/**
 * A stream in whole pieces, whatever it is made of: server-sent events, lines of JSON, or one list.
 *
 * @module
 */
import { BACKSLASH, CLOSE_ARRAY, CLOSE_OBJECT, isSpace, NEWLINE, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from "../../ascii.ts";
import { Gathered, NO_BYTES } from "../../bytes.ts";
import { Splitter } from "./split.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Cuts a stream behind each of its events; its first character tells what it is made of. Not for binary frames. */
export class Pieces {
  #cutter: Pick<Splitter, "push" | "rest"> | undefined;

  /** The events that are whole now, with all that stands between them. */
  push(bytes: Bytes): Bytes[] {
    this.#cutter ??= cutterFor(bytes.find((byte) => !isSpace(byte)));
    return this.#cutter?.push(bytes) ?? [bytes];
  }

  /** What has begun and isn't whole. */
  rest(): Bytes {
    return this.#cutter?.rest() ?? NO_BYTES;
  }
}

function cutterFor(first: number | undefined): Pick<Splitter, "push" | "rest"> | undefined {
  if (first === OPEN_ARRAY) return new Cutter(endOfItem());
  if (first === OPEN_OBJECT) return new Cutter((byte) => byte === NEWLINE);
  return first === undefined ? undefined : new Splitter();
}

/** Cuts behind the bytes of which it is told that a piece ends with them. */
class Cutter {
  readonly #isEnd: (byte: number) => boolean;
  #rest = new Gathered();

  constructor(isEnd: (byte: number) => boolean) {
    this.#isEnd = isEnd;
  }

  push(bytes: Bytes): Bytes[] {
    const pieces: Bytes[] = [];
    let start = 0;
    for (let at = 0; at < bytes.byteLength; at++) {
      if (!this.#isEnd(bytes[at]!)) continue;
      this.#rest.push(bytes.subarray(start, start = at + 1));
      pieces.push(this.#rest.whole());
      this.#rest = new Gathered();
    }
    this.#rest.push(bytes.subarray(start));
    return pieces;
  }

  rest(): Bytes {
    return this.#rest.whole();
  }
}

/** Whether a byte closes an item of a list, or the list. It is told every byte of it in turn. */
function endOfItem(): (byte: number) => boolean {
  let depth = 0;
  let isText = false;
  let isEscaped = false;
  return (byte) => {
    const isPlain = !isText;
    if (byte === QUOTE && !isEscaped) isText = isPlain;
    isEscaped = isText && byte === BACKSLASH && !isEscaped;
    if (!isPlain || isText) return false;
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth++;
    return (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) && --depth <= 1;
  };
}
