#!/usr/bin/env node
/**
 * The command line. What a command doesn't need isn't loaded.
 *
 * @module
 */
import module from "node:module";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type Command, parseFlags } from "./flags.ts";

/** Exit codes: 0 done, 1 it didn't work, 2 it wasn't understood. */
const FAILED = 1;
const MISUSED = 2;

async function run(command: Command): Promise<number> {
  switch (command.name) {
    case "serve":
      return (await import("./serve.ts")).serve(command);
    case "redis":
      return (await import("./redis.ts")).redis(command);
    case "check":
      return (await import("./check.ts")).check(command.config);
    case "schema":
      return (await import("./schema.ts")).schema();
    case "help":
      return (await import("./help.ts")).help();
    case "version":
      console.log((await import("./package.ts")).packageVersion());
      return 0;
  }
}

/** What people are told of a failure; a stack is for those who ask for one. */
function complain(error: unknown): number {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const isExpected = ["UsageError", "ConfigError", "SourceError", "StartError"].includes(name);
  console.error(
    isExpected ? `headgate: ${message}` : `headgate failed: ${process.env["DEBUG"] === undefined ? message : stack}`,
  );
  return name === "UsageError" ? MISUSED : FAILED;
}

// A checkout is TypeScript, and stripping its types takes Node most of a start: it keeps what it has stripped.
if (import.meta.url.endsWith(".ts")) {
  module.enableCompileCache?.(fileURLToPath(new URL("../node_modules/.cache/headgate", import.meta.url)));
}

try {
  process.exitCode = await run(parseFlags(process.argv.slice(2)));
} catch (error) {
  process.exitCode = complain(error);
}
