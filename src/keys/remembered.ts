/**
 * What was found out, for a while.
 *
 * @module
 */

/** Values by text, each until its own time. Bounded: the oldest goes when one more comes. */
export class Remembered<Value> {
  readonly #most: number;
  readonly #values = new Map<string, { readonly value: Value; readonly until: number }>();

  constructor(most: number) {
    this.#most = most;
  }

  /** @param now Epoch milliseconds. */
  get(name: string, now: number): Value | undefined {
    const found = this.#values.get(name);
    if (found === undefined) return undefined;
    if (now < found.until) return found.value;
    this.#values.delete(name);
    return undefined;
  }

  /** @param until Epoch milliseconds from when it is forgotten. */
  set(name: string, value: Value, until: number): void {
    this.#values.delete(name);
    if (this.#values.size >= this.#most) this.#values.delete(this.#values.keys().next().value!);
    this.#values.set(name, { value, until });
  }

  /** How many are kept, those that are over included. */
  get size(): number {
    return this.#values.size;
  }
}
