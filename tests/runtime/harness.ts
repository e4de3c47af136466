/**
 * The product as a user starts it: its own command line on one runtime, in a process of its own.
 *
 * @module
 */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LogRecord } from "../../src/logs/record.ts";
import { Child } from "./child.ts";
import { type Answered, type Ask, begin, call, Live } from "./client.ts";
import { type Echo, shout } from "./raw.ts";
import { until } from "./wait.ts";

/** Where the gateway runs. */
export type Runtime = "node" | "deno" | "bun" | "workers" | "vercel";

export const RUNTIMES: readonly Runtime[] = ["node", "deno", "bun", "workers", "vercel"];

/** One running gateway. */
export class Gateway {
  readonly runtime: Runtime;
  readonly port: number;
  /** Milliseconds from the command to the first healthy answer. */
  readonly startMs: number;
  readonly #child: Child;

  private constructor(runtime: Runtime, port: number, startMs: number, child: Child) {
    this.runtime = runtime;
    this.port = port;
    this.startMs = startMs;
    this.#child = child;
  }

  /**
   * Starts the command line and waits until it is healthy.
   *
   * @param env Further variables of its environment.
   */
  static async start(
    runtime: Runtime,
    config: unknown,
    env: Readonly<Record<string, string>> = {},
  ): Promise<Gateway> {
    const folder = await mkdtemp(join(tmpdir(), "headgate-runtime-"));
    const file = join(folder, "headgate.jsonc");
    await writeFile(file, `// Written by the runtime suite.\n${JSON.stringify(config, undefined, 2)}\n`);
    const startedAt = performance.now();
    const command = ["cli/main.ts", "serve", "--runtime", runtime, "--port", "0", "--config", file, "--log", "json"];
    const child = new Child(command, folder, env);
    const port = await child.healthy();
    return new Gateway(runtime, port, Math.round(performance.now() - startedAt), child);
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
    return this.#child.stdout + this.#child.stderr;
  }

  /** The last words of a gateway that has ended unasked; `undefined` while it runs. */
  get lastWords(): string | undefined {
    return this.#child.hasExited ? this.#child.stderr.slice(-3000) : undefined;
  }

  /** The log record of a call, by the id that its answer carried. */
  log(answered: { readonly headers: ReadonlyMap<string, string> }): Promise<LogRecord> {
    const id = answered.headers.get("cf-aig-log-id");
    if (id === undefined) throw new Error("The answer has no cf-aig-log-id.");
    return until(() => this.logs(id)[0], `the log record ${id}`);
  }

  /** All log records of an id so far. */
  logs(id: string): LogRecord[] {
    return this.#child.stdout.split("\n").filter((line) => line.startsWith("{") && line.includes(id)).map(record);
  }

  /** Resident memory of the process and all of its children, in MiB; `undefined` where /proc isn't there. */
  get memoryMib(): number | undefined {
    return this.#child.memoryMib;
  }

  /** Ends it by `kill -9`, with whatever it started. */
  crash(): Promise<void> {
    return this.#child.crash();
  }

  /** Ends it. */
  stop(): Promise<void> {
    return this.#child.stop();
  }
}

function record(line: string): LogRecord {
  try {
    return JSON.parse(line) as LogRecord;
  } catch {
    throw new Error(`A line of the log isn't JSON: ${line.slice(0, 200)}`);
  }
}
