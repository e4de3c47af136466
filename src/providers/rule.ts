/**
 * Rules, read once: from a path below a provider to the parts of an upstream URL. Pure.
 *
 * @module
 */
import type { Rule } from "./provider.ts";

/** Text, or the place of a value among those that a path gave. */
type Piece = string | number;

/** A rule, taken apart. */
export interface CompiledRule {
  /** Leading parts that may be absent or doubled, with their slash: `v1/`. */
  readonly optional: readonly string[];
  /** One segment each: a literal, or `undefined` for any. */
  readonly segments: readonly (string | undefined)[];
  readonly takesRest: boolean;
  /** Names of the values that a match gives, in order; `rest` is the last, `account` is added by the caller. */
  readonly names: readonly string[];
  /** Scheme, host and port. */
  readonly host: readonly Piece[];
  /** From the first slash up to the first value. */
  readonly base: string;
  readonly tail: readonly Piece[];
  /** Places of the values that become part of a host, and of the others, `rest` not among them. */
  readonly inHost: readonly number[];
  readonly inPath: readonly number[];
}

/** Takes a rule apart. @throws {TypeError} If its target has no path or asks for what the match doesn't give. */
export function compileRule({ match, to }: Rule): CompiledRule {
  const optional = [...match.matchAll(/\(([^)]*)\)/g)].map((group) => group[1]!);
  const parts = match.replace(/\([^)]*\)/g, "").split("/");
  const takesRest = parts.at(-1) === "{rest}";
  const names = [...match.matchAll(/\{(\w+)\}/g)].map((name) => name[1]!).concat("account");
  const cut = to.indexOf("/", to.indexOf("://") + 3);
  if (cut < 0) throw new TypeError(`Give the target of rule "${match}" a path.`);
  const path = to.slice(cut);
  const first = path.indexOf("{");
  const host = pieces(to.slice(0, cut), names);
  const tail = first < 0 ? [] : pieces(path.slice(first), names);
  const inHost = host.filter((piece) => typeof piece === "number");
  const isInPath = (name: string, place: number) =>
    name === "account" ? tail.includes(place) : name !== "rest" && !inHost.includes(place);
  return {
    optional,
    segments: (takesRest ? parts.slice(0, -1) : parts).map((part) => part.startsWith("{") ? undefined : part),
    takesRest,
    names,
    host,
    base: first < 0 ? path : path.slice(0, first),
    tail,
    inHost,
    inPath: names.flatMap((name, place) => isInPath(name, place) ? [place] : []),
  };
}

/** The values that a path gives a rule, `rest` last; `undefined` if it doesn't fit. */
export function matchRule({ optional, segments, takesRest }: CompiledRule, path: string): string[] | undefined {
  let at = skipped(path, optional);
  const values: string[] = [];
  for (let index = 0; index < segments.length; index++) {
    const slash = path.indexOf("/", at);
    const end = slash < 0 ? path.length : slash;
    const part = path.slice(at, end);
    const wanted = segments[index];
    if (part === "" || (wanted !== undefined && wanted !== part)) return undefined;
    if (wanted === undefined) values.push(part);
    if (slash < 0 && index < segments.length - 1) return undefined;
    at = slash < 0 ? end : end + 1;
  }
  if (takesRest) values.push(at === 0 ? path : path.slice(at));
  else if (at < path.length) return undefined;
  return values;
}

/** Puts values in their places. */
export function filled(parts: readonly Piece[], values: readonly string[]): string {
  let text = "";
  for (const part of parts) text += typeof part === "number" ? values[part] : part;
  return text;
}

/** Where the path goes on after its optional parts, however often they come. */
function skipped(path: string, optional: readonly string[]): number {
  let at = 0;
  for (const part of optional) {
    while (path.startsWith(part, at)) at += part.length;
    if (path.length - at === part.length - 1 && part.startsWith(path.slice(at))) at = path.length;
  }
  return at;
}

function pieces(template: string, names: readonly string[]): readonly Piece[] {
  const parts = template.split(/\{(\w+)\}/).map((part, index) => index % 2 === 0 ? part : names.indexOf(part));
  if (parts.includes(-1)) throw new TypeError(`Name in the match what the target "${template}" asks for.`);
  return parts.filter((part) => part !== "");
}
