/**
 * The beginning and the end of a stream, whatever its length.
 *
 * @module
 */

/** Bytes kept of the beginning. */
const HEAD_BYTES = 16 * 1024;
/** Bytes kept of the end. */
const TAIL_BYTES = 64 * 1024;
const FIRST_BYTES = 2048;
const NONE: Uint8Array<ArrayBuffer> = new Uint8Array(0);

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
  #head = NONE;
  #tail = NONE;
  #headLength = 0;
  /** Bytes that went past the head, of which the last are in the ring. */
  #past = 0;

  /** Takes the next bytes. */
  push(bytes: Uint8Array): void {
    const room = HEAD_BYTES - this.#headLength;
    if (room === 0) return this.#keepTail(bytes);
    const first = bytes.byteLength <= room ? bytes : bytes.subarray(0, room);
    this.#head = grown(this.#head, this.#headLength, this.#headLength + first.byteLength, HEAD_BYTES);
    this.#head.set(first, this.#headLength);
    this.#headLength += first.byteLength;
    if (first !== bytes) this.#keepTail(bytes.subarray(room));
  }

  /** Bytes of memory that it holds. */
  get retainedBytes(): number {
    return this.#head.byteLength + this.#tail.byteLength;
  }

  /** What was kept so far. */
  kept(): Kept {
    const head = this.#head.subarray(0, this.#headLength);
    if (this.#past === 0) return { head, tail: undefined };
    if (this.#past > TAIL_BYTES) return { head, tail: unrolled(this.#tail, this.#past % TAIL_BYTES) };
    return { head: joined(head, this.#tail.subarray(0, this.#past)), tail: undefined };
  }

  #keepTail(bytes: Uint8Array): void {
    if (bytes.byteLength > TAIL_BYTES) {
      this.#past += bytes.byteLength - TAIL_BYTES;
      bytes = bytes.subarray(bytes.byteLength - TAIL_BYTES);
    }
    const end = this.#past + bytes.byteLength;
    this.#tail = grown(this.#tail, this.#past, end, TAIL_BYTES);
    const at = this.#past % TAIL_BYTES;
    const fits = TAIL_BYTES - at;
    this.#past = end;
    if (bytes.byteLength <= fits) return this.#tail.set(bytes, at);
    this.#tail.set(bytes.subarray(0, fits), at);
    this.#tail.set(bytes.subarray(fits), 0);
  }
}

/** A smaller window on what was kept; `undefined` where it would be no smaller by much. */
export function narrower({ head, tail }: Kept, headBytes: number, tailBytes: number): Kept | undefined {
  if (tail === undefined && head.byteLength <= 2 * (headBytes + tailBytes)) return undefined;
  return { head: head.subarray(0, headBytes), tail: (tail ?? head).slice(-tailBytes) };
}

/** Room for `needed` bytes: doubled as often as it takes, up to `most`. */
function grown(
  bytes: Uint8Array<ArrayBuffer>,
  used: number,
  needed: number,
  most: number,
): Uint8Array<ArrayBuffer> {
  if (needed <= bytes.byteLength || bytes.byteLength === most) return bytes;
  const larger = new Uint8Array(Math.min(most, Math.max(FIRST_BYTES, needed, bytes.byteLength * 2)));
  larger.set(bytes.subarray(0, used));
  return larger;
}

function unrolled(ring: Uint8Array<ArrayBuffer>, oldest: number): Uint8Array<ArrayBuffer> {
  return joined(ring.subarray(oldest), ring.subarray(0, oldest));
}

/** Two runs of bytes in a row. */
export function joined(first: Uint8Array<ArrayBuffer>, second: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(first.byteLength + second.byteLength);
  both.set(first);
  both.set(second, first.byteLength);
  return both;
}
