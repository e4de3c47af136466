/**
 * Waiting with an end: a test that waits for something that never comes says what that was.
 *
 * @module
 */

/** How long anything on loopback may take before a test gives up, in milliseconds. */
export const PATIENCE_MS = 4000;

/** The promise's value, or an error that names what was waited for. */
export async function within<T>(promise: Promise<T>, what: string, ms: number = PATIENCE_MS): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Waited ${ms} ms for ${what}, in vain.`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Polls until the function gives something other than `undefined` or `false`. */
export async function until<T>(
  look: () => T | undefined | false | Promise<T | undefined | false>,
  what: string,
  ms: number = PATIENCE_MS,
): Promise<T> {
  const end = performance.now() + ms;
  for (let turns = 0;; turns++) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`Waited ${ms} ms for ${what}, in vain.`);
    await pause(turns < 20 ? 1 : 5);
  }
}

/** Lets some milliseconds pass. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A promise and its two ends. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
}

/** Makes a promise that somebody else settles. */
export function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => {});
  return { promise, resolve, reject };
}
