/** The way out of the runtime that the tests run on. */
import { bunTransport } from "../../adapters/bun.ts";
import { denoTransport } from "../../adapters/deno.ts";
import { nodeTransport } from "../../adapters/node.ts";
import type { Transport } from "../../src/call.ts";

/** A transport over sockets of its own. */
export const socketTransport: () => Transport = "Deno" in globalThis
  ? denoTransport
  : "Bun" in globalThis
  ? bunTransport
  : nodeTransport;
