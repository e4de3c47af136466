/**
 * A provider that does as it is told: it records every request as it was received, and answers as the request's
 * ticket says. A ticket is a credential, so the gateway hands it through in any provider's own header.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createListener } from "node:net";
import { type Answer, Exchange } from "./exchange.ts";
import { until } from "./wait.ts";

/** The right to one scripted conversation. */
export class Ticket {
  /** The credential that leads a request here. */
  readonly key: string;
  /** All requests that came with it. */
  readonly calls: Exchange[] = [];
  readonly #answers: readonly Answer[];
  #taken = 0;

  constructor(key: string, answers: readonly Answer[]) {
    this.key = key;
    this.#answers = answers;
  }

  /** The value of an `authorization` header. */
  get bearer(): string {
    return `Bearer ${this.key}`;
  }

  /** The next request that nobody has looked at. */
  next(): Promise<Exchange> {
    const index = this.#taken++;
    return until(() => this.calls[index], `request ${index + 1} at the provider`);
  }

  /** Lets a request in, and answers it if there is a script; the last answer serves all further requests. */
  admit(exchange: Exchange): void {
    const answer = this.#answers[Math.min(this.calls.push(exchange), this.#answers.length) - 1];
    if (answer !== undefined) void Promise.resolve(answer(exchange)).catch(() => {});
  }
}

/** Ports of the provider; requests for different providers come to different ones. */
export type Place = "alpha" | "beta" | "gamma";

/** The provider, its ports, and two traps: a port where nobody may ever knock, and one where nobody listens. */
export class Upstream {
  readonly ports: Readonly<Record<Place, number>>;
  /** Must never be connected to. */
  readonly canaryPort: number;
  /** Refuses connections. */
  readonly deadPort: number;
  /** What came to the canary. */
  readonly canaryHits: string[];
  /** Requests without a ticket, and bytes that are no request. */
  readonly strays: string[];
  readonly #tickets: Map<string, Ticket>;
  readonly #listeners: readonly Closable[];

  private constructor(parts: Parts) {
    this.ports = parts.ports;
    this.canaryPort = parts.canaryPort;
    this.deadPort = parts.deadPort;
    this.canaryHits = parts.canaryHits;
    this.strays = parts.strays;
    this.#tickets = parts.tickets;
    this.#listeners = parts.listeners;
  }

  /** Starts all of it on free loopback ports. */
  static async start(): Promise<Upstream> {
    const tickets = new Map<string, Ticket>();
    const strays: string[] = [];
    const canaryHits: string[] = [];
    const places = ["alpha", "beta", "gamma"].map((place) => provider(place, tickets, strays));
    const canary = canaryListener(canaryHits);
    const [alpha, beta, gamma, canaryPort] = await Promise.all([...places, canary].map(listen)) as [
      number,
      number,
      number,
      number,
    ];
    const listeners = [...places, canary];
    return new Upstream({
      ports: { alpha, beta, gamma },
      canaryPort,
      deadPort: DEAD_PORT,
      canaryHits,
      strays,
      tickets,
      listeners,
    });
  }

  /** Opens a conversation. Without answers the test holds the pen itself. */
  ticket(...answers: Answer[]): Ticket {
    return this.ticketFor(`sk-hush${randomBytes(10).toString("hex")}`, ...answers);
  }

  /** Opens a conversation for a credential that is known beforehand: a stored key. */
  ticketFor(key: string, ...answers: Answer[]): Ticket {
    const ticket = new Ticket(key, answers);
    this.#tickets.set(key, ticket);
    return ticket;
  }

  /** The conversation of a credential that was known beforehand. */
  stored(key: string): Ticket {
    const ticket = this.#tickets.get(key);
    if (ticket === undefined) throw new Error("No ticket was made out for that key.");
    return ticket;
  }

  /** Closes every port and connection. */
  async stop(): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => {
      if ("closeAllConnections" in listener) listener.closeAllConnections();
      return new Promise((resolve) => listener.close(resolve));
    }));
  }
}

type Closable = Server | ReturnType<typeof createListener>;

interface Parts {
  readonly ports: Readonly<Record<Place, number>>;
  readonly canaryPort: number;
  readonly deadPort: number;
  readonly canaryHits: string[];
  readonly strays: string[];
  readonly tickets: Map<string, Ticket>;
  readonly listeners: readonly Closable[];
}

/** Nobody listens there, no client is given it by the system, and no `fetch` refuses it unasked. */
const DEAD_PORT = 2;

/** Any credential that this file hands out, wherever in a request's head it stands. */
const TICKET = /sk-hush[0-9a-z]+/;

function provider(place: string, tickets: ReadonlyMap<string, Ticket>, strays: string[]): Server {
  const server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0 }, (request, response) => {
    const exchange = new Exchange(place, request, response);
    const ticket = tickets.get(TICKET.exec(exchange.target + "\n" + request.rawHeaders.join("\n"))?.[0] ?? "");
    if (ticket !== undefined) return ticket.admit(exchange);
    strays.push(`${place} ${exchange.method} ${exchange.target}`);
    exchange.reply(404, [["content-type", "text/plain"]], "no ticket");
  });
  server.on("clientError", (error: Error & { code?: string }, socket) => {
    // What the gateway gives up half-way is no stray; what no parser takes is.
    const isBroken = error.code?.startsWith("HPE_") === true && error.code !== "HPE_INVALID_EOF_STATE";
    if (isBroken) strays.push(`${place} was sent no HTTP: ${error.code}`);
    socket.destroy();
  });
  return server;
}

/** Counts whoever connects, and answers nobody. */
function canaryListener(hits: string[]): Closable {
  return createListener((socket) => {
    const hit = hits.push("connected") - 1;
    socket.once("data", (bytes) => hits[hit] = bytes.toString("latin1").slice(0, 200));
    socket.on("error", () => {});
    setTimeout(() => socket.destroy(), 100).unref();
  });
}

function listen(listener: Closable): Promise<number> {
  return new Promise((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(0, "127.0.0.1", () => resolve((listener.address() as AddressInfo).port));
  });
}
