/**
 * The command line in a process of its own.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const BIN = new URL("../../node_modules/.bin/", import.meta.url);
const MAIN = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));

/** What may run the command line. */
export type Host = "node" | "deno" | "bun";

const HOSTS: Readonly<Record<Host, readonly [string, ...string[]]>> = {
  node: [process.execPath],
  deno: [fileURLToPath(new URL("deno", BIN)), "run", "-A"],
  bun: [fileURLToPath(new URL("bun", BIN))],
};

/** What a finished command left. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs in a folder and with an environment of its own. */
export class Command {
  stdout = "";
  stderr = "";
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #hasEnded = false;

  /** @param env Beside `PATH`; nothing of whoever runs the tests gets in. */
  constructor(args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}, host: Host = "node") {
    const [runtime, ...before] = HOSTS[host];
    this.#child = spawn(runtime, [...before, MAIN, ...args], {
      cwd,
      env: { PATH: process.env["PATH"], ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => this.stdout += text);
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => this.stderr += text);
    this.#ended = new Promise((resolve) => this.#child.once("close", resolve));
    this.#ended.then(() => this.#hasEnded = true);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Waits for the address that it prints. */
  async url(): Promise<string> {
    await until(() => /Try it:/.test(this.output) || this.#hasEnded, "the address");
    const url = /is listening at (\S+)/.exec(this.output)?.[1];
    if (url === undefined) throw new Error(`headgate serve didn't start:\n${this.output}`);
    return url;
  }

  get output(): string {
    return this.stdout + this.stderr;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Waits for its end, and for the end of whatever else holds its output. */
  async finished(): Promise<Finished> {
    await until(() => this.#hasEnded, "the end of the command");
    return { code: await this.#ended, stdout: this.stdout, stderr: this.stderr };
  }

  /** Whatever it does now. */
  async kill(): Promise<void> {
    if (!this.#hasEnded) this.#child.kill("SIGKILL");
    await this.#ended;
  }
}

/** A folder with some files in it, gone after the work. */
export async function within<T>(
  files: Readonly<Record<string, string>>,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "headgate-cli-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Waits until something holds. */
export async function until(holds: () => boolean | Promise<boolean>, what: string, timeoutMs = 20_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!await holds()) {
    if (Date.now() > end) throw new Error(`Waited in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A chat with the demo. */
export function chat(model: string, stream = false): RequestInit {
  const body = JSON.stringify({ model, stream, messages: [{ role: "user", content: "one two three four five six" }] });
  return { method: "POST", headers: { "content-type": "application/json" }, body };
}
