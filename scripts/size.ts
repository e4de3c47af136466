/**
 * Prints what each entry weighs, minified and gzipped with all that it brings along, and fails when the core is too heavy.
 *
 * @module
 */
import { gzipSync } from "node:zlib";
import process from "node:process";
import { bundle } from "./bundle.ts";
import { entries } from "./entries.ts";

const coreLimitBytes = 30_000;

let coreBytes = 0;
for (const { name, source } of entries) {
  const { code, packages } = await bundle(`export * from "${source}";`, true);
  const bytes = gzipSync(code, { level: 9 }).length;
  if (name === "headgate") coreBytes = bytes;
  const sizes = `${kilobytes(code.length)} min ${kilobytes(bytes)} gzip`;
  console.log(`${name.padEnd(24)}${sizes}  ${packages.join(", ")}`.trimEnd());
}

if (coreBytes > coreLimitBytes) {
  console.error(
    `The core is ${coreBytes} bytes, over its limit of ${coreLimitBytes}: take out what not every user needs.`,
  );
  process.exitCode = 1;
} else {
  console.log(`The core is ${coreBytes} bytes of at most ${coreLimitBytes}.`);
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`.padStart(9);
}
