/**
 * How many refusals the trail tells of: whoever may do nothing shall not fill it.
 *
 * @module
 */

const WINDOW_MS = 60_000;
const FORGOTTEN_MS = 10 * WINDOW_MS;
/** Rows of one doer in a window. */
const MOST = 20;
/** Doers that are told apart; together they write at most so many times as much. */
const DOERS = 50;

interface Tally {
  readonly since: number;
  told: number;
  untold: number;
}

/** Counts the refusals of each doer. */
export class Refusals {
  readonly #tallies = new Map<string, Tally>();

  /** How many before this one no row tells of; `undefined` where none shall tell of this one either. */
  count(doer: string, now: number): number | undefined {
    const key = this.#tallies.has(doer) || this.#tallies.size < DOERS ? doer : "";
    const before = this.#tallies.get(key);
    const isOver = before === undefined || now - before.since >= WINDOW_MS;
    const tally = isOver ? { since: now, told: 0, untold: before?.untold ?? 0 } : before;
    this.#tallies.set(key, tally);
    if (isOver) this.#forget(now);
    if (tally.told >= MOST) {
      tally.untold++;
      return undefined;
    }
    tally.told++;
    const { untold } = tally;
    tally.untold = 0;
    return untold;
  }

  /** Who was silent for long is a stranger again. */
  #forget(now: number): void {
    for (const [doer, { since }] of this.#tallies) {
      if (now - since >= FORGOTTEN_MS) this.#tallies.delete(doer);
    }
  }
}
