/**
 * The wall: a provider of four dialects that misbehaves as the name of the model says. It speaks HTTP on bare sockets,
 * because no library lets a server break off as real ones do.
 *
 * A conversation is led by a ticket, a credential that the gateway hands through in any provider's own header.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { ANSWER, OTHER_ANSWER, tokensOf } from "./answer.ts";
import type { Fields } from "./dialects/dialect.ts";
import { wanted } from "./dialects/table.ts";
import { faultOf } from "./faults.ts";
import { type Arrival, Intake } from "./intake.ts";
import { Gone, Pen } from "./pen.ts";
import type { Scene } from "./scene.ts";
import { Visit } from "./visit.ts";

/** The right to one conversation, and all that came of it. */
export class Ticket {
  /** The credential that leads a request here. */
  readonly key: string = `sk-wall${randomBytes(10).toString("hex")}`;
  readonly visits: Visit[] = [];
  /** Whether all models of this conversation answer from now on, whatever they are called. */
  isWell = false;

  /** The visits to one model. */
  to(model: string): readonly Visit[] {
    return this.visits.filter((visit) => visit.model === model);
  }
}

const TICKET = /sk-wall[0-9a-f]{20}/;

/** The provider. */
export class Wall {
  readonly port: number;
  /** Factor on all that takes time: 1 for the public catalogue's own. */
  readonly scale: number;
  /** Requests that nobody was told to make: without a ticket, or to where a redirect points. */
  readonly strays: string[] = [];
  readonly #server: Server;
  readonly #tickets: Map<string, Ticket> = new Map();
  readonly #sockets: Set<Socket> = new Set();

  private constructor(server: Server, scale: number) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    this.scale = scale;
    server.on("connection", (socket) => void this.#serve(socket));
  }

  /** Starts on a free loopback port. */
  static start(scale = 1): Promise<Wall> {
    const server = createServer({ noDelay: true });
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", () => resolve(new Wall(server, scale)));
    });
  }

  /** Opens a conversation. */
  ticket(): Ticket {
    const ticket = new Ticket();
    this.#tickets.set(ticket.key, ticket);
    return ticket;
  }

  /** Closes the port and every connection. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #serve(socket: Socket): Promise<void> {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {});
    const intake = new Intake(socket);
    for (let arrival = await intake.next(); arrival !== undefined; arrival = await intake.next()) {
      await this.#admit(arrival, socket);
    }
  }

  /** Lets a request in and does what its model says. */
  async #admit(arrival: Arrival, socket: Socket): Promise<void> {
    const head = [arrival.target, ...arrival.headers.values()].join("\n");
    const ticket = this.#tickets.get(TICKET.exec(head)?.[0] ?? "");
    const body = parsed(arrival.body);
    const ask = wanted(arrival.target.split("?")[0] ?? "", body);
    if (ticket === undefined || ask === undefined) {
      this.strays.push(`${arrival.method} ${arrival.target}`);
      socket.end("HTTP/1.1 404 Not here\r\ncontent-length: 0\r\n\r\n");
      return;
    }
    const visit = new Visit(ask, arrival, body, ticket.to(ask.model).length + 1);
    ticket.visits.push(visit);
    const { fault, count } = faultOf(ticket.isWell ? "ok" : visit.fault);
    try {
      await fault({ ...this.#scene(visit, ticket, socket), count });
    } catch (error) {
      if (!(error instanceof Gone)) throw error;
    }
  }

  #scene(visit: Visit, ticket: Ticket, socket: Socket): Omit<Scene, "count"> {
    const { model, fault, body, dialect, startedAt } = visit;
    const options = body["stream_options"] as { readonly include_usage?: unknown } | undefined;
    const firstAt = ticket.to(model)[0]?.startedAt ?? startedAt;
    return {
      visit,
      pen: new Pen(socket, visit, this.scale),
      talk: {
        id: `wall-${ticket.visits.length}`,
        model,
        tokens: tokensOf(rest(fault === "other-words" ? OTHER_ANSWER : ANSWER, dialect.prefill(body))),
        asksForUsage: options?.include_usage === true,
      },
      sinceFirstMs: (startedAt - firstAt) / this.scale,
    };
  }
}

/** What is left to say after what a model was told that it has said. */
function rest(text: string, prefill: string | undefined): string {
  return prefill !== undefined && text.startsWith(prefill) ? text.slice(prefill.length) : text;
}

function parsed(text: string): Fields {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value as Fields : {};
  } catch {
    return {};
  }
}
