/**
 * One pull-driven tap with many observers.
 *
 * @module
 */
import { wholeBody } from "./answer.ts";
import type { Observer, Outcome } from "./call.ts";
import { type Source, through } from "./flow.ts";

/** What is fixed to an answer on its way out. */
export interface Fixture {
  readonly observers: readonly Observer[];
  /** Fires when the client goes away: a source that breaks off then was broken off by it. */
  readonly signal?: AbortSignal;
  /** Told once, after every observer has been told its end. */
  readonly over: (outcome: Outcome) => void;
}

const COMPLETE: Outcome = { kind: "complete" };
const CANCELLED: Outcome = { kind: "cancelled" };

/**
 * Lets observers see an answer go by, and says once how it ended. It never reads ahead of the client; a client that
 * leaves closes the provider at once; a provider that breaks off breaks the client's stream too, never ends it cleanly.
 */
export function tap(response: Response, fixture: Fixture): Response {
  const watch = watchOf(fixture);
  const whole = wholeBody(response);
  if (whole !== undefined) watch.show(whole);
  if (whole !== undefined || response.body === null) {
    watch.end(COMPLETE);
    return response;
  }
  return through(response, (source) => watched(source, watch, fixture));
}

function watched(source: Source, watch: Watch, { signal }: Fixture): Source {
  /** Who leaves may never read again, and not cancel either. */
  const leave = () => {
    source.cancel(signal?.reason).catch(() => {});
    watch.end(CANCELLED);
  };
  const end = (outcome: Outcome) => {
    signal?.removeEventListener("abort", leave);
    watch.end(outcome);
  };
  signal?.addEventListener("abort", leave);
  if (signal?.aborted === true) leave();
  return {
    async read() {
      try {
        const bytes = await source.read();
        if (bytes === undefined && signal?.aborted === true) throw signal.reason;
        if (bytes === undefined) end(COMPLETE);
        else watch.show(bytes);
        return bytes;
      } catch (error) {
        end(signal?.aborted === true ? CANCELLED : { kind: "failed", error });
        source.cancel(error).catch(() => {});
        throw error;
      }
    },
    cancel(reason) {
      end(CANCELLED);
      return source.cancel(reason);
    },
  };
}

interface Watch {
  show(bytes: Uint8Array<ArrayBuffer>): void;
  /** Only the first end counts. */
  end(outcome: Outcome): void;
}

/** Tells the observers, and forgets one that throws: it must not cost the client its answer. */
function watchOf({ observers, over }: Fixture): Watch {
  const watching = new Set(observers);
  let isOpen = true;
  return {
    show(bytes) {
      for (const observer of watching) {
        try {
          observer.chunk?.(bytes);
        } catch {
          watching.delete(observer);
        }
      }
    },
    end(outcome) {
      if (!isOpen) return;
      isOpen = false;
      for (const observer of watching) quietly(() => observer.end?.(outcome));
      over(outcome);
    },
  };
}

function quietly(say: () => void): void {
  try {
    say();
  } catch {
    // Nobody but the observer is concerned.
  }
}
