/**
 * Connections to providers that are kept open between requests.
 *
 * @module
 */
import { Connection, type Owner } from "./connection.ts";
import type { Address } from "./socket.ts";
import type { Means } from "./transport.ts";

/** Under the idle times of the usual load balancers, so that rarely both ends close at once. */
const IDLE_MS = 50_000;
/** Before the end of the time that a provider says it keeps a connection. */
const MARGIN_MS = 1_000;
const SWEEP_MS = 10_000;

interface Idle {
  readonly connection: Connection;
  /** By `performance.now()`. */
  readonly until: number;
}

/** Idle connections by origin, the last used first. */
export class Pool {
  readonly #means: Means;
  readonly #idle = new Map<string, Idle[]>();
  #sweeper: ReturnType<typeof setInterval> | undefined;

  constructor(means: Means) {
    this.#means = means;
  }

  /** A connection to the origin of a URL: one that is open, or a new one. */
  take(url: URL): Connection {
    const idle = this.#idle.get(url.origin);
    for (let last = idle?.pop(); last !== undefined; last = idle?.pop()) {
      if (last.connection.isOpen && last.until > performance.now()) return last.connection;
      last.connection.close();
    }
    return this.#open(url);
  }

  #open(url: URL): Connection {
    const { origin } = url;
    const owner: Owner = {
      released: (connection, idleSeconds) => this.#keep(origin, connection, idleSeconds),
      closed: (connection) => this.#remove(origin, connection),
    };
    return new Connection(this.#means, addressOf(url), owner);
  }

  #keep(origin: string, connection: Connection, idleSeconds: number | undefined): void {
    const forMs = Math.min(IDLE_MS, idleSeconds === undefined ? IDLE_MS : idleSeconds * 1000 - MARGIN_MS);
    if (forMs <= 0) return connection.close();
    const idle = this.#idle.get(origin);
    const kept = { connection, until: performance.now() + forMs };
    if (idle === undefined) this.#idle.set(origin, [kept]);
    else idle.push(kept);
    if (this.#sweeper !== undefined) return;
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#means.unref(this.#sweeper);
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
      const fresh = idle.filter(({ until }) => until > now);
      if (fresh.length === 0) this.#idle.delete(origin);
      else this.#idle.set(origin, fresh);
      for (const { connection, until } of idle) if (until <= now) connection.close();
    }
    if (this.#idle.size > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }
}

function addressOf({ protocol, hostname, port }: URL): Address {
  const isSecure = protocol === "https:";
  return {
    host: hostname.startsWith("[") ? hostname.slice(1, -1) : hostname,
    port: port === "" ? (isSecure ? 443 : 80) : Number(port),
    isSecure,
  };
}
