/**
 * Packs the package, lints what was packed, then installs it in an empty folder and imports every entry as a user would.
 * Needs a build.
 *
 * @module
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { entries } from "./entries.ts";
import { run } from "./run.ts";

/** A user's first program. */
const firstCall = `
  import { demo, gateway } from "headgate";
  const body = JSON.stringify({ model: "demo/echo", messages: [{ role: "user", content: "hello" }] });
  const headers = { "content-type": "application/json" };
  const answer = await gateway({ local: [demo()] })
    .fetch(new Request("http://localhost/v1/chat/completions", { method: "POST", headers, body }));
  const text = await answer.text();
  if (!answer.ok || !text.includes("hello")) throw new Error(text);
`;

const folder = mkdtempSync(join(tmpdir(), "headgate-package-"));
try {
  const tarball = await pack();
  await must("publint", ["--strict", tarball]);
  await must("attw", ["--profile", "esm-only", "--format", "table-flipped", tarball]);
  await consume(tarball);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function pack(): Promise<string> {
  const args = ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder];
  return join(folder, (await must("npm", args)).trim().split("\n").at(-1) ?? "");
}

/** Installs the tarball without its optional peers, type-checks and runs a program that imports all of it. */
async function consume(tarball: string): Promise<void> {
  const cwd = join(folder, "consumer");
  mkdirSync(cwd);
  writeFileSync(join(cwd, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await must("npm", [
    "install",
    "--prefer-offline",
    "--no-audit",
    "--no-fund",
    "--no-package-lock",
    "--omit=peer",
    tarball,
  ], cwd);
  const names = entries.map(({ name }) => name);
  await typeCheck(cwd, names.filter((name) => name !== "headgate/node"), "");
  await typeCheck(cwd, ["headgate/node"], "node");
  for (const { name } of entries) await must("node", ["--input-type=module", "-e", `await import("${name}")`], cwd);
  await must(machineNode(), ["--input-type=module", "-e", firstCall], cwd);
  await must("npx", ["--no-install", "headgate", "schema"], cwd);
}

/** Checks the package's own declarations and how they are used; those of its dependencies are their authors' affair. */
async function typeCheck(cwd: string, names: readonly string[], types: string): Promise<void> {
  writeFileSync(join(cwd, "all.ts"), names.map((name, at) => `import * as _${at} from "${name}";\n`).join(""));
  const target = ["--module", "nodenext", "--target", "es2022", "--lib", "es2024,dom"];
  const typeRoots = ["--types", types, "--typeRoots", resolve("node_modules/@types")];
  const { output } = await run("tsc", ["--strict", "--noEmit", ...target, ...typeRoots, "all.ts"], { cwd });
  const ours = output.split("\n").filter((line) => /^(?:all\.ts|error|node_modules\/headgate\/)/.test(line));
  console.log(`${ours.length === 0 ? "ok" : "FAILED"}  tsc, as a user with types "${types}"`);
  if (ours.length > 0) throw new Error(ours.join("\n"));
}

/** The Node that runs npm, which may be older than the one that the project brings. */
function machineNode(): string {
  return process.env["npm_node_execpath"] ?? process.execPath;
}

async function must(command: string, args: readonly string[], cwd = process.cwd()): Promise<string> {
  const { code, output, seconds } = await run(command, args, { cwd });
  console.log(
    `${code === 0 ? "ok" : "FAILED"}  ${command} ${
      args.slice(0, 3).join(" ").trim().replaceAll(/\s+/g, " ").slice(0, 80)
    }  ${seconds.toFixed(1)} s`,
  );
  if (code === 0) return output;
  console.error(output);
  throw new Error(`${command} failed.`);
}
