/**
 * Being told to stop.
 *
 * @module
 */
import process from "node:process";

/** A second signal this long after the first insists; sooner, it is the same one sent twice. */
const SAME_MS = 500;

/** How often to look whether npm is still there. */
const LOOK_MS = 200;

/** Calls `stop` on the first SIGTERM or SIGINT, and `end` when another one insists. */
export function onSignal(stop: () => void, end: () => void): void {
  let since: number | undefined;
  const hear = () => {
    if (since === undefined) stop();
    else if (Date.now() - since > SAME_MS) end();
    since ??= Date.now();
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, hear);
  if (process.env["npm_lifecycle_event"] !== undefined) whenOrphaned(hear);
}

/** `npm start` puts a shell in between, which takes signals for itself: its end stands for one. */
function whenOrphaned(hear: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    hear();
  }, LOOK_MS);
  timer.unref();
}
