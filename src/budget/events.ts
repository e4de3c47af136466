/**
 * How much output a stream has brought, by its bytes: where nobody tells, and while it runs.
 *
 * @module
 */

/** What an event has around its text, as most formats have it. */
const MOST_AROUND = 400;
const BYTES_PER_TOKEN = 4;
const NEWLINE = 10;
const RETURN = 13;

/**
 * Counts the tokens of a stream of events or lines: each brings one at least, and longer ones what their text is worth.
 * The first tells how much of an event is no text.
 */
export class EventCount {
  /** An estimate. */
  tokens = 0;
  #length = 0;
  #around: number | undefined;

  add(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte === RETURN) continue;
      if (byte !== NEWLINE) this.#length++;
      else if (this.#length > 0) this.#end();
    }
  }

  /** A line is over. Names of events and other short ones bring nothing. */
  #end(): void {
    const length = this.#length;
    this.#length = 0;
    if (length < 32) return;
    this.#around ??= Math.min(length, MOST_AROUND);
    this.tokens += Math.max(1, Math.floor((length - this.#around) / BYTES_PER_TOKEN));
  }
}
