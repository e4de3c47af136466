/**
 * Connections over Bun's sockets.
 *
 * @module
 */
import type { Bytes } from "../http1/bytes.ts";
import type { Address, Dial, Listener, Socket } from "../http1/socket.ts";

/** `http/1.1` as TLS offers it: with its length in front. */
const ALPN = Uint8Array.of(8, 0x68, 0x74, 0x74, 0x70, 0x2f, 0x31, 0x2e, 0x31);
const KEEP_ALIVE_MS = 60_000;

/** Opens a connection. */
export const bunDial: Dial = (address, listener) => new Line(address, listener);

/** One connection, from one end to the other. */
class Line implements Socket {
  readonly #listener: Listener;
  readonly #isSecure: boolean;
  #socket: BunSocket | undefined;
  #isOpen = true;
  /** What Bun hasn't taken yet: it keeps nothing itself. */
  #unsent: Bytes[] = [];

  constructor({ host, port, isSecure }: Address, listener: Listener) {
    this.#listener = listener;
    this.#isSecure = isSecure;
    const tls = isSecure ? { tls: { serverName: host, ALPNProtocols: ALPN } } : {};
    Bun.connect({ hostname: host, port, ...tls, data: this, socket: EVENTS }).catch((error) => this.failed(error));
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get isFlushed(): boolean {
    return this.#unsent.length === 0;
  }

  write(bytes: Bytes): boolean {
    if (this.#unsent.length > 0) this.#unsent.push(bytes);
    else {
      const rest = this.#given(bytes);
      if (rest !== undefined) this.#unsent.push(rest);
    }
    return this.isFlushed;
  }

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  use(isUsed: boolean): void {
    if (isUsed) this.#socket?.ref();
    else this.#socket?.unref();
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#socket?.close();
    queueMicrotask(() => this.#listener.closed());
  }

  opened(socket: BunSocket): void {
    if (!this.#isOpen) return socket.close();
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    if (!this.#isSecure) this.#listener.ready();
  }

  /** Whether the certificate is trusted and names the host, Bun has found out. */
  shaken(isGood: boolean, error: unknown): void {
    if (!this.#isOpen) return;
    if (isGood) this.#listener.ready();
    else this.failed(error ?? Object.assign(new Error("no TLS"), { code: "ERR_TLS_HANDSHAKE" }));
  }

  received(bytes: Bytes): void {
    if (this.#isOpen) this.#listener.data(bytes);
  }

  drained(): void {
    while (this.#unsent.length > 0) {
      const rest = this.#given(this.#unsent[0] as Bytes);
      if (rest !== undefined) return void (this.#unsent[0] = rest);
      this.#unsent.shift();
    }
    if (this.#isOpen) this.#listener.drain();
  }

  ended(): void {
    this.#over(() => this.#listener.end());
  }

  failed(error: unknown): void {
    this.#over(() => this.#listener.fail(error));
  }

  /**
   * Tells of the end a turn later: what is written to a client while Bun tells that a connection has ended, Bun throws
   * away if the client's own is then broken off within a moment, as it is where a stream breaks off.
   */
  #over(tell: () => void): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    setImmediate(() => {
      tell();
      this.#socket?.close();
      this.#listener.closed();
    });
  }

  /** Gives Bun what it takes; what is left comes back. */
  #given(bytes: Bytes): Bytes | undefined {
    const taken = this.#socket?.write(bytes) ?? 0;
    if (taken >= bytes.byteLength) return undefined;
    return taken > 0 ? bytes.subarray(taken) : bytes;
  }
}

/** One set for all connections: each knows whose it is. */
const EVENTS: BunEvents = {
  binaryType: "uint8array",
  open: (socket) => socket.data.opened(socket),
  handshake: ({ data }, isGood, error) => data.shaken(isGood, error),
  data: ({ data }, bytes) => data.received(bytes),
  drain: ({ data }) => data.drained(),
  end: ({ data }) => data.ended(),
  error: ({ data }, error) => data.failed(error),
  close: ({ data }, error) => data.failed(error),
};

interface BunEvents {
  readonly binaryType: "uint8array";
  open(socket: BunSocket): void;
  handshake(socket: BunSocket, isGood: boolean, error: unknown): void;
  data(socket: BunSocket, bytes: Bytes): void;
  drain(socket: BunSocket): void;
  end(socket: BunSocket): void;
  error(socket: BunSocket, error: unknown): void;
  close(socket: BunSocket, error: unknown): void;
}

interface BunSocket {
  readonly data: Line;
  /** How many bytes were taken; -1 where it is closed. */
  write(bytes: Bytes): number;
  pause(): void;
  resume(): void;
  ref(): void;
  unref(): void;
  close(): void;
  setNoDelay(isOn: boolean): void;
  setKeepAlive(isOn: boolean, ms: number): void;
}

/** The parts of Bun that are used here. */
declare const Bun: {
  connect(settings: {
    readonly hostname: string;
    readonly port: number;
    readonly tls?: { readonly serverName: string; readonly ALPNProtocols: Uint8Array };
    readonly data: Line;
    readonly socket: BunEvents;
  }): Promise<unknown>;
};
