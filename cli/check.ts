/**
 * `headgate check`.
 *
 * @module
 */
import { type Config, ConfigError, parseConfig, sentence } from "../src/config.ts";
import { signers } from "./signers.ts";
import { environment, readSource } from "./source.ts";

/**
 * Prints all that is wrong with a config, or what it comes to.
 *
 * @returns 1 if anything is wrong.
 * @throws {SourceError} If the config can't be read.
 */
export async function check(path: string | undefined): Promise<number> {
  try {
    const source = await readSource(path);
    console.log(`ok: ${source.path ?? "no config file"}: ${summary(parseConfig(source.input, environment, signers))}`);
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const issue of error.issues) console.error(sentence(issue));
    console.error(error.issues.length === 1 ? "1 error" : `${error.issues.length} errors`);
    return 1;
  }
}

/** As `providers openai, demo; gateways default; 2 keys`. */
export function summary({ providers = {}, gateways, auth, store = "memory" }: Config): string {
  const names = (record: object) => Object.keys(record).join(", ") || "none configured";
  const keys = auth?.keys?.length ?? 0;
  return [
    `store ${typeof store === "string" ? store : "upstash"}`,
    `providers ${names(providers)}`,
    gateways === undefined ? "any gateway name" : `gateways ${names(gateways)}`,
    ...(auth?.jwt === undefined ? [] : ["tokens"]),
    keys > 0
      ? `${keys} gateway ${keys === 1 ? "key" : "keys"}`
      : auth?.jwt === undefined
      ? "no gateway keys: open to whoever reaches it"
      : "no gateway keys",
  ].join("; ");
}
