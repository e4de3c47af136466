/**
 * The body of a provider's answer while it comes in.
 *
 * @module
 */
import { type Bytes, joined } from "./bytes.ts";

/** What a body can ask of the connection it comes from. */
export interface Valve {
  pause(): void;
  resume(): void;
  /** Nobody wants the rest. */
  close(): void;
}

/** Bytes that may lie here unread before the provider is made to wait. */
const MAX_QUEUED = 64 * 1024;

/** One body: bytes are put in at one end, and taken out whole or as a stream at the other. */
export class Intake {
  readonly #valve: Valve;
  #queue: Bytes[] = [];
  #queued = 0;
  #isPaused = false;
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;
  /** Set while a reader waits for the next chunk. */
  #awaiting: ReadableStreamDefaultController<Bytes> | undefined;
  #controller: ReadableStreamDefaultController<Bytes> | undefined;
  /** Told once everything is there. */
  #whole: (() => void) | undefined;
  #isTaken = false;

  constructor(valve: Valve) {
    this.#valve = valve;
  }

  push(bytes: Bytes): void {
    if (bytes.byteLength === 0) return;
    const reader = this.#awaiting;
    if (reader !== undefined) {
      this.#awaiting = undefined;
      reader.enqueue(bytes);
      return;
    }
    this.#queue.push(bytes);
    this.#queued += bytes.byteLength;
    if (this.#whole !== undefined || this.#isPaused || this.#queued <= MAX_QUEUED) return;
    this.#isPaused = true;
    this.#valve.pause();
  }

  end(): void {
    this.#isOver = true;
    this.#awaiting?.close();
    this.#whole?.();
  }

  /** What came before it can still be read. */
  fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failure = { error };
    this.#awaiting?.error(error);
    this.#whole?.();
  }

  /** Fails at once, and forgets what wasn't read. */
  abort(error: unknown): void {
    if (this.#isOver) return;
    this.#queue = [];
    this.fail(error);
    if (this.#awaiting === undefined) this.#controller?.error(error);
  }

  /** The whole body. */
  async arrayBuffer(): Promise<ArrayBuffer> {
    this.#take();
    if (!this.#isOver) {
      const over = new Promise<void>((resolve) => this.#whole = resolve);
      this.#flow();
      await over;
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    return joined(this.#queue);
  }

  /** The body chunk by chunk, as the reader asks for them. */
  stream(): ReadableStream<Bytes> {
    return new ReadableStream<Bytes>({
      start: (controller) => void (this.#controller = controller),
      pull: (controller) => this.#give(controller),
      cancel: () => {
        this.#queue = [];
        if (!this.#isOver) this.#valve.close();
      },
    }, { highWaterMark: 0 });
  }

  #give(controller: ReadableStreamDefaultController<Bytes>): void {
    const bytes = this.#queue.shift();
    if (bytes !== undefined) {
      this.#queued -= bytes.byteLength;
      controller.enqueue(bytes);
      if (this.#queue.length === 0) this.#flow();
    } else if (this.#failure !== undefined) controller.error(this.#failure.error);
    else if (this.#isOver) controller.close();
    else this.#awaiting = controller;
  }

  #flow(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#valve.resume();
  }

  #take(): void {
    if (this.#isTaken) throw new TypeError("The body has been read already.");
    this.#isTaken = true;
  }
}
