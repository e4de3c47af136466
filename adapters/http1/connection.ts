/**
 * One connection to a provider: HTTP/1.1, one request at a time.
 *
 * @module
 */
import type { Inbound, Outbound } from "../../src/call.ts";
import type { Bytes } from "./bytes.ts";
import { Exchange } from "./exchange.ts";
import { sendRequest, type Upload } from "./request.ts";
import type { Address, Listener, Socket } from "./socket.ts";
import type { Means } from "./transport.ts";

/** What a connection tells its pool. */
export interface Owner {
  /** It can be used again, for as many seconds if the provider said so. */
  released(connection: Connection, idleSeconds: number | undefined): void;
  closed(connection: Connection): void;
}

/** A connection that is open, or about to be. */
export class Connection implements Listener, EventListenerObject {
  readonly #socket: Socket;
  readonly #means: Means;
  readonly #owner: Owner;
  /** Nothing is said to a provider whose certificate isn't checked yet. */
  #isReady = false;
  #exchange: Exchange | undefined;
  /** What is still to be said, once the connection is ready. */
  #waiting: (() => void) | undefined;
  #upload: Upload | undefined;
  #signal: AbortSignal | undefined;

  constructor(means: Means, address: Address, owner: Owner) {
    this.#means = means;
    this.#owner = owner;
    this.#socket = means.dial(address, this);
  }

  get isOpen(): boolean {
    return this.#socket.isOpen;
  }

  /** Sends a request, whose head is written already; resolves when the answer's head is there. */
  send(head: string, outbound: Outbound): Promise<Inbound> {
    return new Promise((resolve, reject) => {
      const { method, signal } = outbound;
      const exchange: Exchange = new Exchange({ method, signal, undo: this.#means.undo, resolve, reject }, {
        pause: () => void this.#socket.pause(),
        resume: () => this.#exchange === exchange && void this.#socket.resume(),
        close: () => this.#exchange === exchange && void this.#drop(),
      });
      this.#begin(exchange, signal);
      if (this.#isReady) this.#write(head, outbound);
      else this.#waiting = () => this.#write(head, outbound);
    });
  }

  /** Closes at once. */
  close(): void {
    this.#socket.close();
  }

  ready(): void {
    this.#isReady = true;
    this.#waiting?.();
    this.#waiting = undefined;
  }

  drain(): void {
    this.#upload?.proceed();
  }

  data(bytes: Bytes): void {
    const exchange = this.#exchange;
    // A provider that speaks without being asked is out of step.
    if (exchange === undefined) return this.#socket.close();
    try {
      const progress = exchange.receive(bytes);
      if (progress === "more") return;
      // What the provider hasn't taken of this request would stand before the next one.
      if (progress === "done" && this.#upload === undefined && this.#socket.isFlushed) this.#release();
      else this.#drop();
    } catch (error) {
      this.fail(error);
    }
  }

  end(): void {
    if (this.#exchange?.close() === true) this.#drop();
    else this.fail(undefined);
  }

  fail(error: unknown): void {
    this.#drop()?.fail(error);
  }

  closed(): void {
    this.fail(undefined);
    this.#owner.closed(this);
  }

  /** The asker called it off. */
  handleEvent(): void {
    this.#drop()?.abort();
  }

  #begin(exchange: Exchange, signal: AbortSignal): void {
    signal.addEventListener("abort", this);
    this.#signal = signal;
    this.#exchange = exchange;
    this.#socket.use(true);
  }

  #write(head: string, outbound: Outbound): void {
    const upload = sendRequest(this.#socket, head, outbound);
    this.#upload = upload;
    upload?.sent.then(() => this.#upload = undefined, (error) => this.fail(error));
  }

  #release(): void {
    const idleSeconds = this.#exchange?.idleSeconds;
    this.#leave();
    this.#socket.resume();
    this.#socket.use(false);
    this.#owner.released(this, idleSeconds);
  }

  /** Closes the connection and takes leave of what ran on it. */
  #drop(): Exchange | undefined {
    const exchange = this.#leave();
    this.#waiting = undefined;
    this.#upload?.stop();
    this.#upload = undefined;
    this.#socket.close();
    return exchange;
  }

  #leave(): Exchange | undefined {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#signal?.removeEventListener("abort", this);
    this.#signal = undefined;
    return exchange;
  }
}
