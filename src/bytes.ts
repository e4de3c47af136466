/**
 * Runs of bytes.
 *
 * @module
 */

/** None at all. */
export const NO_BYTES: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/** Several runs as one: a copy, but where there is no more than one that isn't empty. */
export function joined(runs: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const filled = runs.filter((run) => run.byteLength > 0);
  if (filled.length < 2) return filled[0] ?? NO_BYTES;
  const bytes = new Uint8Array(filled.reduce((total, run) => total + run.byteLength, 0));
  let at = 0;
  for (const run of filled) {
    bytes.set(run, at);
    at += run.byteLength;
  }
  return bytes;
}

/** Runs of bytes put together as they come: a million runs of one byte take a million bytes, and no run is kept. */
export class Gathered {
  #room: Uint8Array<ArrayBuffer> = NO_BYTES;
  #length = 0;

  push(run: Uint8Array<ArrayBuffer>): void {
    const length = this.#length + run.byteLength;
    if (length > this.#room.byteLength) {
      const room = new Uint8Array(Math.max(length, 2 * this.#room.byteLength));
      room.set(this.#room);
      this.#room = room;
    }
    this.#room.set(run, this.#length);
    this.#length = length;
  }

  /** All of them. */
  whole(): Uint8Array<ArrayBuffer> {
    return this.#room.subarray(0, this.#length);
  }
}
