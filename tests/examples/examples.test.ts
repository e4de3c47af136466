import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, describe, test } from "node:test";
import { parse, type ParseError } from "jsonc-parser";
import { type Bridge, bridge, type Fetch } from "./bridge.ts";
import { Program, ROOT, tool } from "./program.ts";
import { ask, chats, isOn, streamsAtOnce } from "./questions.ts";
import { edgeFunction, startWorkerd, type Wrangler } from "./worlds.ts";

const text = (path: string): string => readFileSync(join(ROOT, "examples", path), "utf8");

function jsonc<T>(path: string): T {
  const errors: ParseError[] = [];
  const value = parse(text(path), errors, { allowTrailingComma: true }) as T;
  assert.deepEqual(errors, [], `${path} is not JSON with comments`);
  return value;
}

/** What an example's module exports by default. */
async function exported<T>(path: string): Promise<T> {
  return (await import(`../../examples/${path}`) as { default: T }).default;
}

/** What is to be stopped once all is asked. */
const running: (Program | Bridge)[] = [];
after(() => Promise.all(running.map((one) => one.stop())));

async function started(command: string, args: readonly string[]): Promise<string> {
  const program = new Program(command, args, { env: { PORT: "0" } });
  running.push(program);
  return await program.listening();
}

async function bridged(fetch: Fetch): Promise<string> {
  const server = await bridge(fetch);
  running.push(server);
  return server.url;
}

/** One `vercel.json`, as far as it names files. */
interface Vercel {
  readonly functions?: Readonly<Record<string, unknown>>;
  readonly rewrites: readonly { readonly source: string; readonly destination: string }[];
}

function namesItsFiles(folder: string): void {
  const { functions = {}, rewrites } = JSON.parse(text(`${folder}/vercel.json`)) as Vercel;
  const paths = [...Object.keys(functions), ...rewrites.map(({ destination }) => `${destination.slice(1)}.ts`)];
  for (const path of paths) assert.ok(existsSync(join(ROOT, "examples", folder, path)), `there is no ${path}`);
  assert.match("/v1/acme/default/openai/chat/completions", new RegExp(`^${rewrites[0]?.source}$`));
}

/** One entry for each folder of `examples/`. */
const EXAMPLES: Readonly<Record<string, () => void>> = {
  "bun": () => serves("bun", () => started(tool("bun"), ["examples/bun/server.ts"])),

  "compose": () => {
    test("answers chats, with the greeting of its own middleware", async () => {
      const gateway = await exported<{ fetch: Fetch }>("compose/gateway.ts");
      const base = await bridged((request) => gateway.fetch(request));
      const headers = await chats(base);
      assert.equal(headers.get("x-greeting"), "hello");
      await streamsAtOnce(base);
    });
  },

  "deno": () => {
    const config = ["--config", "deno.json", "--host", "127.0.0.1", "--port", "0"];
    serves(
      "deno",
      () => started(tool("deno"), ["serve", "--allow-net", "--allow-env", ...config, "examples/deno/main.ts"]),
    );

    test("imports this version of the package, and no entry that its config doesn't name", () => {
      const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
      const { imports } = JSON.parse(text("deno/deno.json")) as { imports: Record<string, string> };
      const used = [...text("deno/main.ts").matchAll(/ from "(.+)";/g)].map(([, name = ""]) => name);
      const expected = used.map((name) => [name, name.replace(/^headgate/, `npm:headgate@^${version}`)]);
      assert.deepEqual(imports, Object.fromEntries(expected));
    });
  },

  "hono": () => {
    serves("fetch", async () => await bridged((await exported<{ fetch: Fetch }>("hono/app.ts")).fetch) + "/ai");

    test("leaves the app's other paths to the app", async () => {
      const app = await exported<{ fetch: Fetch }>("hono/app.ts");
      assert.equal(await (await app.fetch(new Request("http://app.local/"))).text(), "my app");
    });
  },

  "itty-router": () => {
    serves("fetch", async () => await bridged((await exported<{ fetch: Fetch }>("itty-router/app.ts")).fetch) + "/ai");

    test("leaves the app's other paths to the app", async () => {
      const app = await exported<{ fetch: Fetch }>("itty-router/app.ts");
      assert.equal(await (await app.fetch(new Request("http://app.local/"))).text(), "my app");
    });
  },

  "limits": () => {
    test("limits, budgets and keeps as it says", async () => {
      const base = await started(process.execPath, ["examples/limits/server.ts"]);
      await chats(base);
      const first = await ask(base, { tenant: "acme-co", text: "Hello" });
      assert.equal(first.headers.get("ratelimit-policy")?.split(", ")[0], '"acme";q=50;w=60');
      const [acme, tokens] = (first.headers.get("ratelimit") ?? "").split(", ");
      assert.match(acme ?? "", /^"acme";r=49;/);
      assert.match(tokens ?? "", /^"tokens";r=1\d{4};/);
      assert.equal(first.headers.get("cf-aig-cache-status"), "MISS");
      for (let call = 2; call <= 50; call++) {
        const { status, headers } = await ask(base, { tenant: "acme-co", text: "Hello" });
        assert.deepEqual([status, headers.get("cf-aig-cache-status")], [200, "HIT"], `call ${call}`);
      }
      const refused = await ask(base, { tenant: "acme-co", text: "Hello" });
      assert.equal(refused.status, 429);
      assert.ok(Number(refused.headers.get("retry-after-ms")) > 0);
      assert.equal((await ask(base, { tenant: "other", text: "Hello" })).status, 200);
      const large = await ask(base, { tenant: "other", text: "word ".repeat(5000) });
      assert.deepEqual([large.status, large.headers.get("x-should-retry")], [402, "false"]);
    });
  },

  "line-up": () => {
    test("limits, budgets, keeps and purges, room by room", async () => {
      const gateway = await exported<{ fetch: Fetch }>("line-up/gateway.ts");
      const base = await bridged((request) => gateway.fetch(request));
      await chats(base);
      const acme = { tenant: "acme-co", headers: { "cf-aig-authorization": "try-me", "cf-aig-cache-ttl": "60" } };
      const status = async () => {
        const { headers } = await ask(base, { ...acme, text: "Hello" });
        assert.match(headers.get("ratelimit") ?? "", /"requests";r=\d+;/);
        return headers.get("cf-aig-cache-status");
      };
      assert.deepEqual([await status(), await status()], ["MISS", "HIT"]);
      const purge = { method: "POST", headers: acme.headers, body: '{"all": true}' };
      assert.deepEqual(await (await fetch(`${base}/cache/purge`, purge)).json(), { success: true });
      assert.equal(await status(), "MISS");
      assert.equal((await ask(base, { ...acme, text: "word ".repeat(5000) })).status, 402);
      let refused = 0;
      for (let call = 0; call < 60; call++) if ((await ask(base, { ...acme, text: "Hello" })).status === 429) refused++;
      assert.equal(refused, 60 - (50 - 4));
    });
  },

  "node": () => {
    serves("node", () => started(process.execPath, ["examples/node/server.ts"]));

    test("ends with 0 on SIGTERM", async () => {
      const program = new Program(process.execPath, ["examples/node/server.ts"], { env: { PORT: "0" } });
      await program.listening();
      assert.equal(await program.stop(), 0, program.stderr);
    });
  },

  "sdk": () => {
    test("prints what the demo says back", async () => {
      const program = new Program(process.execPath, ["examples/sdk/chat.ts"]);
      assert.equal(await program.ended(), 0, program.stderr);
      assert.equal(program.stdout, "Hello from inside the process\n");
    });
  },

  "vercel": () => {
    serves("vercel", async () => bridged((await exported<{ fetch: Fetch }>("vercel/api/gateway.ts")).fetch));

    test("vercel.json names files that are there", () => namesItsFiles("vercel"));
  },

  "vercel-edge": () => {
    serves("vercel-edge", async () => bridged(await edgeFunction("examples/vercel-edge/api/gateway.ts")));

    test("asks for the edge runtime", async () => {
      const { config } = await import("../../examples/vercel-edge/api/gateway.ts") as { config: unknown };
      assert.deepEqual(config, { runtime: "edge" });
    });

    test("vercel.json names files that are there", () => namesItsFiles("vercel-edge"));
  },

  "workers": () => {
    serves("workers", async () => {
      const program = await startWorkerd("examples/workers", jsonc<Wrangler>("workers/wrangler.jsonc"));
      running.push(program);
      return await program.listening();
    });
  },
};

/** An example that serves HTTP, started once. */
function serves(runtime: string, start: () => Promise<string>): void {
  test("answers chats, plain and as a stream", async () => {
    const base = await start();
    await isOn(base, runtime);
    await chats(base);
    await streamsAtOnce(base);
    await isOn(base, runtime);
  });
}

test("the package is built, as a user of the examples would have it", () => {
  assert.ok(existsSync(join(ROOT, "dist/mod.js")), "Run npm run build first.");
});

test("every folder of examples/ is told of in its README, and run here", () => {
  const folders = readdirSync(join(ROOT, "examples"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory()).map(({ name }) => name).sort();
  assert.deepEqual(Object.keys(EXAMPLES), folders);
  assert.deepEqual([...text("README.md").matchAll(/^\| \[`(.+?)`\]/gm)].map(([, name]) => name).sort(), folders);
});

for (const [name, ask] of Object.entries(EXAMPLES)) describe(`examples/${name}`, ask);
