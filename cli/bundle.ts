/**
 * Makes one module of an entry and all that it imports, for runtimes that read no files.
 *
 * @module
 */
import { missing, modulePath } from "./package.ts";

/** What a runtime's bundler settings are. */
export interface Target {
  readonly format: "esm" | "iife";
  /** Export conditions that the runtime goes by. */
  readonly conditions: readonly string[];
}

/**
 * Bundles a module of `cli/runtimes`.
 *
 * @throws {StartError} If esbuild isn't installed.
 */
export async function bundled(entry: string, { format, conditions }: Target): Promise<string> {
  const { build } = await import("esbuild").catch(() => {
    throw missing("esbuild");
  });
  const { outputFiles } = await build({
    entryPoints: [modulePath(`runtimes/${entry}`)],
    bundle: true,
    conditions: [...conditions],
    format,
    legalComments: "none",
    logLevel: "error",
    mainFields: ["module", "main"],
    platform: "neutral",
    target: "es2022",
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}
