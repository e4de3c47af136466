/**
 * The command line as a process of its own, with all that it starts.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { call } from "./client.ts";
import { GATEWAY_KEY, STORED_KEY } from "./config.ts";
import { pause, until } from "./wait.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const START_MS = 10_000;

/** The command line, its output and its end. */
export class Child {
  stdout = "";
  stderr = "";
  hasExited = false;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #kill = () => this.#signal("SIGKILL");

  /**
   * @param folder What is thrown away at the end.
   * @param more Further variables of its environment.
   */
  constructor(args: readonly string[], folder: string, more: Readonly<Record<string, string>> = {}) {
    this.#folder = folder;
    // A group of its own, so that a runtime that the command line starts ends with it.
    this.#child = spawn(process.execPath, args, {
      cwd: ROOT,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...environment(), ...more },
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => this.stdout += text);
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => this.stderr += text);
    this.#child.on("exit", () => this.hasExited = true);
    process.once("exit", this.#kill);
  }

  /** Waits until the address that the command line prints answers, and gives back its port. */
  async healthy(): Promise<number> {
    const end = performance.now() + START_MS;
    while (performance.now() < end && !this.hasExited) {
      const port = Number(/http:\/\/127\.0\.0\.1:(\d+)/.exec(this.stdout + this.stderr)?.[1] ?? 0);
      const answered = port === 0 ? undefined : await call(port, { path: "/healthz" }, 1000).catch(() => undefined);
      if (answered?.status === 200) return port;
      await pause(10);
    }
    await this.stop();
    const why = this.hasExited ? "ended before it answered" : `didn't answer /healthz with 200 in ${START_MS} ms`;
    throw new Error(`headgate serve ${why}:\n${this.stdout.slice(-2000)}\n${this.stderr.slice(-4000)}`);
  }

  /** Resident memory, of children too; `undefined` where /proc isn't there. */
  get memoryMib(): number | undefined {
    const members = this.#family();
    return members.length === 0 ? undefined : members.reduce((sum, pid) => sum + residentMib(pid), 0);
  }

  /** Asks it to end, and sees to it. */
  async stop(): Promise<void> {
    const members = this.hasExited ? [] : this.#family();
    if (!this.hasExited) {
      this.#signal("SIGTERM");
      await until(() => this.hasExited, "the gateway's end", 3000).catch(this.#kill);
    }
    this.#kill();
    for (const pid of members) ended(pid);
    process.off("exit", this.#kill);
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Ends it at once, with all that it started, in the middle of whatever it does. */
  async crash(): Promise<void> {
    for (const pid of this.#family()) ended(pid);
    await until(() => this.hasExited, "the gateway's end");
    await this.stop();
  }

  /** The process and all that descend from it; nothing where /proc isn't there. */
  #family(): number[] {
    try {
      return family(this.#child.pid ?? 0);
    } catch {
      return [];
    }
  }

  #signal(name: NodeJS.Signals): void {
    try {
      process.kill(-(this.#child.pid ?? 0), name);
    } catch {
      // The group is gone already.
    }
  }
}

/** No provider key of whoever runs the suite gets in; the stored key comes the way that a user's would. */
function environment(): Record<string, string> {
  const { PATH = "", HOME = "", TMPDIR } = process.env;
  const plain = { PATH, HOME, NODE_ENV: "production", SUITE_MISTRAL_KEY: STORED_KEY, SUITE_GATEWAY_KEY: GATEWAY_KEY };
  return TMPDIR === undefined ? plain : { ...plain, TMPDIR };
}

/** A process and all that descend from it. */
function family(pid: number): number[] {
  const parents = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map((
    name,
  ) => [Number(name), parentOf(name)]);
  const found = [pid];
  for (const member of found) {
    found.push(...parents.filter(([, parent]) => parent === member).map(([child]) => child ?? 0));
  }
  return found;
}

/** A runtime that the command line started must not outlive it. */
function ended(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended, as it should.
  }
}

function parentOf(pid: string): number {
  try {
    return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1]);
  } catch {
    return -1;
  }
}

function residentMib(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
