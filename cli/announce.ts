/**
 * What a started gateway says of itself.
 *
 * @module
 */
import type { Config } from "../src/config.ts";
import type { Launch } from "./launch.ts";
import { isLoopback, reachable } from "./listening.ts";
import { packageVersion } from "./package.ts";

/** Prints where the gateway is, what it found, and something to try; on stderr where stdout is for log lines. */
export function announce(url: string, launch: Launch): void {
  const print = launch.config.log === "json" ? console.error : console.log;
  print(banner(url, launch, packageVersion()));
}

/** The lines for people. Holds no secret. */
export function banner(url: string, { runtime, config, hostname, tls, found }: Launch, version: string): string {
  const base = reachable(url) + (config.basePath ?? "");
  const lines = [`Headgate ${version} on ${runtime} is listening at ${url}${config.basePath ?? ""}`, ""];
  for (const line of found) lines.push(`  ${line}`);
  lines.push("  provider demo is on: it needs no key and no network");
  lines.push(
    isOpen(config) ? "  no gateway key is asked for" : "  a gateway key is asked for, in cf-aig-authorization",
  );
  if (isOpen(config) && !isLoopback(hostname)) {
    lines.push(`  anybody who reaches ${hostname} can spend your keys: add auth.keys to the config`);
  }
  if (tls !== undefined) lines.push(`  clients trust it with NODE_EXTRA_CA_CERTS=${tls.caPath}`);
  return [...lines, "", "Try it:", `  ${curl(base, config, tls?.caPath)}`, ""].join("\n");
}

function curl(base: string, config: Config, caPath: string | undefined): string {
  const body = '{"model":"demo/echo","stream":true,"messages":[{"role":"user","content":"Hello"}]}';
  return [
    `curl -N ${base}/v1/chat/completions`,
    ...(caPath === undefined ? [] : [`--cacert ${caPath}`]),
    ...(isOpen(config) ? [] : ['-H "cf-aig-authorization: Bearer $YOUR_GATEWAY_KEY"']),
    "-H 'content-type: application/json'",
    `-d '${body}'`,
  ].join(" \\\n    ");
}

/** Whether the default gateway asks for no key. */
const isOpen = ({ auth, gateways }: Config): boolean =>
  (gateways?.["default"]?.auth ?? (auth?.keys === undefined && auth?.pepper === undefined ? "off" : "required")) ===
    "off";
