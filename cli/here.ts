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
import type { Launch } from "./launch.ts";
import { startError } from "./listening.ts";
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
