/**
 * A request to a runtime's server, as the entry reads it.
 *
 * @module
 */
import type { Incoming } from "../src/call.ts";

/** One call. Its signal is the adapter's own: that of the request costs more than sockets do, once somebody looks at it. */
export class WatchedIncoming implements Incoming {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly #request: Request;
  readonly #leaving = new AbortController();
  #unwatch: (() => void) | undefined;

  constructor(request: Request) {
    this.method = request.method;
    this.url = request.url;
    this.headers = request.headers;
    this.#request = request;
  }

  get signal(): AbortSignal {
    return this.#leaving.signal;
  }

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    return this.#request.body;
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#request.arrayBuffer();
  }

  /** From now on a client that leaves, or has left, is noticed. */
  watch(): void {
    const { signal } = this.#request;
    const leave = () => this.leave(signal.reason);
    if (signal.aborted) return leave();
    signal.addEventListener("abort", leave);
    this.#unwatch = () => signal.removeEventListener("abort", leave);
  }

  /** There is an answer: it is its stream that tells from now on. */
  unwatch(): void {
    this.#unwatch?.();
  }

  /** Nobody waits for an answer any more. */
  leave(reason: unknown): void {
    this.#leaving.abort(reason);
  }
}
