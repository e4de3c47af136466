/**
 * From Node's streams to the web's: pull-driven, so that a reader that pauses pauses the socket, and without
 * `Readable.toWeb`, which costs several times as much for each chunk.
 *
 * @module
 */
import type { Readable } from "node:stream";
import { type Bytes, joined, view } from "../http1/bytes.ts";

/** How to look at a body that Node reads. */
export interface Source {
  readonly readable: Readable;
  /** What a reader is told instead of Node's own error. */
  explain(error: unknown): unknown;
  /** What happens when nobody wants the rest. */
  cancel(reason: unknown): void;
}

/** The body as a web stream that takes one chunk at a time off the socket; it touches nothing until it is read. */
export function toStream({ readable, explain, cancel }: Source): ReadableStream<Bytes> {
  let isWatched = false;
  let isWanted = true;
  const watch = (controller: ReadableStreamDefaultController<Bytes>) => {
    isWatched = true;
    readable.on("data", (chunk: Buffer<ArrayBuffer>) => {
      if (!isWanted) return;
      readable.pause();
      controller.enqueue(view(chunk));
    });
    whenOver(readable, () => isWanted && controller.close(), (error) => isWanted && controller.error(explain(error)));
  };
  return new ReadableStream<Bytes>({
    pull(controller) {
      if (!isWatched) watch(controller);
      readable.resume();
    },
    cancel(reason) {
      isWanted = false;
      cancel(reason);
    },
  }, { highWaterMark: 0 });
}

/** The whole body, without a web stream on the way. */
export function toArrayBuffer({ readable, explain }: Source): Promise<ArrayBuffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer<ArrayBuffer>[] = [];
    readable.on("data", (chunk: Buffer<ArrayBuffer>) => chunks.push(chunk));
    whenOver(readable, () => resolve(joined(chunks)), (error) => reject(explain(error)));
  });
}

/** Calls one of the two, once, also for a stream that was over before anybody looked. */
function whenOver(readable: Readable, end: () => void, fail: (error: unknown) => void): void {
  if (readable.readableEnded) return end();
  if (readable.destroyed) return fail(readable.errored);
  let isOver = false;
  const once = (act: () => void) => {
    if (!isOver) act();
    isOver = true;
  };
  readable.on("end", () => once(end));
  readable.on("error", (error) => once(() => fail(error)));
  readable.on("close", () => once(() => fail(undefined)));
}
