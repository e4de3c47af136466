/**
 * A program that is run as a user would run it: in a process of its own, with an environment of its own.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { pause, until, within } from "../runtime/wait.ts";

/** The checkout, without a slash at the end. */
export const ROOT: string = fileURLToPath(new URL("../..", import.meta.url)).replace(/[\\/]$/, "");

const START_MS = 15_000;
const STOP_MS = 5_000;

/** What a program is started with. */
export interface ProgramOptions {
  readonly cwd?: string;
  /** Variables beside `PATH` and `HOME`. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Whatever still runs when the tests end. */
const running = new Set<Program>();
process.once("exit", () => running.forEach((program) => program.kill()));

/** A running program and what it has printed. */
export class Program {
  /** Standard output so far. */
  stdout = "";
  /** Standard error so far. */
  stderr = "";
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | undefined>;
  #isOver = false;

  /** Starts it in a process group of its own, so that nothing that it starts outlives it. */
  constructor(command: string, args: readonly string[], options: ProgramOptions = {}) {
    const { cwd = ROOT, env = {} } = options;
    this.#child = spawn(command, args, {
      cwd,
      detached: true,
      env: { ...environment(), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => this.stdout += text);
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => this.stderr += text);
    this.#ended = new Promise((resolve) => {
      const end = (code: number | undefined) => {
        this.#isOver = true;
        resolve(code);
      };
      this.#child.once("error", (error) => {
        this.stderr += error.message;
        end(undefined);
      });
      this.#child.once("close", (code) => end(code ?? undefined));
    });
    running.add(this);
  }

  /** Waits for the port that it prints, as an address or in workerd's words, and for an answer there. */
  async listening(): Promise<string> {
    const said = /(?:https?:\/\/[\w.-]+:|"event":"listen".*"port":)(\d+)/;
    const end = performance.now() + START_MS;
    while (performance.now() < end && !this.#isOver) {
      const [, port] = said.exec(this.stdout + this.stderr) ?? [];
      const url = `http://127.0.0.1:${port}`;
      if (port !== undefined && await isAnswering(url)) return url;
      await pause(10);
    }
    this.kill();
    throw new Error(`It never listened:\n${this.stdout.slice(-2000)}\n${this.stderr.slice(-4000)}`);
  }

  /** Waits for text in what it prints on standard output. */
  said(text: string): Promise<unknown> {
    return until(() => this.stdout.includes(text), JSON.stringify(text), START_MS).catch((error: Error) => {
      throw new Error(`${error.message}\n${this.stdout.slice(-2000)}\n${this.stderr.slice(-4000)}`);
    });
  }

  /** Waits until it ends by itself, and gives back its exit code; `undefined` where a signal ended it. */
  ended(): Promise<number | undefined> {
    return within(this.#ended, "the program's end", START_MS).finally(() => this.kill());
  }

  /** Asks it to end as a platform does, and gives back its exit code; `undefined` where that took a SIGKILL. */
  async stop(): Promise<number | undefined> {
    this.#signal("SIGTERM");
    const code = await within(this.#ended, "the program's end", STOP_MS).catch(() => undefined);
    this.kill();
    return code;
  }

  /** Ends it and all that it has started, at once. */
  kill(): void {
    running.delete(this);
    this.#signal("SIGKILL");
  }

  #signal(name: NodeJS.Signals): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, name);
    } catch {
      // The group is gone already.
    }
  }
}

/** A tool that the project brings. */
export const tool = (name: string): string => join(ROOT, "node_modules", ".bin", name);

/** No provider key of whoever runs the tests gets in. */
function environment(): Record<string, string> {
  const { PATH = "", HOME = "", TMPDIR = "/tmp" } = process.env;
  return { PATH: `${join(ROOT, "node_modules", ".bin")}:${PATH}`, HOME, TMPDIR, NO_COLOR: "1" };
}

async function isAnswering(url: string): Promise<boolean> {
  try {
    await (await fetch(url, { signal: AbortSignal.timeout(2000) })).body?.cancel();
    return true;
  } catch {
    return false;
  }
}
