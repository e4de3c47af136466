/**
 * Checks the types of the documents' code, and runs it as far as it calls nobody.
 *
 * @module
 */
import { build } from "esbuild";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { entries } from "../../scripts/entries.ts";
import type { Block } from "./markdown.ts";
import { Program, ROOT, tool } from "./program.ts";

/** Git takes no notice of it, and imports find the project's packages from there. */
const FOLDER = join(ROOT, "node_modules", ".cache", "headgate-documents");

/** Processes that run side by side. */
const AT_ONCE = 4;

/** What a runtime brings that the project's types don't know. */
const DENO = "declare const Deno: { readonly env: { get(name: string): string | undefined } };\n";

/** Where each entry's source lies, by all names that documents import it by. */
const SOURCES: Readonly<Record<string, string>> = Object.fromEntries(
  entries.flatMap(({ name, source }) => [name, `npm:${name}`].map((as) => [as, join(ROOT, source)])),
);

const CONFIG = {
  extends: join(ROOT, "tsconfig.tests.json"),
  compilerOptions: { paths: Object.fromEntries(Object.entries(SOURCES).map(([name, path]) => [name, [path]])) },
  include: ["**/*"],
  exclude: [],
};

/**
 * Type-checks blocks of TypeScript in one program, each as a module of its own.
 *
 * @returns What the compiler says, as `docs/usage.md:7: Cannot find name 'x'.`
 */
export async function typeErrors(blocks: readonly Block[]): Promise<string[]> {
  fresh();
  write("tsconfig.json", JSON.stringify(CONFIG));
  write("package.json", '{ "type": "module" }');
  write("deno.d.ts", DENO);
  for (const block of blocks) write(fileOf(block), "\n".repeat(block.line - 1) + block.code + "\nexport {};\n");
  const compiler = new Program(tool("tsc"), ["-p", ".", "--pretty", "false"], { cwd: FOLDER });
  const code = await compiler.ended();
  const errors = compiler.stdout.trim().split("\n").filter((line) => line !== "");
  if (code !== 0 && errors.length === 0) throw new Error(`tsc failed: ${compiler.stderr}`);
  return errors.map((line) => line.replace(/^(.+\.md)\.\d+\.ts\((\d+),\d+\): error TS\d+/, "$1:$2"));
}

/**
 * Runs blocks of TypeScript, each in a process of its own with every provider's key set.
 *
 * @returns What went wrong, as `docs/usage.md:7: ...`.
 */
export async function runErrors(blocks: readonly Block[]): Promise<string[]> {
  fresh();
  write("package.json", '{ "type": "module" }');
  write("deno.js", "globalThis.Deno = { env: { get: (name) => process.env[name] } };");
  await build({
    entryPoints: blocks.map((block) => ({ in: fileOf(block), out: fileOf(block) })),
    absWorkingDir: FOLDER,
    alias: SOURCES,
    bundle: true,
    format: "esm",
    logLevel: "silent",
    outdir: FOLDER,
    packages: "external",
    platform: "node",
    plugins: [{
      name: "blocks",
      setup({ onResolve, onLoad }) {
        onResolve({ filter: /\.md\.\d+\.ts$/ }, ({ path }) => ({ path, namespace: "block" }));
        onLoad({ filter: /.*/, namespace: "block" }, ({ path }) => ({
          contents: blocks.find((block) => fileOf(block) === path)?.code ?? "",
          loader: "ts",
          resolveDir: FOLDER,
        }));
      },
    }],
  });
  const waiting = blocks.values();
  const errors = Array.from({ length: AT_ONCE }, async () => {
    const found: string[] = [];
    for (const block of waiting) found.push(...await runError(block));
    return found;
  });
  return (await Promise.all(errors)).flat();
}

async function runError(block: Block): Promise<string[]> {
  const env = { OPENAI_API_KEY: "sk-none" };
  const path = join(FOLDER, `${fileOf(block)}.js`);
  const program = new Program(process.execPath, ["--import", join(FOLDER, "deno.js"), path], { env });
  const code = await program.ended();
  return code === 0 ? [] : [`${block.document}:${block.line}: ${program.stderr.trim()}`];
}

const fileOf = ({ document, line }: Block): string => `${document}.${line}.ts`;

function fresh(): void {
  if (existsSync(FOLDER)) rmSync(FOLDER, { recursive: true });
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(FOLDER, path)), { recursive: true });
  writeFileSync(join(FOLDER, path), text);
}
