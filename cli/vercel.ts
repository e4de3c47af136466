/**
 * Serves a gateway in the emulator of Vercel's edge runtime, behind the server of the Node adapter.
 *
 * @module
 */
import { serve } from "../adapters/node.ts";
import type { Server } from "../adapters/server.ts";
import type { Incoming, Platform } from "../src/call.ts";
import type { Gateway } from "../src/entry.ts";
import { bundled } from "./bundle.ts";
import type { Launch } from "./launch.ts";
import { missing } from "./package.ts";

/** What is used of `edge-runtime`. */
interface Edge {
  dispatchFetch(url: string, init: object): Promise<Response & { waitUntil(): Promise<unknown> }>;
}

/**
 * Starts the emulator.
 *
 * @throws {StartError} If edge-runtime or esbuild isn't installed.
 */
export async function serveVercel(launch: Launch): Promise<Server> {
  const { EdgeRuntime } = await import("edge-runtime").catch(() => {
    throw missing("edge-runtime");
  });
  const edge: Edge = new EdgeRuntime({
    initialCode: await bundled("vercel", { format: "iife", conditions: ["edge-light", "worker"] }),
    extend: (context) =>
      Object.assign(context, { process: { env: { HEADGATE_CONFIG: JSON.stringify(launch.config) } } }),
  });
  return await serve(inside(edge), launch);
}

/** The gateway within the emulator, as the Node adapter sees one. */
function inside(edge: Edge): Gateway {
  const handle = async ({ url, method, headers, body, signal }: Incoming, { after }: Platform) => {
    // No `Request` can be made of these, so the emulator can't be asked.
    if (/^(TRACE|TRACK|CONNECT)$/i.test(method)) {
      return new Response(`Use another method: ${method} isn't served.`, { status: 405 });
    }
    const answer = await edge.dispatchFetch(url, { method, headers, body, signal, duplex: "half" });
    after(answer.waitUntil());
    return answer;
  };
  return { handle, fetch: (input, init) => edge.dispatchFetch(new Request(input, init).url, init ?? {}) };
}
