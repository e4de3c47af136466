import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, describe, test } from "node:test";
import { parse, type ParseError } from "jsonc-parser";
import { type Bridge, bridge, type Fetch } from "./bridge.ts";
import { Program, ROOT, tool } from "./program.ts";
import { chats, isOn, streamsAtOnce } from "./questions.ts";
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
