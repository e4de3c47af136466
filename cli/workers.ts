/**
 * Serves a gateway in workerd, the runtime of Cloudflare Workers.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Server } from "../adapters/server.ts";
import { serverUrl } from "../adapters/server.ts";
import { within } from "../adapters/pending.ts";
import { bundled } from "./bundle.ts";
import type { Launch } from "./launch.ts";
import { missing } from "./package.ts";
import { isPrivateHost, parsedUrl } from "../src/origin.ts";

/** Variable and binding that carry the config; workerd reads the one into the other, so that no file holds a secret. */
const CONFIG = "HEADGATE_CONFIG";

/**
 * Kills workerd when this process is gone: its lifeline, descriptor 4, ends without a word. A word means that workerd
 * has already ended.
 */
const GUARD = '(read word <&4 || kill -KILL $$) 3>&- >/dev/null 2>&1 & exec "$@" 4<&-';

/**
 * Starts workerd.
 *
 * @throws {StartError} If workerd or esbuild isn't installed, or workerd can't listen there.
 */
export async function serveWorkers(launch: Launch): Promise<Server> {
  const { default: path, compatibilityDate } = workerd();
  const folder = mkdtempSync(join(tmpdir(), "headgate-"));
  try {
    writeFileSync(
      join(folder, "worker.js"),
      await bundled("workers", { format: "esm", conditions: ["workerd", "worker"] }),
    );
    writeFileSync(join(folder, "config.capnp"), capnp(launch, compatibilityDate), { mode: 0o600 });
    const child = start(path, ["serve", "--control-fd=3", join(folder, "config.capnp")], launch);
    const port = await listening(child);
    child.stderr?.pipe(process.stderr);
    child.once("exit", died);
    return {
      port,
      url: serverUrl(launch.hostname, port, launch.tls !== undefined),
      stop: (drainMs) => stop(child, drainMs),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Workerd {
  readonly default: string;
  /** The newest that this build knows. */
  readonly compatibilityDate: string;
}

function workerd(): Workerd {
  try {
    return createRequire(import.meta.url)("workerd") as Workerd;
  } catch {
    throw missing("workerd");
  }
}

/** workerd's own config: one worker, one socket, and a way out that is as wide as the providers need. */
function capnp({ config, port, hostname, tls }: Launch, compatibilityDate: string): string {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  const needsPrivate = isPrivate(config);
  const allowed = needsPrivate ? '"public", "private"' : '"public"';
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .gateway),
    (name = "internet", network = (allow = [${allowed}], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [(name = "main", address = ${quoted(`${host}:${port}`)}, ${protocol(tls)}, service = "main")],
);
const gateway :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "${compatibilityDate}",
  compatibilityFlags = ["enable_request_signal"],
  bindings = [(name = "${CONFIG}", fromEnvironment = "${CONFIG}")],
);
`;
}

/** Whether anything that the config names lies in a private network: a provider that says so, or the store. */
function isPrivate({ providers = {}, store }: Launch["config"]): boolean {
  if (Object.values(providers).some(({ allowPrivate }) => allowPrivate === true)) return true;
  return typeof store === "object" && isPrivateHost(parsedUrl(store.upstash.url)?.hostname ?? "");
}

function protocol(tls: Launch["tls"]): string {
  if (tls === undefined) return "http = ()";
  const pair = `(privateKey = ${quoted(tls.key)}, certificateChain = ${quoted(tls.cert)})`;
  return `https = (options = (), tlsOptions = (keypair = ${pair}))`;
}

/** Cap'n Proto's text literals are close enough to JSON's for what stands in them here. */
const quoted = (text: string): string => JSON.stringify(text);

function start(path: string, args: readonly string[], { config }: Launch): ChildProcess {
  const [command, before] = process.platform === "win32" ? [path, []] : ["/bin/sh", ["-c", GUARD, "sh", path]];
  return spawn(command, [...before, ...args], {
    env: { ...process.env, [CONFIG]: JSON.stringify(config) },
    stdio: ["ignore", "inherit", "pipe", "pipe", "pipe"],
    // Signals of the terminal come through this process alone.
    detached: true,
  });
}

/** The port, as workerd tells it on descriptor 3; rejects with what it complains of instead. */
function listening(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let [told, complaint] = ["", ""];
    child.stdio[3]?.on("data", (chunk) => {
      const event = /"event":"listen".*"port":(\d+)/.exec(told += chunk);
      if (event !== null) resolve(Number(event[1]));
    });
    child.stderr?.on("data", (chunk) => complaint = (complaint + chunk).slice(0, 2000));
    child.once("error", reject);
    child.once("exit", () => {
      letGo(child);
      reject(new Error(`workerd doesn't start: ${complaint.trim()}`));
    });
  });
}

/** workerd itself finishes what runs and takes nothing new. */
async function stop(child: ChildProcess, drainMs: number): Promise<void> {
  const ended = child.exitCode === null && child.signalCode === null
    ? new Promise<void>((resolve) => child.once("exit", () => resolve()))
    : Promise.resolve();
  child.off("exit", died);
  child.kill("SIGTERM");
  await within(drainMs, ended);
  child.kill("SIGKILL");
  await ended;
}

/** workerd went down by itself: so does the command, for whoever starts it again. */
function died(): void {
  console.error("headgate: workerd has ended unexpectedly.");
  process.exit(1);
}

/** Says on the lifeline that nobody is left to be killed. */
function letGo(child: ChildProcess): void {
  const lifeline = child.stdio[4];
  if (lifeline !== null && lifeline !== undefined && "write" in lifeline) lifeline.end("ended\n");
}
