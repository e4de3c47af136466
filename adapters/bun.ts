/**
 * Headgate on Bun.
 *
 * It works round five things of Bun's:
 * - a connection that is quiet for 10 seconds is closed, also in the middle of a stream
 *   (https://bun.sh/reference/bun/ServeOptions), and a time set for one request goes on to hold for its connection:
 *   here a client may wait for its answer for ever, and a stream may be quiet for 255 seconds, the most that Bun knows
 *   beside for ever; a connection that isn't used any more is closed after as long;
 * - outside production an error is answered with a page that shows the source: here never;
 * - a server that stops cuts off running streams: `serve` lets them finish;
 * - what is written to a client while Bun tells of a connection's end may be lost: see `bunDial`;
 * - `fetch`, which goes out only where the environment names a proxy, gives a provider up that is quiet for 5 minutes,
 *   and undoes encodings and keeps their labels: see `bunTransport`.
 *
 * @module
 */
import type { Platform } from "../src/call.ts";
import type { Gateway } from "../src/entry.ts";
import { bunTransport } from "./bun/transport.ts";
import { badHost, isHost } from "./host.ts";
import { WatchedIncoming } from "./incoming.ts";
import { Later } from "./later.ts";
import { Pending, within } from "./pending.ts";
import { DEFAULT_HOSTNAME, DEFAULT_PORT, type ServeOptions, type Server, serverUrl } from "./server.ts";
import { Turn } from "./turn.ts";

export { bunTransport } from "./bun/transport.ts";
export type { ServeOptions, Server } from "./server.ts";

const IDLE_SECONDS = 255;

/** What Bun runs when it is the default export of a script. */
export interface BunHandler {
  fetch(request: Request, server: BunServer): Promise<Response>;
  /** What is left to say where something fails that the gateway doesn't answer. */
  error(): Response;
  readonly development: false;
  /** Seconds that a quiet connection is kept. */
  readonly idleTimeout: number;
  /** Bytes; the gateway has a cap of its own. */
  readonly maxRequestBodySize: number;
}

/** The parts of Bun's server that are used here. */
export interface BunServer {
  requestIP(request: Request): { readonly address: string } | null;
  timeout(request: Request, seconds: number): void;
}

/**
 * For `export default`.
 *
 * @example
 * ```ts
 * export default bun(gateway({ providers: { openai: { key: process.env.OPENAI_API_KEY } } }));
 * ```
 */
export function bun(gateway: Gateway): BunHandler {
  return handler(gateway, new Pending());
}

/** Starts a server of its own; rejects where it can't listen. */
export async function serve(gateway: Gateway, options: ServeOptions = {}): Promise<Server> {
  const { port = DEFAULT_PORT, hostname = DEFAULT_HOSTNAME, tls } = options;
  const pending = new Pending();
  const server = Bun.serve({ ...handler(gateway, pending), port, hostname, ...(tls === undefined ? {} : { tls }) });
  return await Promise.resolve({
    url: serverUrl(hostname, server.port, tls !== undefined),
    port: server.port,
    stop: (drainMs) => stop(server, pending, drainMs),
  });
}

async function stop(server: BunListener, pending: Pending, drainMs: number): Promise<void> {
  const deadline = Date.now() + drainMs;
  await within(drainMs, server.stop(false));
  await server.stop(true);
  await pending.settled(deadline - Date.now());
}

function handler(gateway: Gateway, pending: Pending): BunHandler {
  const transport = bunTransport();
  const requests = new Turn();
  const lasting = new Later<Waiting>((waiting) => waiting.lasts());
  return {
    development: false,
    idleTimeout: IDLE_SECONDS,
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    error: () => new Response("The gateway failed to answer this request.", { status: 500 }),
    async fetch(request, server) {
      const host = request.headers.get("host");
      if (host !== null && !isHost(host)) return badHost();
      const waiting = new Waiting(request, server);
      lasting.add(waiting);
      const clientAddress = () => server.requestIP(request)?.address;
      const platform: Platform = { runtime: "bun", transport, after: pending.add, clientAddress };
      try {
        await requests.come();
        return await gateway.handle(waiting, platform);
      } finally {
        lasting.delete(waiting);
        waiting.answered();
      }
    },
  };
}

/** A client that waits for its answer. */
class Waiting extends WatchedIncoming {
  readonly #request: Request;
  readonly #server: BunServer;
  #isLasting = false;

  constructor(request: Request, server: BunServer) {
    super(request);
    this.#request = request;
    this.#server = server;
  }

  /** It may last as long as it likes, and if it leaves that is noticed. */
  lasts(): void {
    this.#isLasting = true;
    this.#server.timeout(this.#request, 0);
    this.watch();
  }

  /** There is an answer: the connection gets its time back. */
  answered(): void {
    if (!this.#isLasting) return;
    this.#server.timeout(this.#request, IDLE_SECONDS);
    this.unwatch();
  }
}

/** The parts of Bun that are used here. */
declare const Bun: {
  serve(settings: BunHandler & BunAddress): BunListener;
};

interface BunAddress {
  readonly port: number;
  readonly hostname: string;
  readonly tls?: { readonly cert: string; readonly key: string };
}

interface BunListener extends BunServer {
  readonly port: number;
  stop(closesConnections: boolean): Promise<void>;
}
