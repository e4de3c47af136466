/**
 * Serves a gateway in this process, or in one that belongs to it, until it is told to stop.
 *
 * @module
 */
import process from "node:process";
import type { serve } from "../adapters/node.ts";
import type { Server } from "../adapters/server.ts";
import { announce } from "./announce.ts";
import type { Runtime } from "./flags.ts";
import { type Launch, StartError } from "./launch.ts";
import { onSignal } from "./signals.ts";

const DRAIN_SECONDS = 30;

type Serve = (launch: Launch) => Promise<Server>;

/** How to start each runtime; what the others need isn't loaded. */
const SERVERS: Readonly<Record<Runtime, Serve>> = {
  node: (launch) => own(launch, import("../adapters/node.ts")),
  deno: (launch) => own(launch, import("../adapters/deno.ts")),
  bun: (launch) => own(launch, import("../adapters/bun.ts")),
  workers: async (launch) => (await import("./workers.ts")).serveWorkers(launch),
  vercel: async (launch) => (await import("./vercel.ts")).serveVercel(launch),
};

/** On the server of the runtime that this process is. */
async function own(launch: Launch, adapter: Promise<{ readonly serve: typeof serve }>): Promise<Server> {
  const [{ serve }, { configured }] = await Promise.all([adapter, import("./gateway.ts")]);
  return await serve(configured(launch.config), launch);
}

/**
 * Starts the server, says where it is, and stops it when a signal or the parent process asks for it.
 *
 * @param stopped Resolves when the parent wants an end; signals are heard without it.
 * @returns 0 once everything is finished.
 * @throws {StartError} If it can't listen there.
 */
export async function serveHere(launch: Launch, stopped: Promise<void> = new Promise(() => {})): Promise<number> {
  const server = await SERVERS[launch.runtime](launch).catch((error) => {
    throw startError(error, launch);
  });
  // Whoever read the log lines may go: no call is worth less for it.
  for (const output of [process.stdout, process.stderr]) output.on("error", () => {});
  announce(server.url, launch);
  const signalled = new Promise<void>((resolve) => onSignal(resolve, () => process.exit(1)));
  await Promise.race([signalled, stopped]);
  await server.stop((launch.config.drainSeconds ?? DRAIN_SECONDS) * 1000);
  process.exit(0);
}

/** Each runtime has its own words for the same few things. */
function startError(error: unknown, { port, hostname }: Launch): unknown {
  const { code, message = "" } = error as { code?: string; message?: string };
  const has = (name: string, words: RegExp) => code === name || words.test(message);
  if (has("EADDRINUSE", /in use/i)) {
    return new StartError(`Port ${port} is in use: choose another with --port, or 0 for any.`);
  }
  if (has("EACCES", /permission denied/i)) {
    return new StartError(`Port ${port} needs more rights: choose one from 1024 on with --port.`);
  }
  const isForeign = has("EADDRNOTAVAIL", /not available|assign requested/i) ||
    has("ENOTFOUND", /getaddrinfo|lookup address|resolve host/i);
  return isForeign ? new StartError(`${hostname} is no address of this machine: choose another with --host.`) : error;
}
