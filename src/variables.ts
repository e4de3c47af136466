/**
 * Environment variables in a config file. Only the command line reads them: a gateway itself has no environment.
 *
 * @module
 */
import type { ConfigIssue } from "./config.ts";
import { below, issue } from "./part.ts";

/** Looks up an environment variable. */
export type Environment = (name: string) => string | undefined;

/** Where values are looked up, and what is wrong with them. */
export interface Lookup {
  readonly env: Environment;
  readonly issues: ConfigIssue[];
}

/** Deeper than any config is: a config with a circle in it ends here. */
const MAX_DEPTH = 8;

/** A copy with `env:NAME` replaced. */
export function resolved(value: unknown, path: string, lookup: Lookup, depth: number = 0): unknown {
  if (typeof value === "string") return value.startsWith("env:") ? variable(value, path, lookup) : value;
  if (typeof value !== "object" || value === null || depth > MAX_DEPTH) return value;
  const inside = (item: unknown, name: string | number) => resolved(item, below(path, name), lookup, depth + 1);
  if (Array.isArray(value)) return value.map(inside);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, inside(item, name)]));
}

/** Stands for a value that isn't there, so that the rest is checked, too. */
const UNSET = "unset";

/** What a variable holds, without the line break that files like to end with. */
function variable(reference: string, path: string, { env, issues }: Lookup): string {
  const name = reference.slice(4);
  const isName = /^[a-z_]\w*$/i.test(name);
  const value = isName ? env(name)?.trim() : undefined;
  if (value !== undefined && value !== "") return value;
  const line = isName
    ? `asks for the environment variable ${name}, which is not set; set it`
    : 'must be "env:" and a name';
  issues.push(issue(path, line));
  return UNSET;
}
