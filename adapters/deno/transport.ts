/**
 * The way out on Deno, at about half the cost of Deno's `fetch`, and without its habit of sending a request once more,
 * unasked, when the connection breaks off before an answer.
 *
 * @module
 */
import type { Transport } from "../../src/call.ts";
import { fetchTransport } from "../../src/transport.ts";
import { builtins } from "../builtins.ts";
import { httpTransport } from "../http1/transport.ts";
import { undoWith } from "../node/undo.ts";
import { PROXY_VARIABLES } from "../proxy.ts";
import { denoDial } from "./dial.ts";

/**
 * Sends attempts over connections of its own, which stay open; with `fetch` where Deno has no sockets, or where the
 * environment names a proxy or may not be read: `fetch` goes through that proxy.
 * That undoes an encoding, and keeps its label, only where the request didn't ask for `identity`; the gateway always does.
 */
export function denoTransport(): Transport {
  if (typeof Deno === "undefined" || typeof Deno.startTls !== "function" || mayHaveProxy(Deno)) {
    return fetchTransport({ decodes: [], fetch: fetchOnce });
  }
  return httpTransport({ dial: denoDial, undo: undoWith(builtins), unref: unrefTimer });
}

/** Asks nobody for a permission; what can't be found out may be. */
function mayHaveProxy({ env, permissions }: DenoEnvironment): boolean {
  const mayRead = (variable: string) => permissions.querySync({ name: "env", variable }).state === "granted";
  try {
    return PROXY_VARIABLES.some((name) => !mayRead(name) || (env.get(name) ?? "") !== "");
  } catch {
    return true;
  }
}

/** A timer is an object or a number, depending on Deno's version. */
function unrefTimer(timer: ReturnType<typeof setInterval> | number): void {
  if (typeof timer === "number") Deno?.unrefTimer(timer);
  else timer.unref();
}

/** Sends a request once, whatever becomes of its connection: a `Blob` is what Deno doesn't send again. */
function fetchOnce(input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
  const { body } = init;
  return fetch(
    input,
    body instanceof Uint8Array ? { ...init, body: new Blob([body as Uint8Array<ArrayBuffer>]) } : init,
  );
}

interface DenoEnvironment {
  readonly env: { get(name: string): string | undefined };
  readonly permissions: { querySync(asked: { readonly name: "env"; readonly variable: string }): { state: string } };
}

/** The parts of Deno that are used here. */
declare const Deno: DenoEnvironment & { readonly startTls: unknown; unrefTimer(timer: number): void } | undefined;
