/**
 * Being told to stop.
 *
 * @module
 */
import process from "node:process";

/** A second signal this long after the first insists; sooner, it is the same one sent twice. */
const SAME_MS = 500;

/** Calls `stop` on the first SIGTERM or SIGINT, and `end` when another one insists. */
export function onSignal(stop: () => void, end: () => void): void {
  let since: number | undefined;
  const hear = () => {
    if (since === undefined) stop();
    else if (Date.now() - since > SAME_MS) end();
    since ??= Date.now();
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, hear);
}
