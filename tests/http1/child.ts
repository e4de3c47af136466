/** The way out in a process of its own: whom a runtime trusts and which proxy it takes is settled when it starts. */
import { execFile } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** What came of one URL: what the provider said, or the error. */
export interface Told {
  readonly error?: string;
  readonly code?: string;
  readonly [said: string]: unknown;
}

/**
 * Asks URLs one after the other with the runtime that runs this test.
 *
 * @param permissions Deno's.
 */
export function askApart(
  urls: readonly string[],
  variables: NodeJS.ProcessEnv,
  permissions: readonly string[] = ["-A"],
): Promise<readonly Told[]> {
  const script = fileURLToPath(new URL("ask.ts", import.meta.url));
  const args = "Deno" in globalThis ? ["run", "--no-check", "--no-prompt", ...permissions, script] : [script];
  const env = { ...process.env, NODE_NO_WARNINGS: "1", ...variables };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [...args, ...urls], { env, timeout: 30_000 }, (error, stdout, stderr) => {
      if (error !== null) return reject(new Error(`${error.message}\n${stderr}`));
      resolve(stdout.trim().split("\n").map((line) => JSON.parse(line)));
    });
  });
}
