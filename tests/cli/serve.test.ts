import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { request } from "node:https";
import { createServer } from "node:net";
import { describe, it } from "node:test";
import { type Runtime, RUNTIMES } from "../../cli/flags.ts";
import { chat, Command, until, within } from "./command.ts";

/** Starts `headgate serve` on a free port, and ends it after the work. */
function serving<T>(
  { args = [], files = {}, env = {} }: {
    args?: readonly string[];
    files?: Record<string, string>;
    env?: Record<string, string>;
  },
  work: (url: string, command: Command) => Promise<T>,
): Promise<T> {
  return within(files, async (folder) => {
    const command = new Command(["serve", "--port", "0", ...args], folder, env);
    try {
      return await work(await command.url(), command);
    } finally {
      await command.kill();
    }
  });
}

const config = (value: unknown) => ({ "headgate.json": JSON.stringify(value) });

describe("headgate serve", () => {
  it("starts without a config: demo and every provider whose variable is set", async () => {
    await serving({ env: { OPENAI_API_KEY: "sk-SECRET", GROQ_API_KEY: "" } }, async (url, command) => {
      assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
      assert.match(command.stdout, /found OPENAI_API_KEY: provider openai is on/);
      assert.doesNotMatch(command.output, /SECRET|GROQ/);
      const answer = await fetch(`${url}/v1/chat/completions`, chat("demo/echo"));
      assert.equal(answer.status, 200);
      assert.match(await answer.text(), /one two three/);
    });
  });

  it("prints a command that works as it stands", async () => {
    await serving({ files: config({ basePath: "/ai" }) }, async (_url, { stdout }) => {
      const shown = stdout.slice(stdout.indexOf("curl ")).replaceAll("\\\n", " ");
      const url = /curl -N (\S+)/.exec(shown)?.[1] ?? "";
      const body = /-d '([^']+)'/.exec(shown)?.[1] ?? "";
      const [name = "", value = ""] = /-H '([^']+)'/.exec(shown)?.[1]?.split(": ") ?? [];
      const answer = await fetch(url, { method: "POST", headers: { [name]: value }, body });
      assert.equal(answer.status, 200);
      assert.match(await answer.text(), /data: \[DONE\]/);
    });
  });

  it("reads the config beside it, and asks for the keys in it", async () => {
    const files = {
      "headgate.jsonc":
        '{ "auth": { "keys": [{ "id": "me", "key": "env:MY_KEY" }] }, // mine\n "gateways": { "default": {} } }',
    };
    await serving({ files, env: { MY_KEY: "gw-SECRET", OPENAI_API_KEY: "sk-SECRET" } }, async (url, command) => {
      const asked = { ...chat("demo/echo"), headers: { "cf-aig-authorization": "Bearer gw-SECRET" } };
      assert.equal((await fetch(`${url}/v1/chat/completions`, chat("demo/echo"))).status, 401);
      assert.equal((await fetch(`${url}/v1/chat/completions`, asked)).status, 200);
      assert.match(command.stdout, /read headgate\.jsonc/);
      assert.match(command.stdout, /cf-aig-authorization: Bearer \$/);
      assert.doesNotMatch(command.output, /SECRET|found OPENAI/);
    });
  });

  it("prints nothing but lines of JSON on stdout with --log json", async () => {
    await serving({ args: ["--log", "json"] }, async (url, command) => {
      await (await fetch(`${url}/v1/chat/completions`, chat("demo/echo"))).text();
      await until(() => command.stdout.endsWith("\n"), "a line of the log");
      const lines = command.stdout.trimEnd().split("\n").map((line) => JSON.parse(line) as { provider: string });
      assert.deepEqual(lines.map(({ provider }) => provider), ["demo"]);
      assert.match(command.stderr, /is listening at/);
    });
  });

  it("says in one line why it can't start", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const { port } = taken.address() as { port: number };
    const failed = async (args: readonly string[], files = {}) => {
      const { code, stdout, stderr } = await within(
        files,
        (folder) => new Command(["serve", ...args], folder).finished(),
      );
      assert.deepEqual([code, stdout], [1, ""]);
      return stderr;
    };
    assert.match(await failed(["--port", String(port)]), new RegExp(`^headgate: Port ${port} is in use: .*\n$`));
    assert.match(
      await failed(["--port", "0", "--host", "192.0.2.1"]),
      /^headgate: 192\.0\.2\.1 is no address of this machine: .*\n$/,
    );
    assert.match(
      await failed(["--port", "0"], config({ log: "x" })),
      /^headgate: The config can't be used:\n {2}log must be/,
    );
    taken.close();
  });

  it("serves https with a certificate that the printed authority vouches for", async () => {
    await serving({ args: ["--https"] }, async (url, command) => {
      assert.match(url, /^https:/);
      const path = /NODE_EXTRA_CA_CERTS=(\S+)/.exec(command.stdout)?.[1] ?? "";
      const ca = readFileSync(path, "utf8");
      assert.doesNotMatch(ca, /PRIVATE/);
      for (const host of ["127.0.0.1", "localhost"]) {
        const status = await new Promise((resolve, reject) => {
          const asked = request(url.replace("127.0.0.1", host) + "/healthz", { ca, family: 4 }, (answer) => {
            answer.resume();
            resolve(answer.statusCode);
          });
          asked.on("error", reject).end();
        });
        assert.equal(status, 200, host);
      }
      command.signal("SIGTERM");
      assert.equal((await command.finished()).code, 0);
      assert.ok(!existsSync(path), "the authority is gone with the process");
    });
  });
});

/** What an adapter calls its platform, where that is not the name of the flag. */
const names: Partial<Record<Runtime, string>> = { vercel: "vercel-edge" };

for (const runtime of RUNTIMES) {
  describe(`headgate serve --runtime ${runtime}`, () => {
    const args = ["--runtime", runtime];

    it("says where it runs, and keeps the secrets of the config out of command lines", async () => {
      const files = config({ auth: { keys: [{ id: "a", key: "env:KEY" }] }, log: "json" });
      await serving({ args, files, env: { KEY: "gw-SECRET" } }, async (url, command) => {
        assert.deepEqual(await (await fetch(`${url}/healthz`)).json(), {
          status: "ok",
          runtime: names[runtime] ?? runtime,
        });
        assert.equal((await fetch(`${url}/v1/chat/completions`, chat("demo/echo"))).status, 401);
        await until(() => command.stdout.endsWith("\n"), "a line of the log");
        for (const line of command.stdout.trimEnd().split("\n")) JSON.parse(line);
        for (const line of commandLines()) assert.ok(!line.includes("gw-SECRET"));
        assert.doesNotMatch(command.output, /SECRET/);
      });
    });

    it("finishes a stream that runs when it is told to stop, and takes nothing new", async () => {
      await serving({ args }, async (url, command) => {
        const answer = await fetch(`${url}/v1/chat/completions`, chat("demo/echo;tps=5", true));
        const told = lines(answer);
        await told.next();
        command.signal("SIGTERM");
        await until(async () => !await isThere(url), "a refusal");
        let last = "";
        for await (const line of told) last = line || last;
        assert.equal(last, "data: [DONE]");
        assert.equal((await command.finished()).code, 0);
      });
    });

    it("cuts a stream off once drainSeconds are over, and never ends it cleanly", async () => {
      await serving({ args, files: config({ drainSeconds: 0 }) }, async (url, command) => {
        const answer = await fetch(`${url}/v1/chat/completions`, chat("demo/echo;tps=0.01", true));
        const reader = answer.body!.getReader();
        await reader.read();
        command.signal("SIGTERM");
        await assert.rejects(async () => {
          while (!(await reader.read()).done);
        });
        assert.equal((await command.finished()).code, 0);
      });
    });

    it("leaves nothing behind when it is killed", async () => {
      await serving({ args }, async (url, command) => {
        await (await fetch(`${url}/healthz`)).text();
        command.signal("SIGKILL");
        await until(async () => !await isThere(url), "the end of the runtime");
        await command.finished();
      });
    });
  });
}

const isThere = (url: string) => fetch(`${url}/healthz`).then((answer) => answer.ok, () => false);

/** An answer, line by line, as it comes. */
async function* lines(answer: Response): AsyncGenerator<string> {
  let rest = "";
  for await (const piece of answer.body!.pipeThrough(new TextDecoderStream())) {
    const [first = "", ...others] = (rest + piece).split("\n").reverse();
    rest = first;
    yield* others.reverse();
  }
}

/** Of all processes, where the system tells. */
function commandLines(): readonly string[] {
  if (!existsSync("/proc/self/cmdline")) return [];
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      return [readFileSync(`/proc/${pid}/cmdline`, "utf8")];
    } catch {
      return []; // it has just ended
    }
  });
}
