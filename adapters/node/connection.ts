/**
 * One connection to a provider: HTTP/1.1, one request at a time.
 *
 * @module
 */
import type { Socket } from "node:net";
import type { Inbound, Outbound } from "../../src/call.ts";
import { Exchange } from "./exchange.ts";
import { sendRequest } from "./request.ts";

/** What a connection tells its pool. */
export interface Owner {
  /** It can be used again, for as many seconds if the provider said so. */
  released(connection: Connection, idleSeconds: number | undefined): void;
  closed(connection: Connection): void;
}

/** A connection that is open, or about to be. */
export class Connection {
  readonly #socket: Socket;
  readonly #owner: Owner;
  /** Nothing is said to a provider whose certificate isn't checked yet. */
  #isReady: boolean;
  #exchange: Exchange | undefined;
  #isSent = false;
  #forget = () => {};

  /** @param isSecure Whether the socket is one of TLS. */
  constructor(socket: Socket, isSecure: boolean, owner: Owner) {
    this.#socket = socket;
    this.#owner = owner;
    this.#isReady = !isSecure;
    socket.setNoDelay(true).setKeepAlive(true, 60_000);
    socket.on("data", (bytes: Buffer<ArrayBuffer>) => this.#receive(bytes));
    socket.on("end", () => this.#end());
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => {
      this.#fail(undefined);
      owner.closed(this);
    });
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  /** Sends a request, whose head is written already; resolves when the answer's head is there. */
  send(head: string, outbound: Outbound): Promise<Inbound> {
    return new Promise((resolve, reject) => {
      const { method, signal } = outbound;
      const exchange: Exchange = new Exchange({ method, signal, resolve, reject }, {
        pause: () => void this.#socket.pause(),
        resume: () => this.#exchange === exchange && void this.#socket.resume(),
        close: () => this.#exchange === exchange && void this.#drop(),
      });
      this.#begin(exchange, signal);
      if (this.#isReady) this.#write(head, outbound);
      else this.#socket.once("secureConnect", () => this.#write(head, outbound));
    });
  }

  /** Closes at once. */
  destroy(): void {
    this.#socket.destroy();
  }

  #begin(exchange: Exchange, signal: AbortSignal): void {
    const abort = () => this.#drop()?.abort();
    signal.addEventListener("abort", abort);
    this.#forget = () => signal.removeEventListener("abort", abort);
    this.#exchange = exchange;
    this.#isSent = false;
    this.#socket.ref();
  }

  #write(head: string, outbound: Outbound): void {
    this.#isReady = true;
    const uploading = sendRequest(this.#socket, head, outbound);
    if (uploading === undefined) this.#isSent = true;
    else uploading.then(() => this.#isSent = true, (error) => this.#fail(error));
  }

  #receive(bytes: Buffer<ArrayBuffer>): void {
    const exchange = this.#exchange;
    // A provider that speaks without being asked is out of step.
    if (exchange === undefined) return this.destroy();
    try {
      const progress = exchange.receive(bytes);
      if (progress === "more") return;
      // What the provider hasn't taken of this request would stand before the next one.
      if (progress === "done" && this.#isSent && this.#socket.writableLength === 0) this.#release();
      else this.#drop();
    } catch (error) {
      this.#fail(error);
    }
  }

  #release(): void {
    const idleSeconds = this.#exchange?.idleSeconds;
    this.#leave();
    this.#socket.resume().unref();
    this.#owner.released(this, idleSeconds);
  }

  #end(): void {
    if (this.#exchange?.close() === true) this.#drop();
    else this.#fail(undefined);
  }

  #fail(error: unknown): void {
    this.#drop()?.fail(error);
  }

  /** Closes the connection and takes leave of what ran on it. */
  #drop(): Exchange | undefined {
    const exchange = this.#leave();
    this.#socket.destroy();
    return exchange;
  }

  #leave(): Exchange | undefined {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#forget();
    return exchange;
  }
}
