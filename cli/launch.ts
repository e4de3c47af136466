/**
 * All that a process needs to know to serve a gateway; plain data, so that it can be handed to another process.
 *
 * @module
 */
import process from "node:process";
import type { Config } from "../src/config.ts";
import type { Runtime } from "./flags.ts";

/** What is to be served, where and how. */
export interface Launch {
  readonly runtime: Runtime;
  /** With all secrets in it. */
  readonly config: Config;
  readonly port: number;
  readonly hostname: string;
  readonly tls: Certificate | undefined;
  /** For people: what the config was found to hold. */
  readonly found: readonly string[];
}

/** A certificate for localhost and the authority that vouches for it. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  /** File with the authority's certificate, for clients. */
  readonly caPath: string;
}

/** The gateway can't be started; the message says what to do. */
export class StartError extends Error {
  override readonly name = "StartError";
}

/** A runtime that can host a server in its own process. */
export type Host = "node" | "deno" | "bun";

/** The runtime that this process is. */
export function currentHost(): Host {
  if ("Deno" in globalThis) return "deno";
  return process.versions["bun"] === undefined ? "node" : "bun";
}

/** The process that a runtime needs around it: its own, Node for the edge emulator, any for workerd. */
export function hostOf(runtime: Runtime): Host {
  if (runtime === "workers") return currentHost();
  return runtime === "vercel" ? "node" : runtime;
}
