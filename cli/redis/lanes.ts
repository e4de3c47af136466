/**
 * A few connections to Redis that come back when it does.
 *
 * @module
 */
import type { RedisAddress } from "./address.ts";
import { Connection, Unreachable } from "./connection.ts";
import type { Args, Reply } from "./reply.ts";

/** Connections for plain commands: a large reply on one holds nobody up on another. */
const PLAIN = 4;

/**
 * Opens connections. After one couldn't be opened Redis is left alone for as long as it took to find that out, and
 * whoever asks meanwhile is told at once: no crowd waits in vain for an address that swallows everything.
 */
class Opener {
  readonly #open: () => Promise<Connection>;
  #restsUntil = -Infinity;

  constructor(open: () => Promise<Connection>) {
    this.#open = open;
  }

  async open(): Promise<Connection> {
    const startedAt = performance.now();
    if (startedAt < this.#restsUntil) throw new Unreachable("Redis can't be reached: try again later.");
    try {
      const connection = await this.#open();
      this.#restsUntil = -Infinity;
      return connection;
    } catch (error) {
      const now = performance.now();
      this.#restsUntil = now + (now - startedAt);
      throw error;
    }
  }
}

/** A connection that is opened when it is needed, and again when it has broken. */
class Lane {
  readonly #opener: Opener;
  #connection: Connection | undefined;
  #opening: Promise<Connection> | undefined;
  #isClosed = false;
  /** Batches that are under way. */
  load = 0;

  constructor(opener: Opener) {
    this.#opener = opener;
  }

  async send(commands: readonly Args[]): Promise<Reply[]> {
    this.load++;
    try {
      return await (await this.#connected()).send(commands);
    } finally {
      this.load--;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#connection?.close();
  }

  #connected(): Connection | Promise<Connection> {
    if (this.#connection?.isOpen === true) return this.#connection;
    return this.#opening ??= this.#reopen().finally(() => this.#opening = undefined);
  }

  async #reopen(): Promise<Connection> {
    if (this.#isClosed) throw new Unreachable("The front is stopping: try again later.");
    this.#connection = await this.#opener.open();
    if (this.#isClosed) this.#connection.close();
    return this.#connection;
  }
}

/** All connections of a front but those of its subscribers. */
export class Lanes {
  readonly #plain: readonly Lane[];
  readonly #transactions: Lane;

  /** @param timeoutMs How long Redis may be silent while it owes a reply. */
  constructor(address: RedisAddress, timeoutMs: number) {
    const opener = new Opener(() => Connection.open(address, timeoutMs));
    this.#plain = Array.from({ length: PLAIN }, () => new Lane(opener));
    this.#transactions = new Lane(opener);
  }

  /**
   * Sends commands one after another on the connection that has least to do; others' may run in between.
   *
   * @throws {Unreachable} If Redis doesn't answer.
   */
  send(commands: readonly Args[]): Promise<Reply[]> {
    return this.#plain.reduce((least, lane) => lane.load < least.load ? lane : least).send(commands);
  }

  /**
   * Sends commands that Redis takes together: from MULTI to EXEC nobody else's are among them.
   *
   * @throws {Unreachable} If Redis doesn't answer.
   */
  transact(commands: readonly Args[]): Promise<Reply[]> {
    return this.#transactions.send(commands);
  }

  close(): void {
    for (const lane of [...this.#plain, this.#transactions]) lane.close();
  }
}
