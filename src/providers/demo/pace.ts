/**
 * Sends an answer token by token, no sooner than it is read and no sooner than it is due.
 *
 * @module
 */
import { TOKEN } from "./reply.ts";

/** Time, as the demo provider sees it. */
export interface Clock {
  /** Milliseconds since some moment. */
  now(): number;
  /** Resolves after so many milliseconds; rejects with the signal's reason once that fires. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** The runtime's own clock and timers. */
export const realClock: Clock = {
  now: () => performance.now(),
  wait: (ms, signal) => until(signal, (resolve) => setTimeout(resolve, ms)),
};

/** Waits for nothing but the signal. */
export function forever(signal: AbortSignal): Promise<never> {
  return until<never>(signal, () => undefined);
}

function until<T>(signal: AbortSignal, begin: (resolve: (value: T) => void) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const timer = begin((value) => {
      signal.removeEventListener("abort", stop);
      resolve(value);
    });
    const stop = () => {
      clearTimeout(timer as Parameters<typeof clearTimeout>[0]);
      reject(signal.reason);
    };
    signal.addEventListener("abort", stop, { once: true });
  });
}

/** How fast the tokens come. */
export interface Pace {
  /** When the answer began, by the clock. */
  readonly startedAt: number;
  readonly ttftMs: number;
  readonly gapMs: number;
}

/** Stands in a stream that never goes on. */
export const STALL: unique symbol = Symbol("stall");

/** What a stream is made of: text to send, places to wait. */
export type Frame = string | typeof TOKEN | typeof STALL;

/**
 * The frames as bytes. One frame goes out for each read; nothing is made ahead. What the frames throw breaks the
 * stream; so does the signal.
 */
export function paced(
  frames: Iterator<Frame>,
  pace: Pace,
  clock: Clock,
  signal: AbortSignal,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const stop = new AbortController();
  const encoder = new TextEncoder();
  let sent = 0;
  let onAbort: () => void;
  const end = () => {
    signal.removeEventListener("abort", onAbort);
    stop.abort();
  };
  const next = async (): Promise<string | undefined> => {
    for (;;) {
      const { done, value } = frames.next();
      if (done) return undefined;
      if (typeof value === "string") return value;
      if (value === STALL) await forever(stop.signal);
      const early = pace.startedAt + pace.ttftMs + pace.gapMs * sent++ - clock.now();
      if (early > 0) await clock.wait(early, stop.signal);
    }
  };
  return new ReadableStream({
    start(controller) {
      onAbort = () => {
        end();
        controller.error(signal.reason);
      };
      signal.addEventListener("abort", onAbort, { once: true });
    },
    async pull(controller) {
      try {
        const text = await next();
        if (stop.signal.aborted) return;
        if (text !== undefined) return controller.enqueue(encoder.encode(text));
        end();
        controller.close();
      } catch (error) {
        if (stop.signal.aborted) return;
        end();
        controller.error(error);
      }
    },
    cancel: end,
  }, { highWaterMark: 0 });
}
