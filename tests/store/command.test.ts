import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { createServer } from "node:tls";
import process from "node:process";
import { parseRedisUrl } from "../../cli/redis/address.ts";
import { Connection, words } from "../../cli/redis/connection.ts";
import { startRedis } from "../../cli/redis/server.ts";
import { Command, until, within } from "../cli/command.ts";
import { CERTIFICATE } from "../adapters/certificate.ts";

const DOCUMENT = new URL("../../docs/redis.md", import.meta.url);

/** Starts `headgate redis` on a free port, and ends it after the work. */
function serving<T>(
  args: readonly string[],
  files: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>>,
  work: (command: Command, exported: Readonly<Record<string, string>>) => Promise<T>,
): Promise<T> {
  return within(files, async (folder) => {
    const paths = Object.fromEntries(
      Object.entries(env).map(([name, text]) => [name, text.replace("./", `${folder}/`)]),
    );
    const command = new Command(["redis", "--port", "0", ...args], folder, paths);
    try {
      await until(() => /REST_TOKEN=.*\n/.test(command.stdout) || command.stderr !== "", "what it prints");
      const lines = [...command.stdout.matchAll(/^ {2}export (\w+)=(.*)$/gm)];
      return await work(command, Object.fromEntries(lines.map(([, name = "", value = ""]) => [name, value])));
    } finally {
      await command.kill();
    }
  });
}

async function ask(url: string, token: string, ...args: readonly string[]): Promise<string> {
  const headers = { authorization: `Bearer ${token}` };
  return await (await fetch(url, { method: "POST", headers, body: JSON.stringify(args) })).text();
}

/** The process of a Redis, as it tells itself. */
const pidOf = (info: string): number => Number(/process_id:(\d+)/.exec(info)?.[1]);

/** Whether a process still does anything; one that has ended may wait for its parent to take note. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== "linux" || !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

describe("headgate redis", () => {
  it("prints what to export, serves a Redis of its own, and ends it with itself", async () => {
    for (const [signal, code] of [["SIGTERM", 0], ["SIGINT", 0], ["SIGKILL", null]] as const) {
      await serving([], {}, {}, async (command, exported) => {
        const { UPSTASH_REDIS_REST_URL: url = "", UPSTASH_REDIS_REST_TOKEN: token = "" } = exported;
        assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
        assert.match(token, /^[\da-f]{64}$/);
        const shown = /\$ headgate redis\n(.*?)\n```/s.exec(readFileSync(DOCUMENT, "utf8"))?.[1];
        const plain = (text = "") =>
          text.trim().replace(/:\d{4,}\b/g, ":0").replace(/(Headgate|TOKEN=)\S* ?\S*/g, "$1");
        assert.equal(plain(command.stdout), plain(shown));
        const pid = pidOf(await ask(url, token, "INFO", "server"));
        assert.ok(isRunning(pid));
        command.signal(signal);
        assert.equal((await command.finished()).code, code);
        await until(() => !isRunning(pid), "the end of Redis");
      });
    }
  });

  it("ends with 1 when its Redis does", async () => {
    await serving([], {}, {}, async (command, exported) => {
      const { UPSTASH_REDIS_REST_URL: url = "", UPSTASH_REDIS_REST_TOKEN: token = "" } = exported;
      process.kill(pidOf(await ask(url, token, "INFO", "server")), "SIGKILL");
      const { code, stderr } = await command.finished();
      assert.deepEqual([code, stderr], [1, "headgate: redis-server has ended by itself: start again.\n"]);
    });
  });

  it("serves a Redis with a password and a database, by TLS too, and tells neither secret", async () => {
    const redis = await startRedis();
    const secure = createServer({ ...CERTIFICATE }, (socket) => {
      socket.on("error", () => {}).pipe(connect({ path: redis.path }).on("error", () => {})).pipe(socket);
    });
    try {
      const admin = await Connection.open(parseRedisUrl(redis.url), 5_000);
      await admin.send([words("CONFIG", "SET", "requirepass", "S3CRET/@")]);
      await new Promise<void>((resolve) => secure.listen(0, "127.0.0.1", resolve));
      const { port } = secure.address() as { port: number };
      const files = { "ca.pem": CERTIFICATE.cert };
      const env = {
        NODE_EXTRA_CA_CERTS: "./ca.pem",
        REDIS: `rediss://:S3CRET%2F%40@localhost:${port}/3`,
        TOKEN: "SECRET-of-somebody",
      };
      await serving(["--redis", "env:REDIS", "--token", "env:TOKEN"], files, env, async (command, exported) => {
        const { UPSTASH_REDIS_REST_URL: url = "", UPSTASH_REDIS_REST_TOKEN: token = "" } = exported;
        assert.equal(token, '"$TOKEN"', command.output);
        assert.doesNotMatch(command.output, /S3CRET|SECRET/);
        assert.equal(await ask(url, env.TOKEN, "SET", "in", "three"), '{"result":"OK"}');
        await admin.send([words("SELECT", "3")]);
        assert.deepEqual(await admin.send([words("GET", "in")]), [Buffer.from("three")]);
      });
      await serving(["--redis", env.REDIS.replace("S3CRET", "WRONG")], files, env, async (command) => {
        assert.equal((await command.finished()).code, 1);
        assert.match(command.stderr, /^headgate: Redis doesn't answer: [^\n]+\n$/);
      });
      admin.close();
    } finally {
      secure.close();
      await redis.stop();
    }
  });
});
