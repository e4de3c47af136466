/**
 * Installs Debian's packages for the tests that need a program which isn't there.
 *
 * @module
 */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { run } from "./run.ts";

/** Debian's answer to a package that wants to start its service: as long as this file is there, no. */
const POLICY = "/usr/sbin/policy-rc.d";

/** Whether whoever runs this may install packages: root on Debian or its kin. */
export const mayInstall = (): boolean => process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");

/** Installs a package without starting its service. What apt-get says is shown only where it fails. */
export async function install(name: string): Promise<void> {
  const isOurs = !existsSync(POLICY);
  if (isOurs) writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    await aptGet("update");
    await aptGet("install", "-y", "--no-install-recommends", name);
  } finally {
    if (isOurs) rmSync(POLICY, { force: true });
  }
}

async function aptGet(...args: readonly string[]): Promise<void> {
  const { code, output } = await run("env", ["DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", ...args]);
  if (code !== 0) console.error(output);
}
