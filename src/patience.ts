/**
 * How long one attempt is waited for: one timer for all that it has to do in time.
 *
 * @module
 */

/** A timer that is given more fires at once. */
const LONGEST_MS = 2_147_483_647;

/** A timer that may be set anew for each chunk of a stream: that costs a look at the clock, not a timer. */
export class Patience {
  readonly #giveUp: () => void;
  readonly #latest: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer fires; by `performance.now()`, as is the next. */
  #firesAt: number = Infinity;
  #dueAt: number = Infinity;
  #isLost = false;

  /**
   * @param giveUp Called once, when what was waited for has not come in time.
   * @param totalMs For all of it together, whatever is waited for in between.
   */
  constructor(giveUp: () => void, totalMs: number | undefined) {
    this.#giveUp = giveUp;
    this.#latest = totalMs === undefined ? Infinity : performance.now() + totalMs;
  }

  /** Whether what was waited for came too late. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Waits from now on, at most so many milliseconds. */
  expect(ms: number | undefined): void {
    if (this.#isLost || (ms === undefined && this.#latest === Infinity)) return this.rest();
    const now = performance.now();
    this.#dueAt = Math.min(now + (ms ?? Infinity), this.#latest);
    if (this.#firesAt > this.#dueAt) this.#arm(now);
  }

  /** It has come: nothing but the end is waited for. */
  rest(): void {
    this.#dueAt = this.#latest;
  }

  /** Nothing will be waited for any more. */
  end(): void {
    this.#dueAt = Infinity;
    clearTimeout(this.#timer);
    this.#firesAt = Infinity;
  }

  #arm(now: number): void {
    clearTimeout(this.#timer);
    const ms = Math.min(this.#dueAt - now, LONGEST_MS);
    this.#firesAt = now + ms;
    this.#timer = setTimeout(() => this.#fire(), ms);
  }

  #fire(): void {
    const now = performance.now();
    this.#firesAt = Infinity;
    if (this.#dueAt === Infinity) return;
    // A timer may fire a little early.
    if (now < this.#dueAt - 1) return this.#arm(now);
    this.#isLost = true;
    this.#giveUp();
  }
}
