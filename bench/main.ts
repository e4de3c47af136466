/**
 * What the gateway adds to a call, against a ten-line pass-through on the same runtime in the same run.
 *
 * Both subjects of a runtime run side by side and are measured in short turns, A B A B ..., because the speed of a machine drifts;
 * what counts are the ratios of each pair of turns. Options: `--runtime node,bun`, `--turns 5`, `--ms 2000`.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import type { Command, PlainResult, StreamResult } from "./rig.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const tool = (name: string) => join(root, "node_modules", ".bin", name);
const { values } = parseArgs({
  options: {
    runtime: { type: "string", default: "node,bun,deno,workers,vercel" },
    turns: { type: "string", default: "7" },
    ms: { type: "string", default: "1500" },
    connections: { type: "string", default: "64" },
    warmup: { type: "string", default: "8000" },
  },
});
const folder = mkdtempSync(join(tmpdir(), "headgate-bench-"));
/** The subjects have one processor, the load another; where that can't be arranged they share. */
const pinned = (processor: number, command: string, args: readonly string[]): [string, string[]] =>
  cpus().length > 1 && process.platform === "linux"
    ? ["taskset", ["-c", String(processor), command, ...args]]
    : [command, [...args]];

interface Subject {
  readonly port: number;
  readonly process: ChildProcess;
  readonly path: string;
}

interface Rig {
  readonly upstream: number;
  ask<Result>(command: Command): Promise<Result>;
  stop(): void;
}

async function startRig(): Promise<Rig> {
  const [command, args] = pinned(1, tool("bun"), [join(root, "bench", "rig.ts")]);
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value ?? '{"error":"the rig ended"}');
  const { port } = await next();
  return {
    upstream: port,
    ask: async (asked) => {
      child.stdin.write(`${JSON.stringify(asked)}\n`);
      const result = await next();
      if (result.error !== undefined) throw new Error(result.error);
      return result;
    },
    stop: () => child.kill(),
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

async function started(command: string, args: readonly string[], port: number, path: string): Promise<Subject> {
  const [pinnedCommand, pinnedArgs] = pinned(0, command, args);
  const env = { ...process.env, PORT: String(port), NODE_ENV: "production" };
  const child = spawn(pinnedCommand, pinnedArgs, { cwd: root, env, stdio: ["ignore", "ignore", "ignore"] });
  await answering(port);
  return { port, process: child, path };
}

async function answering(port: number): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    const isThere = await fetch(`http://127.0.0.1:${port}/healthz`).then((answer) => answer.arrayBuffer()).then(
      () => true,
      () => false,
    );
    if (isThere) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`nothing answers on port ${port}`);
}

type Kind = "bare" | "gate";

const PATHS: Record<Kind, string> = { bare: "/v1/chat/completions", gate: "/v1/acc/bench/openai/chat/completions" };

/** One subject of a runtime, with the provider's address compiled in; both kinds are built and started alike. */
async function start(kind: Kind, runtime: string, upstream: number): Promise<Subject> {
  const name = { workers: "worker", vercel: "edge" }[runtime] ?? runtime;
  const outfile = join(folder, `${kind}-${name}.mjs`);
  await build({
    entryPoints: [join(root, "bench", "subjects", `${kind}-${name}.ts`)],
    outfile,
    bundle: true,
    format: name === "edge" ? "iife" : "esm",
    platform: name === "node" ? "node" : "neutral",
    mainFields: ["module", "main"],
    define: { UPSTREAM: JSON.stringify(`http://127.0.0.1:${upstream}`) },
    logLevel: "error",
  });
  const port = await freePort();
  const listen = ["--port", String(port), "--host", "127.0.0.1"];
  const [command, args] = {
    deno: [tool("deno"), ["serve", "-A", ...listen, outfile]] as const,
    bun: [tool("bun"), [outfile]] as const,
    workers: [tool("workerd"), ["serve", capnp(outfile, port)]] as const,
    vercel: [process.execPath, [edgeHost(outfile, port)]] as const,
  }[runtime] ?? [process.execPath, [outfile]] as const;
  return await started(command, args, port, PATHS[kind]);
}

function capnp(script: string, port: number): string {
  const file = `${script}.capnp`;
  writeFileSync(
    file,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .subject), (name = "internet", network = (allow = ["private", "public"]))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
const subject :Workerd.Worker = (
  modules = [(name = "subject.mjs", esModule = embed "${script.slice(folder.length + 1)}")],
  compatibilityDate = "2026-09-01", compatibilityFlags = ["enable_request_signal"]
);`,
  );
  return file;
}

function edgeHost(script: string, port: number): string {
  const file = `${script}.host.mjs`;
  const library = new URL("../node_modules/edge-runtime/dist/index.js", import.meta.url).href;
  writeFileSync(
    file,
    `import { readFileSync } from "node:fs";
import runtime from ${JSON.stringify(library)};
const { EdgeRuntime, runServer } = runtime;
await runServer({ runtime: new EdgeRuntime({ initialCode: readFileSync(${
      JSON.stringify(script)
    }, "utf8") }), port: ${port}, host: "127.0.0.1" });`,
  );
  return file;
}

/** Processor time of a process and its children so far, in microseconds; NaN where the system doesn't tell. */
function processorTime(pid: number): number {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(/\s+/).filter(Boolean);
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /, "").split(" ");
    const own = (Number(fields[11]) + Number(fields[12])) * 10_000;
    return children.reduce((sum, child) => sum + processorTime(Number(child)), own);
  } catch {
    return NaN;
  }
}

interface Turn extends PlainResult {
  readonly rate: number;
  readonly cpuMicros: number;
}

async function turn(rig: Rig, subject: Subject, connections: number, ms: number): Promise<Turn> {
  const before = processorTime(subject.process.pid!);
  const result = await rig.ask<PlainResult>({ kind: "plain", port: subject.port, path: subject.path, connections, ms });
  const spent = processorTime(subject.process.pid!) - before;
  return { ...result, rate: result.calls / result.seconds, cpuMicros: spent / result.calls };
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
const micros = (ms: number) => Math.round(ms * 1000);

async function compare(rig: Rig, runtime: string): Promise<void> {
  const bare = await start("bare", runtime, rig.upstream);
  const headgate = await start("gate", runtime, rig.upstream);
  try {
    const ms = Number(values.ms);
    const connections = Number(values.connections);
    // A gateway runs for days: what is measured is code that its runtime has had the time to compile.
    for (const subject of [bare, headgate, bare, headgate]) {
      await turn(rig, subject, connections, Number(values.warmup));
    }
    const turns: { bare: Turn; headgate: Turn }[] = [];
    for (let count = 0; count < Number(values.turns); count++) {
      turns.push({
        bare: await turn(rig, bare, connections, ms),
        headgate: await turn(rig, headgate, connections, ms),
      });
    }
    const singles: { bare: Turn; headgate: Turn }[] = [];
    for (let count = 0; count < 3; count++) {
      singles.push({ bare: await turn(rig, bare, 1, ms / 2), headgate: await turn(rig, headgate, 1, ms / 2) });
    }
    const streams: { bare: StreamResult; headgate: StreamResult }[] = [];
    for (let count = 0; count < 3; count++) {
      const asked = { kind: "stream", streams: 10, rounds: 4 } as const;
      streams.push({
        bare: await rig.ask({ ...asked, port: bare.port, path: bare.path }),
        headgate: await rig.ask({ ...asked, port: headgate.port, path: headgate.path }),
      });
    }
    report(runtime, turns, singles, streams);
  } finally {
    for (const subject of [bare, headgate]) subject.process.kill();
  }
}

type Pair<T> = { readonly bare: T; readonly headgate: T };

function report(runtime: string, turns: Pair<Turn>[], singles: Pair<Turn>[], streams: Pair<StreamResult>[]): void {
  const of = <T>(pairs: Pair<T>[], pick: (value: T) => number) =>
    [
      median(pairs.map(({ bare }) => pick(bare))),
      median(pairs.map(({ headgate }) => pick(headgate))),
    ] as const;
  const ratios = turns.map(({ bare, headgate }) => headgate.rate / bare.rate);
  const added = <T>(pairs: Pair<T>[], pick: (value: T) => number) =>
    micros(median(pairs.map(({ bare, headgate }) => pick(headgate) - pick(bare))));
  const rate = of(turns, (turn) => turn.rate).map(Math.round);
  const cpu = of(turns, (turn) => turn.cpuMicros).map(Math.round);
  const row = [
    runtime,
    `${rate[0]} / ${rate[1]}`,
    `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
    `${cpu[0]} / ${cpu[1]}`,
    `${added(singles, (turn) => turn.p50)} / ${added(singles, (turn) => turn.p99)}`,
    `${added(streams, (stream) => stream.firstP50)} / ${added(streams, (stream) => stream.firstP99)}`,
    `${added(streams, (stream) => stream.eventP50)} / ${added(streams, (stream) => stream.eventP99)}`,
  ];
  console.log(`| ${row.join(" | ")} |`);
}

const rig = await startRig();
const version = execFileSync(process.execPath, ["--version"]).toString().trim();
console.log(
  `${
    cpus()[0]?.model.trim()
  }, ${cpus().length} processors, Node ${version}; bare / Headgate, added times in microseconds p50 / p99\n`,
);
console.log(
  "| runtime | calls/s | ratio (range) | CPU µs a call | added to a call | added to a stream's first byte | added to an event |",
);
console.log("|---|---|---|---|---|---|---|");
try {
  for (const runtime of values.runtime.split(",")) await compare(rig, runtime);
} finally {
  rig.stop();
  rmSync(folder, { recursive: true, force: true });
}
