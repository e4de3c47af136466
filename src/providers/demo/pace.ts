/**
 * Sends an answer token by token, no sooner than it is read and no sooner than it is due.
 *
 * @module
 */
import { TOKEN } from "./reply.ts";

/** Time, as the demo provider sees it. */
export interface DemoClock {
  /** Milliseconds since some moment. */
  now(): number;
  /** Resolves after so many milliseconds; rejects with the signal's reason once that fires. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** The runtime's own clock and timers. */
export const realClock: DemoClock = {
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

/** When the tokens of one answer are due. */
export interface Pace {
  readonly clock: DemoClock;
  /** When the request came, by the clock. */
  readonly startedAt: number;
  readonly ttftMs: number;
  readonly gapMs: number;
}

/** Waits until a token is due: 0 is the first. */
export async function due(
  { clock, startedAt, ttftMs, gapMs }: Pace,
  token: number,
  signal: AbortSignal,
): Promise<void> {
  const waitMs = startedAt + ttftMs + gapMs * token - clock.now();
  if (waitMs > 0) await clock.wait(waitMs, signal);
}

/** What a stream is made of: text to send, tokens to wait for, milliseconds to wait, for ever where infinite. */
export type Frame = string | typeof TOKEN | number;

/** The frames as bytes, one text for each read: nothing is made ahead. What the frames throw breaks it off. */
export function paced(
  frames: Iterator<Frame>,
  pace: Pace,
  signal: AbortSignal,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const stop = new AbortController();
  const next = texts(frames, pace, stop.signal);
  const encoder = new TextEncoder();
  let left = () => {};
  const end = () => {
    signal.removeEventListener("abort", left);
    stop.abort();
  };
  return new ReadableStream({
    start(controller) {
      left = () => {
        end();
        controller.error(signal.reason);
      };
      signal.addEventListener("abort", left);
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

/** Each call waits as the frames say, up to the next text; `undefined` at the end. */
function texts(frames: Iterator<Frame>, pace: Pace, signal: AbortSignal): () => Promise<string | undefined> {
  let tokens = 0;
  return async () => {
    for (;;) {
      const { done, value } = frames.next();
      if (done) return undefined;
      if (typeof value === "string") return value;
      if (value === TOKEN) await due(pace, tokens++, signal);
      else await (value === Infinity ? forever(signal) : pace.clock.wait(value, signal));
    }
  };
}
