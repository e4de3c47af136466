/**
 * Headgate on Deno and Deno Deploy.
 *
 * It works round three things of Deno's:
 * - `request.url` is built from the `Host` header unchecked, so that `Host: x/admin?` would choose the path;
 * - `request.signal` also fires after an answer that was delivered
 *   (https://docs.deno.com/go/unstable-no-legacy-abort): here it counts only while there is no answer; from then on
 *   the stream itself tells. Deno warns of it once; `"unstable": ["no-legacy-abort"]` in `deno.json` silences that;
 * - there is no `waitUntil`: a server that stops waits for such work itself;
 * - `fetch` sends a request with bytes for a body once more, unasked, when the connection breaks off before an answer,
 *   so that a call might be paid for twice: bytes go out as a `Blob`, which it doesn't send again.
 *
 * `fetch` undoes an encoding, and keeps its label, only where the request didn't ask for `identity`; the gateway
 * always does.
 *
 * @module
 */
import type { Incoming, Platform } from "../src/call.ts";
import type { Gateway } from "../src/entry.ts";
import { fetchTransport } from "../src/transport.ts";
import { badHost, isHost } from "./host.ts";
import { Pending, within } from "./pending.ts";
import { DEFAULT_HOSTNAME, DEFAULT_PORT, type ServeOptions, type Server, serverUrl } from "./server.ts";

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
  readonly #transport = fetchTransport({ decodes: [], fetch: fetchOnce });
  readonly #running = new Set<AbortController>();

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
  }

  async answer(request: Request, info: DenoInfo | undefined): Promise<Response> {
    const host = request.headers.get("host");
    if (host !== null && !isHost(host)) return badHost();
    const leaving = this.#track(info?.completed);
    const leave = () => leaving.abort(request.signal.reason);
    request.signal.addEventListener("abort", leave);
    const answer = await this.#gateway.handle(incomingOf(request, leaving.signal), this.#platform(info));
    request.signal.removeEventListener("abort", leave);
    return answer;
  }

  /** Ends every call that is still running. */
  callOff(): void {
    for (const leaving of this.#running) leaving.abort(new DOMException("The gateway is stopping.", "AbortError"));
  }

  #track(completed: Promise<void> | undefined): AbortController {
    const leaving = new AbortController();
    const done = () => this.#running.delete(leaving);
    if (completed !== undefined) this.#running.add(leaving);
    completed?.then(done, done);
    return leaving;
  }

  #platform(info: DenoInfo | undefined): Platform {
    const address = info?.remoteAddr?.hostname;
    return { runtime: "deno", transport: this.#transport, after: this.pending.add, clientAddress: () => address };
  }
}

function incomingOf(request: Request, signal: AbortSignal): Incoming {
  const { method, url, headers } = request;
  return {
    method,
    url,
    headers,
    signal,
    get body() {
      return request.body;
    },
    arrayBuffer: () => request.arrayBuffer(),
  };
}

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

/** Sends a request once, whatever becomes of its connection. */
function fetchOnce(input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
  const { body } = init;
  return fetch(
    input,
    body instanceof Uint8Array ? { ...init, body: new Blob([body as Uint8Array<ArrayBuffer>]) } : init,
  );
}
