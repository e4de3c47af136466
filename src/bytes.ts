/**
 * Runs of bytes.
 *
 * @module
 */

/** None at all. */
export const NO_BYTES: Uint8Array<ArrayBuffer> = new Uint8Array(0);

const FIRST_BYTES = 2048;

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
    this.#room = grown(this.#room, this.#length + run.byteLength);
    this.#room.set(run, this.#length);
    this.#length += run.byteLength;
  }

  /** All of them. */
  whole(): Uint8Array<ArrayBuffer> {
    return this.#room.subarray(0, this.#length);
  }
}

/** Room for `needed` bytes: doubled as often as it takes, up to the most. */
export function grown(room: Uint8Array<ArrayBuffer>, needed: number, most: number = Infinity): Uint8Array<ArrayBuffer> {
  const length = Math.min(most, Math.max(FIRST_BYTES, needed, 2 * room.byteLength));
  if (needed <= room.byteLength || length === room.byteLength) return room;
  const larger = new Uint8Array(length);
  larger.set(room);
  return larger;
}

/** A body as text; `undefined` where there is none, or it is larger than it may be: then no more of it is read. */
export async function textWithin(
  body: ReadableStream<Uint8Array<ArrayBuffer>> | null,
  mostBytes: number,
): Promise<string | undefined> {
  if (body === null) return undefined;
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let [text, bytes] = ["", 0];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    if ((bytes += value.byteLength) > mostBytes) {
      await reader.cancel();
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
}
