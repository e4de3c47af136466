/**
 * Starts a command and waits for it, keeping what it prints.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { delimiter } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** How a command ended. */
export interface Ran {
  /** Exit code; 124 when it was stopped for taking too long, 127 when it could not be started. */
  readonly code: number;
  /** Standard output and standard error as they came. */
  readonly output: string;
  readonly seconds: number;
}

/** What a command may be given. */
export interface Options {
  readonly cwd?: string;
  /** Text for its standard input. */
  readonly input?: string;
  readonly timeoutMs?: number;
}

/** The project's own tools come first, however this was started. */
const tools = fileURLToPath(new URL("../node_modules/.bin", import.meta.url));
const env = { ...process.env, NO_COLOR: "1", PATH: [tools, process.env["PATH"]].join(delimiter) };

const running = new Set<number>();

/** Runs `command` in a process group of its own, so that nothing that it started outlives it. */
export function run(command: string, args: readonly string[], options: Options = {}): Promise<Ran> {
  const { cwd = process.cwd(), input = "", timeoutMs = 300_000 } = options;
  const startedAt = performance.now();
  const child = spawn(command, args, { cwd, detached: true, env });
  const group = child.pid;
  if (group !== undefined) running.add(group);
  let output = "";
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    stop(group);
  }, timeoutMs);
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => output += text);
  }
  child.stdin.on("error", () => {}).end(input);
  return new Promise((resolve) => {
    const end = (code: number, last = ""): void => {
      clearTimeout(timer);
      stop(group);
      resolve({ code, output: output + last, seconds: (performance.now() - startedAt) / 1000 });
    };
    child.on("error", (error) => end(127, error.message));
    child.on("exit", () => setTimeout(() => child.stdout.destroy(), 2_000).unref());
    child.on("close", (code) => late ? end(124, `\nStopped after ${timeoutMs / 1000} s.\n`) : end(code ?? 1));
  });
}

/** Ends everything that is still running. */
export function stopAll(): void {
  for (const group of running) stop(group);
}

function stop(group: number | undefined): void {
  if (group === undefined || !running.delete(group)) return;
  try {
    process.kill(-group, "SIGKILL");
  } catch {
    // The group is gone already.
  }
}
