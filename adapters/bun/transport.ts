/**
 * The way out on Bun, at less than the cost of Bun's `fetch`, and without its idea of how long a provider may be quiet.
 *
 * @module
 */
import type { Transport } from "../../src/call.ts";
import { fetchTransport } from "../../src/transport.ts";
import { builtins } from "../builtins.ts";
import { httpTransport } from "../http1/transport.ts";
import { undoWith } from "../node/undo.ts";
import { PROXY_VARIABLES } from "../proxy.ts";
import { bunDial } from "./dial.ts";

/** Encodings that Bun's `fetch` undoes while it keeps the label, also beside `identity`; of several it undoes none. */
const DECODES = ["gzip", "x-gzip", "deflate", "br", "zstd"].flatMap((
  name,
) => [name, `${name}, identity`, `identity, ${name}`]);

/**
 * Sends attempts over connections of its own, which stay open; with `fetch` where the environment names a proxy:
 * `fetch` goes through it.
 */
export function bunTransport(): Transport {
  if (typeof Bun === "undefined" || PROXY_VARIABLES.some((name) => (Bun?.env[name] ?? "") !== "")) {
    return fetchTransport({ decodes: DECODES, fetch: patient });
  }
  return httpTransport({ dial: bunDial, undo: undoWith(builtins), unref: (timer) => void timer.unref() });
}

/** Bun's `fetch` without its own idea of how long a provider may be quiet. */
const patient: typeof fetch = (input, init) => {
  const waiting: RequestInit & { readonly timeout: false } = { ...init, timeout: false };
  return fetch(input, waiting);
};

/** The parts of Bun that are used here. */
declare const Bun: { readonly env: Readonly<Record<string, string | undefined>> } | undefined;
