/**
 * Prints what each entry weighs, minified and gzipped with all that it brings along, and fails when the core is too heavy.
 *
 * @module
 */
import { gzipSync } from "node:zlib";
import process from "node:process";
import { bundle } from "./bundle.ts";
import { entries } from "./entries.ts";

/** The core is what a user bundles who imports the whole standard gateway; the rest is there for who imports it. */
const core = 'export { gateway } from "./mod.ts";';
const coreLimitBytes = 72_000;

const coreBytes = await weigh("gateway", core);
for (const { name, source } of entries) await weigh(`${name}, all of it`, `export * from "${source}";`);

if (coreBytes > coreLimitBytes) {
  console.error(`The core is ${coreBytes} bytes, over its limit of ${coreLimitBytes}.`);
  process.exitCode = 1;
} else {
  console.log(`The core is ${coreBytes} bytes of at most ${coreLimitBytes}.`);
}

/** Prints a line about a bundle and tells its gzipped size in bytes. */
async function weigh(label: string, source: string): Promise<number> {
  const { code, packages } = await bundle(source, true);
  const bytes = gzipSync(code, { level: 9 }).length;
  const sizes = `${kilobytes(code.length)} min ${kilobytes(bytes)} gzip`;
  console.log(`${label.padEnd(32)}${sizes}  ${packages.join(", ")}`.trimEnd());
  return bytes;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`.padStart(9);
}
