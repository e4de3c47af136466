/**
 * The product as a user starts it: its own command line on one runtime, in a process of its own.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Answered, type Ask, begin, call, type Echo, Live, shout } from "./client.ts";
import type { LogRecord } from "../../src/logs/record.ts";
import type { Upstream } from "./upstream.ts";
import { pause, until } from "./wait.ts";

/** Where the gateway runs. */
export type Runtime = "node" | "deno" | "bun" | "workers" | "vercel";

export const RUNTIMES: readonly Runtime[] = ["node", "deno", "bun", "workers", "vercel"];

/** The key that the `sec` gateway takes. */
export const GATEWAY_KEY = "gw-hush5f1c0e77a1b24d5f9d2c";

/** The provider key that the gateway stores for `mistral`; it has a ticket of its own. */
export const STORED_KEY = "sk-hush0stored0mistral0key";

const ROOT = new URL("../../", import.meta.url).pathname;
const START_MS = 10_000;

/** One running gateway. */
export class Gateway {
  readonly runtime: Runtime;
  readonly port: number;
  /** Milliseconds from the command to the first healthy answer. */
  readonly startMs: number;
  readonly #process: Process;

  private constructor(runtime: Runtime, port: number, startMs: number, process: Process) {
    this.runtime = runtime;
    this.port = port;
    this.startMs = startMs;
    this.#process = process;
  }

  /** Starts the command line and waits until it is healthy. */
  static async start(runtime: Runtime, config: unknown): Promise<Gateway> {
    const folder = await mkdtemp(join(tmpdir(), "headgate-runtime-"));
    const file = join(folder, "headgate.jsonc");
    await writeFile(file, `// Written by the runtime suite.\n${JSON.stringify(config, undefined, 2)}\n`);
    const startedAt = performance.now();
    const command = ["cli/main.ts", "serve", "--runtime", runtime, "--port", "0", "--config", file, "--log", "json"];
    const process = new Process(command, folder);
    const port = await process.healthy();
    return new Gateway(runtime, port, Math.round(performance.now() - startedAt), process);
  }

  /** Asks and waits for the whole answer. */
  call(ask: Ask, ms?: number): Promise<Answered> {
    return call(this.port, ask, ms);
  }

  /** Posts JSON, given as text so that its bytes are the test's own. */
  post(path: string, body: string | Uint8Array, headers: Ask["headers"] = {}): Promise<Answered> {
    return this.call({ path, body, headers: { "content-type": "application/json", ...headers } });
  }

  /** Sends a request whole and leaves the answer to the test. */
  begin(ask: Ask): Live {
    return begin(this.port, ask);
  }

  /** Begins a request whose body the test writes piece by piece. */
  upload(ask: Ask): Live {
    return new Live(this.port, ask);
  }

  /** Sends bytes that may be no HTTP at all. */
  shout(bytes: string | Uint8Array): Promise<Echo> {
    return shout(this.port, bytes);
  }

  /** Everything that the process has printed. */
  get output(): string {
    return this.#process.stdout + this.#process.stderr;
  }

  /** The last words of a gateway that has ended unasked; `undefined` while it runs. */
  get lastWords(): string | undefined {
    return this.#process.hasExited ? this.#process.stderr.slice(-3000) : undefined;
  }

  /** The log record of a call, by the id that its answer carried. */
  log(answered: { readonly headers: ReadonlyMap<string, string> }): Promise<LogRecord> {
    const id = answered.headers.get("cf-aig-log-id");
    if (id === undefined) throw new Error("The answer has no cf-aig-log-id.");
    return until(() => this.logs(id)[0], `the log record ${id}`);
  }

  /** All log records of an id so far. */
  logs(id: string): LogRecord[] {
    return this.#process.stdout.split("\n").filter((line) => line.startsWith("{") && line.includes(id)).map(record);
  }

  /** Resident memory of the process and all of its children, in MiB; `undefined` where /proc isn't there. */
  get memoryMib(): number | undefined {
    return this.#process.memoryMib;
  }

  /** Ends it. */
  stop(): Promise<void> {
    return this.#process.stop();
  }
}

function record(line: string): LogRecord {
  try {
    return JSON.parse(line) as LogRecord;
  } catch {
    throw new Error(`A line of the log isn't JSON: ${line.slice(0, 200)}`);
  }
}

/** The command line as a child, with its output. */
class Process {
  stdout = "";
  stderr = "";
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #kill = () => this.#signal("SIGKILL");
  hasExited = false;

  constructor(args: readonly string[], folder: string) {
    this.#folder = folder;
    // A group of its own, so that a runtime that the command line starts ends with it.
    this.#child = spawn(process.execPath, args, {
      cwd: ROOT,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: environment(),
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

  get memoryMib(): number | undefined {
    const members = this.#family();
    return members.length === 0 ? undefined : members.reduce((sum, pid) => sum + residentMib(pid), 0);
  }

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

/** The config of the suite: every provider's origin is one of the upstream's ports. */
export function suiteConfig({ ports, deadPort }: Upstream): unknown {
  const at = (port: number, path = "") => ({ origin: `http://127.0.0.1:${port}${path}`, allowPrivate: true });
  const { alpha, beta, gamma } = ports;
  return {
    store: "memory",
    drainSeconds: 1,
    auth: { keys: [{ id: "suite", key: "env:SUITE_GATEWAY_KEY", tenant: "acme", roles: ["caller"] }] },
    providers: {
      "openai": at(alpha, "/v1"),
      "anthropic": at(beta),
      "google-ai-studio": at(gamma),
      "google-vertex-ai": at(gamma),
      "azure-openai": at(gamma),
      "groq": at(gamma, "/openai/v1"),
      "grok": at(gamma),
      "openrouter": at(gamma, "/api"),
      "workers-ai": at(gamma),
      "fal": at(gamma),
      "deepseek": at(deadPort),
      "mistral": { ...at(beta), key: "env:SUITE_MISTRAL_KEY" },
      "custom-foo": { ...at(gamma, "/base"), wire: "openai-chat" },
    },
    gateways: {
      default: { auth: "off" },
      gw: { auth: "off" },
      sec: { auth: "required" },
      unsaid: {},
      quiet: { auth: "off", logs: { collect: false } },
      eager: { auth: "off", retry: { attempts: 2, delay: 1, backoff: "constant" }, timeouts: { headers: 400 } },
    },
  };
}
