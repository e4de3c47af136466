/**
 * `headgate serve`.
 *
 * @module
 */
import { parseConfig } from "../src/config.ts";
import { summary } from "./check.ts";
import type { ServeCommand } from "./flags.ts";
import { currentHost, hostOf, type Launch } from "./launch.ts";
import { signers } from "./signers.ts";
import { environment, readSource } from "./source.ts";

/**
 * Serves a gateway until the process is told to stop.
 *
 * @throws {SourceError} If the config can't be read.
 * @throws {ConfigError} If the config is wrong.
 * @throws {StartError} If the gateway can't be started.
 */
export async function serve(command: ServeCommand): Promise<number> {
  const launch = await launchOf(command);
  return hostOf(launch.runtime) === currentHost()
    ? (await import("./here.ts")).serveHere(launch)
    : (await import("./elsewhere.ts")).serveElsewhere(launch);
}

async function launchOf({ config: path, port, hostname, isSecure, runtime, log }: ServeCommand): Promise<Launch> {
  const source = await readSource(path);
  const config = parseConfig(source.input, environment, signers);
  return {
    runtime: runtime ?? currentHost(),
    config: log === undefined ? config : { ...config, log },
    port,
    hostname,
    tls: isSecure ? await (await import("./certificate.ts")).certificateFor(hostname) : undefined,
    found: source.path === undefined ? source.found : [...source.found, summary(config)],
  };
}
