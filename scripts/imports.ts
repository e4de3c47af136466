/**
 * Fails when importing an entry does anything: Deno without a single permission imports each one while everything that
 * reaches outside, or that would keep a process alive, throws.
 *
 * @module
 */
import process from "node:process";
import { entries } from "./entries.ts";
import { run } from "./run.ts";

const traps = `
for (const name of ["fetch", "setTimeout", "setInterval", "queueMicrotask", "WebSocket", "Worker", "BroadcastChannel"]) {
  globalThis[name] = function () { throw new Error("Import calls " + name + "().") };
}
for (const name of Object.keys(console)) {
  if (typeof console[name] === "function") console[name] = () => { throw new Error("Import prints with console." + name + "().") };
}
const before = Reflect.ownKeys(globalThis).length;
`;
const after = `
// Deno adds a nameless symbol itself when it loads its first CommonJS module.
const added = Reflect.ownKeys(globalThis).slice(before).filter((key) => typeof key === "string" || key.description);
if (added.length > 0) throw new Error("Import adds the global " + added.map(String).join(", ") + ".");
`;

let failed = 0;
for (const { name, source } of entries) {
  const input = `${traps}\nawait import("${source}");\n${after}`;
  const { code, output } = await run("deno", ["run", "--no-prompt", "--no-check", "--ext=js", "-"], {
    input,
    timeoutMs: 20_000,
  });
  if (code === 0) continue;
  failed++;
  console.error(`${name} is not silent when it is imported (exit ${code}).\n${output}`);
}

console.log(`${entries.length - failed} of ${entries.length} entries do nothing when they are imported.`);
if (failed > 0) process.exitCode = 1;
