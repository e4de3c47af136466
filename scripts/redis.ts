/**
 * Sees to it that there is a Redis server for the tests that need one. Where there is none it is installed, if whoever
 * runs this may do so.
 *
 * @module
 */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { findRedis } from "../cli/redis/server.ts";
import { run } from "./run.ts";

/** Debian's answer to a package that wants to start its service: as long as this file is there, no. */
const POLICY = "/usr/sbin/policy-rc.d";

const found = findRedis() ?? await installed();
console.log(found === undefined ? "" : `The Redis server is ${found}.`);
if (found === undefined) process.exitCode = 1;

async function installed(): Promise<string | undefined> {
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) {
    console.error(
      "The tests need a Redis server on the PATH: install redis-server or valkey-server, then run them again.",
    );
    return undefined;
  }
  const isOurs = !existsSync(POLICY);
  if (isOurs) writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    await aptGet("update");
    await aptGet("install", "-y", "--no-install-recommends", "redis-server");
  } finally {
    if (isOurs) rmSync(POLICY, { force: true });
  }
  const program = findRedis();
  if (program === undefined) console.error("redis-server could not be installed: run apt-get install redis-server.");
  return program;
}

/** What it says is shown only where it fails. */
async function aptGet(...args: readonly string[]): Promise<void> {
  const { code, output } = await run("env", ["DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", ...args]);
  if (code !== 0) console.error(output);
}
