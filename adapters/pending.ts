/**
 * Work that outlives its answer, on runtimes that have no `waitUntil`.
 *
 * @module
 */

/** Remembers unfinished work, so that a server that stops can wait for it. */
export class Pending {
  readonly #works = new Set<Promise<unknown>>();

  /** Takes work in; what it fails with is its own affair. */
  readonly add = (work: Promise<unknown>): void => {
    this.#works.add(work);
    const done = () => this.#works.delete(work);
    work.then(done, done);
  };

  /** Resolves when nothing is left, or after so many milliseconds. */
  async settled(timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (this.#works.size > 0 && Date.now() < deadline) {
      await within(deadline - Date.now(), Promise.allSettled(this.#works));
    }
  }
}

/** Resolves when the work has ended either way, or after so many milliseconds. */
export function within(timeoutMs: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, timeoutMs);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    work.then(done, done);
  });
}
