/**
 * Connections over Deno's sockets.
 *
 * @module
 */
import type { Bytes } from "../http1/bytes.ts";
import type { Address, Dial, Listener, Socket } from "../http1/socket.ts";
import { coded } from "./failure.ts";

const READ_BYTES = 32 * 1024;
/** A read of as many is handed on with its memory; of fewer a copy costs less. */
const GIVEN_BYTES = 16 * 1024;
/** Unsent bytes from which on there is no room for more. */
const HIGH_BYTES = 64 * 1024;

/** Opens a connection. */
export const denoDial: Dial = (address, listener) => new DenoSocket(address, listener);

class DenoSocket implements Socket {
  readonly #listener: Listener;
  #conn: DenoConn | undefined;
  #isOpen = true;
  #isReading = false;
  #isPaused = false;
  #memory: Bytes = new Uint8Array(READ_BYTES);
  /** What is being written, and what comes after it. */
  #sending: Bytes | undefined;
  readonly #queue: Bytes[] = [];
  #unsent = 0;
  #isFull = false;

  constructor(address: Address, listener: Listener) {
    this.#listener = listener;
    this.#connect(address).catch((error) => this.#fail(error));
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get isFlushed(): boolean {
    return this.#unsent === 0;
  }

  write(bytes: Bytes): boolean {
    this.#unsent += bytes.byteLength;
    if (this.#sending === undefined) this.#send(bytes);
    else this.#queue.push(bytes);
    if (this.#unsent >= HIGH_BYTES) this.#isFull = true;
    return !this.#isFull;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#read();
  }

  use(isUsed: boolean): void {
    if (isUsed) this.#conn?.ref();
    else this.#conn?.unref();
  }

  close(): void {
    if (this.#isOpen) {
      this.#shut();
      queueMicrotask(() => this.#listener.closed());
    }
  }

  async #connect({ host, port, isSecure }: Address): Promise<void> {
    const plain = await Deno.connect({ hostname: host, port });
    if (!this.#isOpen) return plain.close();
    this.#conn = plain;
    plain.setNoDelay(true);
    plain.setKeepAlive(true);
    if (isSecure) await this.#secure(plain, host);
    if (!this.#isOpen) return;
    this.#listener.ready();
    this.#read();
  }

  async #secure(plain: DenoTcpConn, hostname: string): Promise<void> {
    const conn = await Deno.startTls(plain, { hostname, alpnProtocols: ["http/1.1"] });
    if (!this.#isOpen) return conn.close();
    this.#conn = conn;
    await conn.handshake();
  }

  #read(): void {
    if (this.#isReading || this.#isPaused || !this.#isOpen || this.#conn === undefined) return;
    this.#isReading = true;
    this.#conn.read(this.#memory).then(this.#received, this.#failed);
  }

  readonly #received = (length: number | null): void => {
    this.#isReading = false;
    if (!this.#isOpen) return;
    if (length === null) return this.#listener.end();
    this.#listener.data(this.#taken(length));
    this.#read();
  };

  #taken(length: number): Bytes {
    const memory = this.#memory;
    if (length < GIVEN_BYTES) return memory.slice(0, length);
    this.#memory = new Uint8Array(READ_BYTES);
    return memory.subarray(0, length);
  }

  #send(bytes: Bytes): void {
    this.#sending = bytes;
    this.#conn?.write(bytes).then(this.#sent, this.#unsendable);
  }

  readonly #sent = (length: number): void => {
    const sending = this.#sending as Bytes;
    this.#unsent -= length;
    const next = length < sending.byteLength ? sending.subarray(length) : this.#queue.shift();
    this.#sending = undefined;
    if (!this.#isOpen) return;
    if (next !== undefined) this.#send(next);
    if (!this.#isFull || this.#unsent >= HIGH_BYTES) return;
    this.#isFull = false;
    this.#listener.drain();
  };

  /** A provider that closes may have answered before: reading tells. */
  readonly #unsendable = (error: unknown): void => {
    if (!this.#isReading) this.#fail(error);
  };

  readonly #failed = (error: unknown): void => this.#fail(error);

  #fail(error: unknown): void {
    if (!this.#isOpen) return;
    this.#shut();
    this.#listener.fail(coded(error));
    this.#listener.closed();
  }

  #shut(): void {
    this.#isOpen = false;
    try {
      this.#conn?.close();
    } catch {
      // It is becoming one of TLS just now, and is closed when it is.
    }
  }
}

/** The parts of Deno that are used here. */
declare const Deno: {
  connect(address: { readonly hostname: string; readonly port: number }): Promise<DenoTcpConn>;
  startTls(
    conn: DenoTcpConn,
    options: { readonly hostname: string; readonly alpnProtocols: string[] },
  ): Promise<DenoTlsConn>;
};

interface DenoConn {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  ref(): void;
  unref(): void;
  close(): void;
}

interface DenoTcpConn extends DenoConn {
  setNoDelay(isOn: boolean): void;
  setKeepAlive(isOn: boolean): void;
}

interface DenoTlsConn extends DenoConn {
  handshake(): Promise<unknown>;
}
