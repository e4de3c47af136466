/**
 * Headgate on Deno and Deno Deploy.
 *
 * It works round five things of Deno's:
 * - `fetch` costs as much as everything else does, and sends a request with bytes for a body once more, unasked, when
 *   the connection breaks off before an answer, so that a call might be paid for twice: see `denoTransport`;
 * - `request.url` is built from the `Host` header unchecked, so that `Host: x/admin?` would choose the path;
 * - `request.signal` also fires after an answer that was delivered
 *   (https://docs.deno.com/go/unstable-no-legacy-abort), and costs more than a connection: here it is looked at only
 *   where an answer takes more than a moment, and counts only while there is none; from then on the stream itself
 *   tells. Deno warns of it once; `"unstable": ["no-legacy-abort"]` in `deno.json` silences that;
 * - there is no `waitUntil`: a server that stops waits for such work itself;
 * - a server that is shutting down can't be cut off: the calls are called off instead.
 *
 * @module
 */
import { wholeBody } from "../src/answer.ts";
import type { Platform } from "../src/call.ts";
import type { Gateway } from "../src/entry.ts";
import { WatchedIncoming } from "./incoming.ts";
import { denoTransport } from "./deno/transport.ts";
import { badHost, isHost } from "./host.ts";
import { Later } from "./later.ts";
import { Pending, within } from "./pending.ts";
import { DEFAULT_HOSTNAME, DEFAULT_PORT, type ServeOptions, type Server, serverUrl } from "./server.ts";
import { Turn } from "./turn.ts";

export { denoTransport } from "./deno/transport.ts";
export type { ServeOptions, Server } from "./server.ts";

/** What Deno tells beside the request. */
export interface DenoInfo {
  readonly remoteAddr?: { readonly transport: string; readonly hostname?: string };
  /** Settles when the answer is out, one way or the other. */
  readonly completed?: Promise<void>;
}

/** What `deno serve` and Deno Deploy run. */
export interface DenoHandler {
  fetch(request: Request, info?: DenoInfo): Promise<Response>;
}

/**
 * For `export default`.
 *
 * @example
 * ```ts
 * export default deno(gateway({ providers: { openai: { key: Deno.env.get("OPENAI_API_KEY") } } }));
 * ```
 */
export function deno(gateway: Gateway): DenoHandler {
  const desk = new Desk(gateway);
  return { fetch: (request, info) => desk.answer(request, info) };
}

/** Starts a server of its own; rejects where it can't listen. */
export async function serve(gateway: Gateway, options: ServeOptions = {}): Promise<Server> {
  const { port = DEFAULT_PORT, hostname = DEFAULT_HOSTNAME, tls } = options;
  const desk = new Desk(gateway);
  const settings: DenoSettings = {
    port,
    hostname,
    ...tls,
    automaticCompression: false,
    onListen() {},
    onError: () => new Response("The gateway failed to answer this request.", { status: 500 }),
  };
  const server = Deno.serve(settings, (request, info) => desk.answer(request, info));
  return await Promise.resolve({
    url: serverUrl(hostname, server.addr.port, tls !== undefined),
    port: server.addr.port,
    stop: (drainMs) => stop(server, desk, drainMs),
  });
}

/** Milliseconds that broken streams have to say so to their clients. */
const CUT_MS = 1000;

/** Deno can't cut off a server that is shutting down: the calls are called off instead. */
async function stop(server: DenoServer, desk: Desk, drainMs: number): Promise<void> {
  const deadline = Date.now() + drainMs;
  const down = server.shutdown();
  await within(drainMs, down);
  desk.callOff();
  await within(CUT_MS, down);
  await desk.pending.settled(deadline - Date.now());
}

/** Answers one server's requests. */
class Desk {
  readonly pending = new Pending();
  readonly #gateway: Gateway;
  readonly #transport = denoTransport();
  /** Deno has turns since 2.4. */
  readonly #requests = typeof setImmediate === "undefined" ? undefined : new Turn();
  readonly #running = new Set<WatchedIncoming>();
  readonly #lasting = new Later<WatchedIncoming>((incoming) => incoming.watch());

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
  }

  async answer(request: Request, info: DenoInfo | undefined): Promise<Response> {
    const incoming = new WatchedIncoming(request);
    const host = incoming.headers.get("host");
    if (host !== null && !isHost(host)) return badHost();
    this.#running.add(incoming);
    this.#lasting.add(incoming);
    let streaming: Promise<void> | undefined;
    try {
      await this.#requests?.come();
      const answer = await this.#gateway.handle(incoming, this.#platform(info));
      if (isStream(answer)) streaming = info?.completed;
      return answer;
    } finally {
      this.#lasting.delete(incoming);
      incoming.unwatch();
      const over = () => this.#running.delete(incoming);
      if (streaming === undefined) over();
      else streaming.then(over, over);
    }
  }

  /** Ends every call that is still running. */
  callOff(): void {
    for (const incoming of this.#running) incoming.leave(new DOMException("The gateway is stopping.", "AbortError"));
  }

  #platform(info: DenoInfo | undefined): Platform {
    const clientAddress = () => info?.remoteAddr?.hostname;
    return { runtime: "deno", transport: this.#transport, after: this.pending.add, clientAddress };
  }
}

const isStream = (answer: Response) => wholeBody(answer) === undefined && answer.body !== null;

/** The parts of Deno that are used here. */
declare const Deno: {
  serve(settings: DenoSettings, handler: DenoHandler["fetch"]): DenoServer;
};

interface DenoSettings {
  readonly port: number;
  readonly hostname: string;
  readonly cert?: string;
  readonly key?: string;
  readonly automaticCompression: boolean;
  onListen(): void;
  /** Deno's own prints the error, which may be a provider's, and goes on printing one for each broken stream. */
  onError(error: unknown): Response;
}

interface DenoServer {
  readonly addr: { readonly port: number };
  shutdown(): Promise<void>;
}
