/**
 * Where the config comes from: a file, or what the environment tells.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { type Config, ConfigError, type ConfigIssue } from "../src/config.ts";
import { ROWS } from "../src/providers/table.ts";

/** A config as somebody wrote it, not yet checked. */
export interface Source {
  /** The file; `undefined` where there is none. */
  readonly path: string | undefined;
  readonly input: unknown;
  /** For people: what was found and what that means. Holds no secret. */
  readonly found: readonly string[];
}

/** There is no such file, or it can't be read. */
export class SourceError extends Error {
  override readonly name = "SourceError";
}

/** Looked for in the current folder where no file is named. */
const USUAL = ["headgate.jsonc", "headgate.json"];

/**
 * Reads the named file, else a usual one, else what the environment offers.
 *
 * @throws {SourceError} If the named file can't be read.
 * @throws {ConfigError} If it isn't JSONC.
 */
export async function readSource(named: string | undefined): Promise<Source> {
  const path = named ?? USUAL.find((name) => existsSync(name));
  if (path === undefined) return fromEnvironment();
  return { path, input: await parsed(textOf(path), path), found: [`read ${path}`] };
}

/** Looks up an environment variable of this process. */
export const environment = (name: string): string | undefined => process.env[name];

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new SourceError(
      isMissing
        ? `There is no config at ${path}: check --config.`
        : `The config at ${path} can't be read: check that it is a file of yours.`,
    );
  }
}

async function parsed(text: string, path: string): Promise<unknown> {
  const { parse, printParseErrorCode, visit } = await import("jsonc-parser");
  const issues: ConfigIssue[] = [];
  const at = (line: number, column: number) => `${path}:${line + 1}:${column + 1}`;
  const keys: Set<string>[] = [];
  visit(text, {
    onError: (code, _offset, _length, line, column) => {
      issues.push({ path: at(line, column), message: `is not JSON: ${words(printParseErrorCode(code))}` });
    },
    onObjectBegin: () => void keys.push(new Set()),
    onObjectEnd: () => void keys.pop(),
    onObjectProperty: (name, _offset, _length, line, column) => {
      if (keys.at(-1)?.has(name)) issues.push({ path: at(line, column), message: `has the key "${name}" twice` });
      keys.at(-1)?.add(name);
    },
  }, { allowTrailingComma: true });
  if (issues.length > 0) throw new ConfigError(issues.slice(0, 20));
  return parse(text, [], { allowTrailingComma: true });
}

/** `PropertyNameExpected` as words. */
const words = (code: string): string => code.replace(/\B[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).toLowerCase();

/** Every provider whose usual variable is set. */
function fromEnvironment(): Source {
  const set = ROWS.filter(({ env }) => env !== undefined && (environment(env) ?? "").trim() !== "");
  const providers = Object.fromEntries(set.map(({ id, env }) => [id, { key: `env:${env}` }]));
  const input: Config = { store: "memory", providers };
  const keys = set.map(({ id, env }) => `found ${env}: provider ${id} is on`);
  return { path: undefined, input, found: ["no config file: state is kept in memory", ...keys] };
}
