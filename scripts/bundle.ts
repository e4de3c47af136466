/**
 * Bundles an entry the way a user of a neutral bundler would.
 *
 * @module
 */
import { build } from "esbuild";
import process from "node:process";

/** A bundle and what went into it. */
export interface Bundle {
  readonly code: string;
  /** npm packages that it holds. */
  readonly packages: readonly string[];
}

/** The runtimes' own modules; the Upstash client is brought only by those who use it. */
const external = ["node:*", "bun", "bun:*", "cloudflare:*", "@upstash/*"];

/** Bundles TypeScript source text whose imports are relative to the root of the checkout. */
export async function bundle(source: string, minify: boolean): Promise<Bundle> {
  const result = await build({
    stdin: { contents: source, resolveDir: process.cwd(), loader: "ts" },
    bundle: true,
    external,
    format: "esm",
    logLevel: "silent",
    mainFields: ["module", "main"],
    metafile: true,
    minify,
    platform: "neutral",
    target: "es2022",
    write: false,
  });
  const inputs = Object.values(result.metafile.outputs).flatMap((output) => Object.keys(output.inputs));
  return { code: result.outputFiles[0]?.text ?? "", packages: [...new Set(inputs.flatMap(packageOf))].sort() };
}

function packageOf(path: string): string[] {
  const name = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
  return name === undefined ? [] : [name];
}
