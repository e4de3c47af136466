/**
 * One pull-driven tap with many observers.
 *
 * @module
 */
import { wholeBody } from "./answer.ts";
import type { Filter, Observer, Outcome } from "./call.ts";
import { GatewayError } from "./errors.ts";

/** What is fixed to an answer on its way out. */
export interface Fixture {
  readonly observers: readonly Observer[];
  readonly filter: Filter | undefined;
  /** Bytes after which a runaway answer is broken off. */
  readonly maxBytes: number;
  /** Fires when the client goes away: a source that breaks off then was broken off by it. */
  readonly signal?: AbortSignal;
  /** Told once, after every observer has been told its end. */
  readonly over: (outcome: Outcome) => void;
}

const COMPLETE: Outcome = { kind: "complete" };

/**
 * Lets observers see an answer go by, and says once how it ended. It never reads ahead of the client; a client that
 * leaves closes the provider at once; a provider that breaks off breaks the client's stream too, never ends it cleanly.
 */
export function tap(response: Response, fixture: Fixture): Response {
  const flow = flowTo(fixture);
  const whole = wholeBody(response);
  if (whole !== undefined) flow.show(whole);
  if (whole !== undefined || response.body === null) {
    flow.end(COMPLETE);
    return response;
  }
  return new Response(watched(response.body as ReadableStream<Uint8Array<ArrayBuffer>>, flow, fixture), {
    status: response.status,
    headers: response.headers,
  });
}

function watched(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  flow: Flow,
  { filter, maxBytes, signal }: Fixture,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  let total = 0;
  /** The next bytes for the client; `undefined` at the true end. */
  const next = async (): Promise<Uint8Array<ArrayBuffer> | undefined> => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return filter?.flush();
      if ((total += value.byteLength) > maxBytes) throw tooLarge(maxBytes);
      const bytes = filter === undefined ? value : filter.pass(value);
      if (bytes.byteLength > 0) return bytes;
    }
  };
  /** Set once nothing more is to be read. */
  let failure: unknown;
  let finished = false;
  const fail = (out: ReadableStreamDefaultController, error: unknown) => {
    const isLeft = signal?.aborted === true;
    flow.end(isLeft ? { kind: "cancelled" } : { kind: "failed", error });
    reader.cancel(error).catch(() => {});
    const last = isLeft ? undefined : filter?.broken?.(error);
    if (last === undefined) return out.error(error);
    // The error follows with the next pull, a turn later: set at once, it would discard these last words.
    failure = error;
    finished = true;
    out.enqueue(last);
  };
  return new ReadableStream({
    async pull(out) {
      if (finished) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        return out.error(failure);
      }
      try {
        const bytes = await next();
        if (bytes === undefined || bytes.byteLength === 0) {
          flow.end(COMPLETE);
          return out.close();
        }
        flow.show(bytes);
        out.enqueue(bytes);
      } catch (error) {
        fail(out, error);
      }
    },
    cancel(reason) {
      flow.end({ kind: "cancelled" });
      return reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
}

interface Flow {
  show(bytes: Uint8Array<ArrayBuffer>): void;
  /** Only the first end counts. */
  end(outcome: Outcome): void;
}

/** Tells the observers, and forgets one that throws: it must not cost the client its answer. */
function flowTo({ observers, filter, over }: Fixture): Flow {
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
      for (const observer of [filter, ...watching]) quietly(() => observer?.end?.(outcome));
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

const tooLarge = (maxBytes: number) =>
  new GatewayError("upstream_too_large", `The provider's answer is over ${maxBytes} bytes and was broken off.`);
