/**
 * Headgate on Bun.
 *
 * It works round five things of Bun's:
 * - a connection that is quiet for 10 seconds is closed, also in the middle of a stream
 *   (https://bun.sh/reference/bun/ServeOptions), and a time set for one request goes on to hold for its connection:
 *   here a client may wait for its answer for ever, and a stream may be quiet for 255 seconds, the most that Bun knows
 *   beside for ever; a connection that isn't used any more is closed after as long;
 * - `fetch` gives a provider up that is quiet for 5 minutes: how long to wait is for the gateway to say;
 * - outside production an error is answered with a page that shows the source: here never;
 * - a server that stops cuts off running streams: `serve` lets them finish;
 * - `fetch` undoes encodings and keeps their labels: see `decodes`.
 *
 * @module
 */
import type { Platform } from "../src/call.ts";
import type { Gateway } from "../src/entry.ts";
import { fetchTransport } from "../src/transport.ts";
import { badHost, isHost } from "./host.ts";
import { Pending, within } from "./pending.ts";
import { DEFAULT_HOSTNAME, DEFAULT_PORT, type ServeOptions, type Server, serverUrl } from "./server.ts";

export type { ServeOptions, Server } from "./server.ts";

/** Encodings that Bun's `fetch` undoes while it keeps the label, also beside `identity`; of several it undoes none. */
const DECODES = ["gzip", "x-gzip", "deflate", "br", "zstd"].flatMap((
  name,
) => [name, `${name}, identity`, `identity, ${name}`]);

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
  const transport = fetchTransport({ decodes: DECODES, fetch: patient });
  return {
    development: false,
    idleTimeout: IDLE_SECONDS,
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    error: () => new Response("The gateway failed to answer this request.", { status: 500 }),
    async fetch(request, server) {
      const host = request.headers.get("host");
      if (host !== null && !isHost(host)) return badHost();
      server.timeout(request, 0);
      const clientAddress = () => server.requestIP(request)?.address;
      const platform: Platform = { runtime: "bun", transport, after: pending.add, clientAddress };
      const answer = await gateway.handle(request, platform);
      server.timeout(request, IDLE_SECONDS);
      return answer;
    },
  };
}

/** Bun's `fetch` without its own idea of how long a provider may be quiet. */
const patient: typeof fetch = (input, init) => {
  const waiting: RequestInit & { readonly timeout: false } = { ...init, timeout: false };
  return fetch(input, waiting);
};

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
