/**
 * Headgate on Cloudflare Workers, or on workerd at home.
 *
 * It works round five things of the runtime's:
 * - work that outlives its answer is killed unless `ctx.waitUntil` is told of it;
 * - bindings come with each request: the gateway is built at the first, once for each `env`;
 * - workerd without Cloudflare in front of it builds `request.url` from the `Host` header unchecked, so that
 *   `Host: x/admin?` would choose the path; there `cf-connecting-ip` is also whatever a client says;
 * - `request.signal` fires only with the compatibility flag `enable_request_signal`, which no compatibility date
 *   brings: set it, so that a client that leaves before its answer ends the attempt. A client that merely closes its
 *   side then goes unnoticed even so; bound that with `timeouts.headers`;
 * - a list of headers costs five times what the same headers cost one by one.
 *
 * @module
 */
import type { Platform } from "../src/call.ts";
import type { Gateway } from "../src/entry.ts";
import { fetchTransport } from "../src/transport.ts";
import { badHost, isHost } from "./host.ts";

/** What the runtime runs when it is the default export of a module. */
export interface WorkersHandler<Env> {
  fetch(request: Request, env: Env, context: WorkersContext): Promise<Response>;
}

/** The part of the runtime's context that is used here. */
export interface WorkersContext {
  waitUntil(work: Promise<unknown>): void;
}

/** Bindings that are variables and secrets, which is all where no other type is named. */
export type WorkersEnv = Readonly<Record<string, string | undefined>>;

/** Encodings that the runtime's `fetch` undoes when the body is read. */
const DECODES = ["gzip", "br"];

/**
 * For `export default`.
 *
 * @param make Builds the gateway from the bindings; a gateway that needs none may stand in its place.
 * @example
 * ```ts
 * export default workers((env) => gateway({ providers: { openai: { key: env.OPENAI_API_KEY } } }));
 * ```
 */
export function workers<Env = WorkersEnv>(make: ((env: Env) => Gateway) | Gateway): WorkersHandler<Env> {
  const transport = fetchTransport({ decodes: DECODES });
  let built: { readonly env: Env; readonly gateway: Gateway } | undefined;
  const gatewayOf = (env: Env) => {
    if (typeof make !== "function") return make;
    if (built?.env !== env) built = { env, gateway: make(env) };
    return built.gateway;
  };
  return {
    fetch: async (request, env, context) => {
      const host = request.headers.get("host");
      if (host !== null && !isHost(host)) return badHost();
      const platform: Platform = {
        runtime: "workers",
        transport,
        after: (work) => context.waitUntil(work.catch(() => {})),
        clientAddress: () => request.headers.get("cf-connecting-ip") ?? undefined,
        answer,
      };
      return await gatewayOf(env).handle(request, platform);
    },
  };
}

/** A `Response` whose headers are handed over one by one. */
function answer(bytes: Uint8Array<ArrayBuffer>, { headers = [], ...state }: ResponseInit): Response {
  const response = new Response(bytes, state);
  const { headers: own } = response;
  for (const [name, value] of Array.isArray(headers) ? headers : new Headers(headers)) own.append(name, value);
  return response;
}
