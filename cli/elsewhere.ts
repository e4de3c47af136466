/**
 * Serves a gateway in a process of another runtime, which lives no longer than this one.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { type Host, hostOf, type Launch } from "./launch.ts";
import { missing, modulePath, packageRoot } from "./package.ts";
import { onSignal } from "./signals.ts";

/** Environment variable that carries the launch: a command line can be read by anybody on the machine. */
export const LAUNCH = "HEADGATE_LAUNCH";

const ARGUMENTS: Readonly<Record<Host, readonly string[]>> = { node: [], deno: ["run", "-A"], bun: [] };

/**
 * Starts the other runtime and waits for it to end; what it prints is printed here.
 *
 * @returns Its exit code.
 * @throws {StartError} If it isn't installed.
 */
export async function serveElsewhere(launch: Launch): Promise<number> {
  const host = hostOf(launch.runtime);
  const child = spawn(executable(host), [...ARGUMENTS[host], modulePath("runtimes/child")], {
    env: { ...process.env, [LAUNCH]: JSON.stringify(launch) },
    stdio: ["pipe", "inherit", "inherit"],
    // Signals of the terminal come through here alone.
    detached: true,
  });
  // A line on its stdin asks for an end; an end of its stdin means that this process is gone.
  onSignal(() => child.stdin?.write("stop\n"), () => child.kill("SIGKILL"));
  return await ended(child);
}

function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
    child.stdin?.on("error", () => {}); // it ended before it was asked to
  });
}

/** Found among the project's packages, or on the path. */
function executable(name: Host): string {
  const ending = process.platform === "win32" ? ".exe" : "";
  const folders = [
    ...binFolders(packageRoot()),
    ...binFolders(process.cwd()),
    ...(process.env["PATH"] ?? "").split(delimiter),
  ];
  const found = folders.map((folder) => join(folder, name + ending)).find((path) => existsSync(path));
  if (found === undefined) throw missing(name);
  return found;
}

function binFolders(folder: string): readonly string[] {
  const parent = dirname(folder);
  const here = join(folder, "node_modules", ".bin");
  return parent === folder ? [here] : [here, ...binFolders(parent)];
}
