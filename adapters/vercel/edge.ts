/**
 * Headgate on Vercel's edge runtime: Routing Middleware, and Edge Functions as long as Vercel still runs them.
 *
 * It works round two things of the platform's:
 * - work that outlives its answer is killed unless `waitUntil` is told of it, through the second argument or, where
 *   there is none, through the request context;
 * - `request.signal` may never fire: a client that leaves before its answer ends the attempt only by
 *   `timeouts.headers`.
 *
 * It can't upgrade to WebSockets; the Node runtime can (`headgate/vercel`).
 *
 * @module
 */
import type { Platform } from "../../src/call.ts";
import type { Gateway } from "../../src/entry.ts";
import { fetchTransport } from "../../src/transport.ts";
import { waitUntil } from "./context.ts";

/** The part of the platform's context that is used here. */
export interface EdgeContext {
  waitUntil?(work: Promise<unknown>): void;
}

/** What the platform runs when it is the default export of a file. */
export type EdgeHandler = (request: Request, context?: EdgeContext) => Promise<Response>;

/** Encodings that the runtime's `fetch` undoes while it keeps the label. */
const DECODES = ["gzip", "x-gzip", "deflate", "br"];

/**
 * For `export default`, next to `export const config = { runtime: "edge" }`.
 *
 * @example
 * ```ts
 * export default edge(gateway({ providers: { openai: { key: process.env.OPENAI_API_KEY } } }));
 * ```
 */
export function edge(gateway: Gateway): EdgeHandler {
  const transport = fetchTransport({ decodes: DECODES });
  return (request, context) => {
    const platform: Platform = {
      runtime: "vercel-edge",
      transport,
      after: (work) => context?.waitUntil === undefined ? waitUntil(work) : context.waitUntil(work.catch(() => {})),
      clientAddress: () => request.headers.get("x-real-ip") ?? undefined,
    };
    return gateway.handle(request, platform);
  };
}

/** What a runtime without modules brings: an event for each request. */
export interface FetchEvent extends EdgeContext {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}

/**
 * For `addEventListener("fetch", ...)`, as the open `edge-runtime` has it.
 *
 * @example
 * ```ts
 * addEventListener("fetch", onFetch(gateway({})));
 * ```
 */
export function onFetch(gateway: Gateway): (event: FetchEvent) => void {
  const handle = edge(gateway);
  return (event) => event.respondWith(handle(event.request, event));
}
