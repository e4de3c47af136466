/**
 * Rules, read once: from a path below a provider to the parts of an upstream URL. Pure.
 *
 * @module
 */
import type { Rule } from "./provider.ts";

/** Text and the names of values in turn. */
type Template = readonly string[];

/** What a path gave, by name. */
export type Values = Readonly<Record<string, string | undefined>>;

/** A rule, taken apart. */
export interface CompiledRule {
  /** Finds the values, each in a group of its name. */
  readonly pattern: RegExp;
  /** Segments that are no value and may not be left out. */
  readonly words: readonly string[];
  /** Scheme, host and port. */
  readonly host: Template;
  /** From the first slash up to the first value. */
  readonly base: string;
  readonly tail: Template;
  /** Names of the values that become part of a host, and of the others, `rest` not among them. */
  readonly inHost: readonly string[];
  readonly inPath: readonly string[];
}

/** Takes a rule apart. @throws {TypeError} If its target has no path or asks for what the match doesn't give. */
export function compileRule({ match, to }: Rule): CompiledRule {
  const given = template(match);
  const [, origin = "", base = "", rest = ""] = /^(\w+:\/\/[^/]*)(\/[^{]*)(.*)$/.exec(to) ?? [];
  const host = template(origin);
  const tail = template(rest);
  const asked = [...names(host), ...names(tail)];
  if (base === "" || asked.some((name) => name !== "account" && !given.includes(name))) {
    throw new TypeError(`Give the target "${to}" a path, and name in "${match}" what it asks for.`);
  }
  return {
    pattern: patternOf(match),
    words: match.replace(/\([^)]*\)|\{\w+\}/g, "").split("/"),
    host,
    base,
    tail,
    inHost: names(host),
    inPath: [...names(given), "account"].filter((name) =>
      name === "account" ? tail.includes(name) : name !== "rest" && !host.includes(name)
    ),
  };
}

/** Optional parts come as often as they like, each value is one segment, and a slash at the end is nothing. */
function patternOf(match: string): RegExp {
  const source = match.replace(/[.+*?^$|[\]\\]/g, "\\$&")
    .replace(/\(([^)]*)\/\)/g, "(?:$1(?:/|$))*")
    .replace(/\/\{rest\}$/, "(?:/(?<rest>.*))?")
    .replace(/\{rest\}$/, "(?<rest>.*)")
    .replace(/\{(\w+)\}/g, "(?<$1>[^/]+)");
  return new RegExp(`^${source}${match.endsWith("{rest}") ? "" : "/?"}$`, "s");
}

/** Puts values in their places. */
export function filled(parts: Template, values: Values): string {
  let text = "";
  for (let index = 0; index < parts.length; index++) {
    text += index % 2 === 0 ? parts[index] : values[parts[index]!] ?? "";
  }
  return text;
}

const template = (text: string): Template => text.split(/\{(\w+)\}/);

const names = (parts: Template): readonly string[] => parts.filter((_, index) => index % 2 === 1);
