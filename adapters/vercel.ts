/**
 * Headgate on Vercel Functions with the Node runtime. (For the edge runtime: `headgate/vercel/edge`.)
 *
 * It works round three things of the platform's:
 * - a function is frozen once its answer is out, unless `waitUntil` is told of what goes on; that is found in
 *   `globalThis[Symbol.for("@vercel/request-context")]`, as the package `@vercel/functions` finds it;
 * - `request.signal` fires only where `vercel.json` says `"supportsCancellation": true` for the function
 *   (https://vercel.com/changelog/node-js-vercel-functions-now-support-per-path-request-cancellation): say it, so that a
 *   client that leaves before its answer ends the attempt;
 * - Node's global `fetch` costs several times what everything else does, and labels plain bytes as compressed.
 *
 * @module
 */
import type { Platform } from "../src/call.ts";
import type { Gateway } from "../src/entry.ts";
import { nodeTransport } from "./node/transport.ts";
import { waitUntil } from "./vercel/context.ts";

/** What Vercel runs when it is the default export of a file in `api/`. */
export interface VercelHandler {
  fetch(request: Request): Promise<Response>;
}

/**
 * For `export default`, or method by method.
 *
 * @example
 * ```ts
 * export default vercel(gateway({ providers: { openai: { key: process.env.OPENAI_API_KEY } } }));
 * ```
 * @example In a Next.js route handler.
 * ```ts
 * export const { fetch: GET, fetch: POST } = vercel(gateway({ basePath: "/ai" }));
 * ```
 */
export function vercel(gateway: Gateway): VercelHandler {
  const transport = nodeTransport();
  return {
    fetch: (request) => {
      const platform: Platform = {
        runtime: "vercel",
        transport,
        after: waitUntil,
        clientAddress: () => request.headers.get("x-real-ip") ?? undefined,
      };
      return gateway.handle(request, platform);
    },
  };
}
