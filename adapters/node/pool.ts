/**
 * Connections to providers that are kept open between requests.
 *
 * @module
 */
import net from "node:net";
import tls from "node:tls";
import { Connection, type Owner } from "./connection.ts";

/** Under the idle times of the usual load balancers, so that rarely both ends close at once. */
const IDLE_MS = 50_000;
/** Before the end of the time that a provider says it keeps a connection. */
const MARGIN_MS = 1_000;
const SWEEP_MS = 10_000;
const MAX_SESSIONS = 256;

interface Idle {
  readonly connection: Connection;
  /** By `performance.now()`. */
  readonly until: number;
}

/** Idle connections by origin, the last used first. */
export class Pool {
  readonly #idle = new Map<string, Idle[]>();
  readonly #sessions = new Map<string, Buffer>();
  #sweeper: ReturnType<typeof setInterval> | undefined;

  /** A connection to the origin of a URL: one that is open, or a new one. */
  take(url: URL): Connection {
    const idle = this.#idle.get(url.origin);
    for (let last = idle?.pop(); last !== undefined; last = idle?.pop()) {
      if (last.connection.isOpen && last.until > performance.now()) return last.connection;
      last.connection.destroy();
    }
    return this.#open(url);
  }

  #open(url: URL): Connection {
    const { origin } = url;
    const isSecure = url.protocol === "https:";
    const owner: Owner = {
      released: (connection, idleSeconds) => this.#keep(origin, connection, idleSeconds),
      closed: (connection) => this.#remove(origin, connection),
    };
    return new Connection(isSecure ? this.#connectSecurely(url) : net.connect(addressOf(url, 80)), isSecure, owner);
  }

  #connectSecurely(url: URL): tls.TLSSocket {
    const { origin } = url;
    const address = addressOf(url, 443);
    const session = this.#sessions.get(origin);
    const socket = tls.connect({
      ...address,
      ALPNProtocols: ["http/1.1"],
      ...(net.isIP(address.host) === 0 ? { servername: address.host } : {}),
      ...(session === undefined ? {} : { session }),
    });
    socket.on("session", (next) => this.#remember(origin, next));
    socket.on("error", () => this.#sessions.delete(origin));
    return socket;
  }

  /** So that the next handshake is shorter. */
  #remember(origin: string, session: Buffer): void {
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size >= MAX_SESSIONS && oldest !== undefined) this.#sessions.delete(oldest);
    this.#sessions.set(origin, session);
  }

  #keep(origin: string, connection: Connection, idleSeconds: number | undefined): void {
    const forMs = Math.min(IDLE_MS, idleSeconds === undefined ? IDLE_MS : idleSeconds * 1000 - MARGIN_MS);
    if (forMs <= 0) return connection.destroy();
    const idle = this.#idle.get(origin);
    const kept = { connection, until: performance.now() + forMs };
    if (idle === undefined) this.#idle.set(origin, [kept]);
    else idle.push(kept);
    this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  #remove(origin: string, connection: Connection): void {
    const idle = this.#idle.get(origin);
    const at = idle?.findIndex((kept) => kept.connection === connection) ?? -1;
    if (at >= 0) idle?.splice(at, 1);
  }

  /** Closes what has lain idle too long; origins that aren't used are forgotten. */
  #sweep(): void {
    const now = performance.now();
    for (const [origin, idle] of this.#idle) {
      const stale = idle.filter(({ until }) => until <= now);
      for (const { connection } of stale) connection.destroy();
      if (idle.length === stale.length) this.#idle.delete(origin);
    }
    if (this.#idle.size > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }
}

function addressOf(url: URL, defaultPort: number): { readonly host: string; readonly port: number } {
  const { hostname, port } = url;
  return {
    host: hostname.startsWith("[") ? hostname.slice(1, -1) : hostname,
    port: port === "" ? defaultPort : Number(port),
  };
}
