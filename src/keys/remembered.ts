/**
 * What was found out, for a while.
 *
 * @module
 */

/**
 * Values by text, each for its own time; a clock that is set back makes that no longer. Bounded: the oldest goes when one
 * more comes.
 */
export class Remembered<Value> {
  readonly #most: number;
  readonly #values = new Map<string, { readonly value: Value; readonly since: number; readonly until: number }>();

  constructor(most: number) {
    this.#most = most;
  }

  /** @param now Epoch milliseconds. */
  get(name: string, now: number): Value | undefined {
    const found = this.#values.get(name);
    if (found === undefined) return undefined;
    if (now >= found.since && now < found.until) return found.value;
    this.#values.delete(name);
    return undefined;
  }

  /** @param now Epoch milliseconds from when it is known, for `ms` milliseconds. */
  set(name: string, value: Value, now: number, ms: number): void {
    this.#values.delete(name);
    if (this.#values.size >= this.#most) this.#values.delete(this.#values.keys().next().value!);
    this.#values.set(name, { value, since: now, until: now + ms });
  }

  /** How many are kept, those that are over included. */
  get size(): number {
    return this.#values.size;
  }
}
