/**
 * Builds what npm gets: JavaScript and declarations in dist/, and the JSON Schema of the configuration beside them.
 *
 * @module
 */
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { run } from "./run.ts";

rmSync("dist", { recursive: true, force: true });
await must("tsc", ["-p", "tsconfig.build.json"]);
chmodSync("dist/cli/main.js", 0o755);
const schema = await must("node", ["dist/cli/main.js", "schema"]);
writeFileSync("dist/headgate.schema.json", `${JSON.stringify(JSON.parse(schema), null, 2)}\n`);

/** What a command prints; ends the build with it when the command fails. */
async function must(command: string, args: readonly string[]): Promise<string> {
  const { code, output } = await run(command, args);
  if (code === 0) return output;
  console.error(output);
  process.exit(1);
}
