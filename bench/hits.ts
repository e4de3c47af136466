/**
 * What a kept answer takes, against an answer of the gateway's own that never changes (`/healthz`), on each runtime: with
 * the memory of the process, and with Redis behind `headgate redis`, beside one bare question to that. One call at a
 * time, in turns A B A B ..., because the speed of a machine drifts. Options: `--runtime node,bun`, `--calls 1000`.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { serveFront } from "../cli/redis/front.ts";
import { startRedis } from "../cli/redis/server.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values } = parseArgs({
  options: {
    runtime: { type: "string", default: "node,bun,deno,workers,vercel" },
    calls: { type: "string", default: "1000" },
  },
});
const calls = Number(values.calls);
const folder = mkdtempSync(join(tmpdir(), "headgate-bench-"));
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

interface Ask {
  readonly port: number;
  readonly path: string;
  readonly method: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** Milliseconds until the whole answer is here. */
function timed({ port, path, method, headers = {}, body }: Ask): Promise<number> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: "127.0.0.1", path, method, headers, agent }, (answer) => {
      answer.on("data", () => {});
      answer.on("end", () => {
        if (answer.statusCode === 200) resolve(performance.now() - began);
        else reject(new Error(`${method} ${path} answered ${answer.statusCode}`));
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

async function started(runtime: string, store: unknown): Promise<{ port: number; child: ChildProcess }> {
  const file = join(folder, `${runtime}.json`);
  writeFileSync(file, JSON.stringify({ store, gateways: { default: { cache: { ttl: 3600 } } } }));
  const child = spawn(process.execPath, [
    join(root, "cli/main.ts"),
    "serve",
    "--runtime",
    runtime,
    "--port",
    "0",
    "--config",
    file,
    "--log",
    "off",
  ], { cwd: root, stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, NODE_ENV: "production" } });
  let said = "";
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout!.on("data", (chunk) => {
      const found = /http:\/\/127\.0\.0\.1:(\d+)/.exec(said += chunk);
      if (found !== null) resolve(Number(found[1]));
    });
    child.once("exit", () => reject(new Error(`headgate serve --runtime ${runtime} ended: ${said}`)));
  });
  return { port, child };
}

const BODY = JSON.stringify({ model: "demo/echo", messages: [{ role: "user", content: "y".repeat(900) }] });
const json = { "content-type": "application/json", "content-length": String(BODY.length) };

const at = (sorted: readonly number[], share: number) => sorted[Math.floor(sorted.length * share)] ?? NaN;

/** Medians and p99 in microseconds. */
function figures(times: number[]): readonly [number, number] {
  const sorted = times.sort((one, other) => one - other);
  return [Math.round(at(sorted, 0.5) * 1000), Math.round(at(sorted, 0.99) * 1000)];
}

async function measure(asks: readonly Ask[]): Promise<readonly (readonly [number, number])[]> {
  const times: number[][] = asks.map(() => []);
  for (let warm = 0; warm < calls / 2; warm++) for (const ask of asks) await timed(ask);
  for (let turn = 0; turn < calls; turn++) {
    for (const [index, ask] of asks.entries()) times[index]!.push(await timed(ask));
  }
  return times.map(figures);
}

const redis = await startRedis();
const front = await serveFront({ redis: redis.url });
const ping: Ask = {
  port: Number(new URL(front.url).port),
  path: "/",
  method: "POST",
  headers: { authorization: `Bearer ${front.token}` },
  body: '["PING"]',
};
console.log("Microseconds, p50 / p99; of a hit, what it takes more.\n");
console.log("| runtime | static answer | hit, memory | hit, Upstash's protocol | one bare question to the store |");
console.log("| --- | --: | --: | --: | --: |");
try {
  for (const runtime of values.runtime.split(",")) {
    const own = await started(runtime, "memory");
    const shared = await started(runtime, { upstash: { url: front.url, token: front.token } });
    try {
      const hit = (port: number): Ask => ({
        port,
        path: "/v1/chat/completions",
        method: "POST",
        headers: json,
        body: BODY,
      });
      const still: Ask = { port: own.port, path: "/healthz", method: "GET" };
      const [base, one, other, store] = await measure([still, hit(own.port), hit(shared.port), ping]);
      const more = (figure = [NaN, NaN] as readonly [number, number]) =>
        `+${figure[0] - base![0]} / +${figure[1] - base![1]}`;
      console.log(`| ${runtime} | ${base!.join(" / ")} | ${more(one)} | ${more(other)} | ${store!.join(" / ")} |`);
    } finally {
      own.child.kill();
      shared.child.kill();
    }
  }
} finally {
  await front.stop();
  await redis.stop();
  rmSync(folder, { recursive: true, force: true });
  agent.destroy();
}
