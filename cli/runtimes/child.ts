/**
 * Runs in a process that the command line started: serves what it was handed.
 *
 * @module
 */
import process from "node:process";
import { LAUNCH } from "../elsewhere.ts";
import { serveHere } from "../here.ts";
import type { Launch } from "../launch.ts";

const launch = JSON.parse(process.env[LAUNCH] ?? "") as Launch;
delete process.env[LAUNCH];

/** The parent writes a line when it is asked to stop; it is gone when the pipe ends. */
const stopped = new Promise<void>((resolve) => {
  process.stdin.on("data", () => resolve());
  process.stdin.on("end", () => process.exit(1));
  process.stdin.on("error", () => process.exit(1));
});

try {
  process.exitCode = await serveHere(launch, stopped);
} catch (error) {
  console.error(`headgate: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
