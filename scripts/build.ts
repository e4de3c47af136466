/**
 * Builds what npm gets: JavaScript and declarations in dist/.
 *
 * @module
 */
import { chmodSync, rmSync } from "node:fs";
import process from "node:process";
import { run } from "./run.ts";

rmSync("dist", { recursive: true, force: true });
const { code, output } = await run("tsc", ["-p", "tsconfig.build.json"]);
if (code === 0) chmodSync("dist/cli/main.js", 0o755);
else console.error(output);
process.exitCode = code;
