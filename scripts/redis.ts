/**
 * Sees to it that there is a Redis server for the tests that need one. Where there is none it is installed, if whoever
 * runs this may do so.
 *
 * @module
 */
import process from "node:process";
import { findRedis } from "../cli/redis/server.ts";
import { install, mayInstall } from "./apt.ts";

const found = findRedis() ?? await installed();
console.log(found === undefined ? "" : `The Redis server is ${found}.`);
if (found === undefined) process.exitCode = 1;

async function installed(): Promise<string | undefined> {
  if (!mayInstall()) {
    console.error(
      "The tests need a Redis server on the PATH: install redis-server or valkey-server, then run them again.",
    );
    return undefined;
  }
  await install("redis-server");
  const program = findRedis();
  if (program === undefined) console.error("redis-server could not be installed: run apt-get install redis-server.");
  return program;
}
