/**
 * A Redis of one's own: started when it is needed, without anything on disk, and gone with whoever started it.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import process from "node:process";
import { StartError } from "../launch.ts";
import { parseRedisUrl } from "./address.ts";
import { Connection, words } from "./connection.ts";
import { Status } from "./reply.ts";

/** A running Redis. */
export interface OwnRedis {
  /** `redis-server` or `valkey-server`. */
  readonly program: string;
  /** Unix socket that it listens on, and it alone: no port is taken. */
  readonly path: string;
  /** As {@link parseRedisUrl} reads it. */
  readonly url: string;
  readonly pid: number;
  /** Resolves when it has ended, by itself or not. */
  readonly ended: Promise<void>;
  /** Ends it, and with it all that it holds. */
  stop(): Promise<void>;
  /** Freezes it: connections stay open and nothing is answered. */
  pause(): void;
  /** Lets a frozen one go on. */
  resume(): void;
}

const PROGRAMS = ["redis-server", "valkey-server"];
const START_MS = 10_000;

/**
 * Becomes the server, after leaving behind a watcher that ends it when standard input does: whatever becomes of this
 * process, the server goes with it.
 */
const WATCHED = 'exec 3<&0 </dev/null; (cat <&3; kill -9 $$) >/dev/null 2>&1 & exec 3<&-; exec "$@"';

/** A Redis server on the PATH; undefined where there is none. */
export function findRedis(path: string = process.env["PATH"] ?? ""): string | undefined {
  const folders = path.split(delimiter).filter((folder) => folder !== "");
  return PROGRAMS.flatMap((name) => folders.map((folder) => join(folder, name))).find((file) => existsSync(file));
}

/**
 * Starts a Redis on a socket that only this user can open.
 *
 * @param path Where to; only for one that shall come back where another has ended.
 * @throws {StartError} If there is none on the PATH, or it doesn't start.
 */
export async function startRedis(path: string = freshPath()): Promise<OwnRedis> {
  const program = findRedis();
  if (program === undefined) {
    throw new StartError(
      "There is no redis-server or valkey-server on the PATH: run apt-get install redis-server, or give --redis.",
    );
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const child = spawn("sh", ["-c", WATCHED, "headgate-redis", program, ...settings(path)], {
    cwd: dirname(path),
    // Signals of the terminal are for whoever started it.
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  const output = lastWords(child);
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()).once("error", () => resolve()));
  const stop = async () => {
    child.stdin?.destroy();
    await ended;
    rmSync(dirname(path), { recursive: true, force: true });
  };
  void ended.then(() => child.stdin?.destroy());
  const url = `unix://${path}`;
  if (!await isReady(url, ended)) {
    await stop();
    throw new StartError(`${basename(program)} doesn't start: ${output() || "it says nothing"}.`);
  }
  const pid = child.pid ?? 0;
  return {
    program: basename(program),
    path,
    url,
    pid,
    ended,
    stop,
    pause: () => void process.kill(pid, "SIGSTOP"),
    resume: () => void process.kill(pid, "SIGCONT"),
  };
}

/** A socket's path may be about a hundred characters long, and no more. */
const freshPath = (): string => join(tmpdir(), `headgate-${randomBytes(8).toString("hex")}`, "redis.sock");

function settings(path: string): readonly string[] {
  const pairs = {
    port: "0",
    unixsocket: path,
    unixsocketperm: "700",
    save: "",
    appendonly: "no",
    daemonize: "no",
    dir: dirname(path),
    loglevel: "warning",
  };
  return Object.entries(pairs).flatMap(([name, value]) => [`--${name}`, value]);
}

/** Keeps the last line that it prints, for the case that it doesn't start. */
function lastWords(child: ChildProcess): () => string {
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (chunk: string) => text = (text + chunk).slice(-2_000));
  }
  child.stdin?.on("error", () => {});
  return () => text.trim().split("\n").at(-1)?.trim().replace(/\.$/, "") ?? "";
}

/** Asks until it answers, or is over. */
async function isReady(url: string, ended: Promise<void>): Promise<boolean> {
  const end = performance.now() + START_MS;
  let isOver = false;
  void ended.then(() => isOver = true);
  while (!isOver && performance.now() < end) {
    if (await answers(url, 1_000)) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
}

/** Whether a Redis is there and lets one in. */
export async function answers(url: string, timeoutMs: number): Promise<boolean> {
  try {
    const connection = await Connection.open(parseRedisUrl(url), timeoutMs);
    const [reply] = await connection.send([words("PING")]);
    connection.close();
    return reply instanceof Status;
  } catch {
    return false;
  }
}
