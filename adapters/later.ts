/**
 * What is done only for calls that last: most of what a runtime asks for in a call's behalf costs more than it is worth
 * to a call that is over in a moment.
 *
 * @module
 */

const TURN_MS = 20;

/** Things that are begun, and most of which are over soon. */
export class Later<Thing> {
  readonly #act: (thing: Thing) => void;
  #young = new Set<Thing>();
  #old = new Set<Thing>();
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param act What is done to a thing that is still here after 20 to 40 milliseconds. */
  constructor(act: (thing: Thing) => void) {
    this.#act = act;
  }

  /** It has begun. */
  add(thing: Thing): void {
    this.#young.add(thing);
    this.#timer ??= setInterval(() => this.#turn(), TURN_MS);
  }

  /** It is over. */
  delete(thing: Thing): void {
    if (!this.#young.delete(thing)) this.#old.delete(thing);
  }

  #turn(): void {
    const due = this.#old;
    this.#old = this.#young;
    this.#young = new Set();
    for (const thing of due) this.#act(thing);
    if (this.#old.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
