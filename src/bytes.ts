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
