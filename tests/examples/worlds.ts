/**
 * Runtimes that read no files of their own: an example is bundled for them as its platform's tool would do it.
 *
 * @module
 */
import { EdgeRuntime } from "edge-runtime";
import { build } from "esbuild";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Fetch } from "./bridge.ts";
import { Program, ROOT } from "./program.ts";

/** What a platform's tool is told of the runtime. */
interface Target {
  readonly format: "esm" | "iife";
  /** Export conditions that the runtime goes by. */
  readonly conditions: readonly string[];
}

/** Bundles source text that may import by path from the root of the checkout; `headgate` is the built package. */
export async function bundled(source: string, { format, conditions }: Target): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: ROOT, loader: "ts" },
    bundle: true,
    conditions: [...conditions],
    format,
    logLevel: "silent",
    mainFields: ["module", "main"],
    platform: "neutral",
    target: "es2022",
    // Without the checkout's own paths to its sources.
    tsconfigRaw: "{}",
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}

/** The part of `wrangler.jsonc` that workerd goes by. */
export interface Wrangler {
  readonly main: string;
  readonly compatibility_date: string;
  readonly compatibility_flags: readonly string[];
}

/** Starts workerd with a worker of the checkout, as its `wrangler.jsonc` wants it. */
export async function startWorkerd(folder: string, wrangler: Wrangler): Promise<Program> {
  const source = `export { default } from "./${folder}/${wrangler.main}";`;
  const code = await bundled(source, { format: "esm", conditions: ["workerd", "worker"] });
  const place = mkdtempSync(join(tmpdir(), "headgate-example-"));
  try {
    writeFileSync(join(place, "worker.js"), code);
    writeFileSync(join(place, "config.capnp"), capnp(wrangler));
    const program = new Program(workerd(), ["serve", "--control-fd=1", join(place, "config.capnp")]);
    await program.listening();
    return program;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** Where the binary lies. */
const workerd = (): string => (createRequire(import.meta.url)("workerd") as { default: string }).default;

const capnp = ({ compatibility_date, compatibility_flags }: Wrangler): string =>
  `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "main", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "${compatibility_date}",
  compatibilityFlags = ${JSON.stringify(compatibility_flags)},
);
`;

/** An edge function of the checkout in Vercel's edge runtime. */
export async function edgeFunction(path: string): Promise<Fetch> {
  const source = `import handler from "./${path}";
    addEventListener("fetch", (event) => event.respondWith(handler(event.request, event)));`;
  const runtime = new EdgeRuntime({
    initialCode: await bundled(source, { format: "iife", conditions: ["edge-light", "worker"] }),
    extend: (context) => Object.assign(context, { process: { env: {} } }),
  });
  return async (request) => {
    const { method, headers, signal } = request;
    const body = request.body === null ? null : await request.arrayBuffer();
    return await runtime.dispatchFetch(request.url, { method, headers, body, signal } as RequestInit);
  };
}
