/**
 * The beginning and the end of a stream, whatever its length.
 *
 * @module
 */

import { grown, joined, NO_BYTES } from "../../bytes.ts";

/** Bytes kept of the beginning. */
const HEAD_BYTES = 16 * 1024;
/** Bytes kept of the end. */
const TAIL_BYTES = 64 * 1024;
const MOST_BYTES = HEAD_BYTES + TAIL_BYTES;

/** What a window kept: everything in `head`, or the first bytes and the last. */
export interface Kept {
  readonly head: Uint8Array<ArrayBuffer>;
  readonly tail: Uint8Array<ArrayBuffer> | undefined;
}

/**
 * Keeps copies, at most 80 KiB. A reference would be cheaper for a large chunk, but a small one may hold on to the
 * whole buffer that it was cut from, and the client's stream may take its buffer away.
 */
export class Window {
  /** The beginning; behind it the end, as a ring. */
  #bytes = NO_BYTES;
  /** Bytes that went by. */
  #total = 0;

  /** Takes the next bytes. */
  push(bytes: Uint8Array): void {
    const kept = this.#bytes = grown(this.#bytes, this.#total + bytes.byteLength, MOST_BYTES);
    let at = placeOf(this.#total);
    this.#total += bytes.byteLength;
    let rest = bytes;
    for (; at + rest.byteLength > MOST_BYTES; at = HEAD_BYTES) {
      kept.set(rest.subarray(0, MOST_BYTES - at), at);
      rest = rest.subarray(MOST_BYTES - at);
    }
    kept.set(rest, at);
  }

  /** Bytes of memory that it holds. */
  get retainedBytes(): number {
    return this.#bytes.byteLength;
  }

  /** What was kept so far. */
  kept(): Kept {
    if (this.#total <= MOST_BYTES) return { head: this.#bytes.subarray(0, this.#total), tail: undefined };
    const oldest = placeOf(this.#total);
    return {
      head: this.#bytes.subarray(0, HEAD_BYTES),
      tail: joined([this.#bytes.subarray(oldest), this.#bytes.subarray(HEAD_BYTES, oldest)]),
    };
  }
}

/** Where the byte of a number goes. */
const placeOf = (total: number) => total < HEAD_BYTES ? total : HEAD_BYTES + (total - HEAD_BYTES) % TAIL_BYTES;

/** A smaller window on what was kept; `undefined` where it would be no smaller by much. */
export function narrower({ head, tail }: Kept, headBytes: number, tailBytes: number): Kept | undefined {
  if (tail === undefined && head.byteLength <= 2 * (headBytes + tailBytes)) return undefined;
  return { head: head.subarray(0, headBytes), tail: (tail ?? head).slice(-tailBytes) };
}
