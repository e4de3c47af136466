/**
 * Connections over Node's `net` and `tls`.
 *
 * @module
 */
import net from "node:net";
import tls from "node:tls";
import { type Bytes, view } from "../http1/bytes.ts";
import type { Address, Dial, Listener, Socket } from "../http1/socket.ts";

const MAX_SESSIONS = 256;

/** Remembers how TLS was agreed on with an origin, so that the next handshake is shorter. */
export function nodeDial(): Dial {
  const sessions = new Map<string, Buffer>();
  return (address, listener) => {
    const { host, port, isSecure } = address;
    return new NodeSocket(isSecure ? secure(address, sessions) : net.connect({ host, port }), isSecure, listener);
  };
}

function secure({ host, port }: Address, sessions: Map<string, Buffer>): tls.TLSSocket {
  const origin = `${host} ${port}`;
  const session = sessions.get(origin);
  const socket = tls.connect({
    host,
    port,
    ALPNProtocols: ["http/1.1"],
    ...(net.isIP(host) === 0 ? { servername: host } : {}),
    ...(session === undefined ? {} : { session }),
  });
  socket.on("session", (next) => {
    const [oldest] = sessions.keys();
    if (sessions.size >= MAX_SESSIONS && oldest !== undefined) sessions.delete(oldest);
    sessions.set(origin, next);
  });
  socket.on("error", () => sessions.delete(origin));
  return socket;
}

class NodeSocket implements Socket {
  readonly #socket: net.Socket;

  constructor(socket: net.Socket, isSecure: boolean, listener: Listener) {
    this.#socket = socket;
    socket.setNoDelay(true).setKeepAlive(true, 60_000);
    socket.on(isSecure ? "secureConnect" : "connect", () => listener.ready());
    socket.on("data", (bytes: Buffer<ArrayBuffer>) => listener.data(view(bytes)));
    socket.on("drain", () => listener.drain());
    socket.on("end", () => listener.end());
    socket.on("error", (error) => listener.fail(error));
    socket.on("close", () => listener.closed());
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  get isFlushed(): boolean {
    return this.#socket.writableLength === 0;
  }

  write(bytes: Bytes): boolean {
    return this.#socket.write(bytes);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  use(isUsed: boolean): void {
    if (isUsed) this.#socket.ref();
    else this.#socket.unref();
  }

  close(): void {
    this.#socket.destroy();
  }
}
