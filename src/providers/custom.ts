/**
 * Providers that the config makes or moves. Pure.
 *
 * @module
 */
import { originProblem } from "../origin.ts";
import { overlay } from "../overlay.ts";
import type { Auth, Dialect, Provider, Rule, WireId } from "./provider.ts";
import { ALL_OF_OPENAI, ANTHROPIC, BEARER, GEMINI, OPENAI, type Wires } from "./shape.ts";

/** What may be said about a custom provider. */
export interface CustomOptions {
  /** Its base URL; a path in it is kept. */
  readonly origin?: string | undefined;
  /** What it speaks wherever a path doesn't tell; without it, what OpenAI's, Anthropic's and Google's paths tell. */
  readonly wire?: WireId | undefined;
  readonly allowPrivate?: boolean | undefined;
  /** Where it offers OpenAI's endpoints, if not at `chat/completions`, `embeddings` and `models` below its origin. */
  readonly compat?: Provider["compat"];
  /** How it is shown its key; `Authorization: Bearer` if absent. */
  readonly auth?: { readonly header: string; readonly scheme?: string | undefined } | undefined;
  /** Sent with every attempt. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Whether its chat streams tell their usage only when asked. */
  readonly asksForUsage?: boolean | undefined;
  readonly prefills?: boolean | undefined;
  readonly windows?: Readonly<Record<string, number>> | undefined;
}

/**
 * A provider that isn't in the table: `custom-mine/a/b` goes to `{origin}/a/b`. Where the origin ends with a version,
 * as `https://x.y/v1`, a client may leave that out or say it again.
 *
 * @throws {TypeError} If the origin can't be a base URL.
 */
export function customProvider(id: string, options: CustomOptions): Provider {
  const { origin, wire, compat, auth, headers, allowPrivate, asksForUsage, prefills, windows } = options;
  const base = baseOf(id, origin);
  const version = /\/(v\d+[a-z]*)$/.exec(base)?.[1];
  const isOpenai = wire === undefined || wire.startsWith("openai-");
  const paths = isOpenai ? { ...ALL_OF_OPENAI, ...compat } : compat;
  const provider: Provider = {
    id,
    rules: [{ match: version === undefined ? "{rest}" : `(${version}/){rest}`, to: `${base}/{rest}` }],
    auth: auth === undefined ? { ...BEARER, also: ["x-api-key", "api-key", "x-goog-api-key"] } : authIn(auth),
    wires: wiresOf(wire),
    dialect: dialectOf(wire),
  };
  return overlay(provider, { compat: paths, headers, allowPrivate, asksForUsage, prefills, windows });
}

/**
 * The same provider at another address: a proxy, a regional endpoint, a test. Scheme, host and port are replaced, a
 * path of the new origin comes before that of the provider (what both have is not said twice), and what the old host
 * was built from may be left out in front: `azure-openai/v1/...` where the origin already names the resource.
 *
 * @throws {TypeError} If the origin can't be a base URL.
 */
export function withOrigin(provider: Provider, origin: string): Provider {
  const base = baseOf(provider.id, origin);
  const rules = provider.rules.flatMap((rule) => moved(rule, base));
  const { targetUrl } = provider;
  return overlay(provider, { rules, targetUrl: targetUrl && { ...targetUrl, origin: base } });
}

/** Without a trailing slash. */
function baseOf(id: string, origin: string | undefined): string {
  const problem = origin === undefined ? "must be set" : originProblem(origin, true);
  if (origin === undefined || problem !== undefined) {
    throw new TypeError(`Check the origin of provider "${id}": it ${problem}.`);
  }
  const url = new URL(origin);
  return url.origin + url.pathname.replace(/\/+$/, "");
}

/** The rule at its new address; before it, where its path begins with what only the old host needed, one without. */
function moved({ match, to }: Rule, base: string): readonly Rule[] {
  const cut = to.indexOf("/", to.indexOf("://") + 3);
  const target = joined(base, to.slice(cut));
  const first = /^(\{\w+\})\/(?!\{)/.exec(match);
  const isSpare = first !== null && to.slice(0, cut).includes(first[1]!) && !to.slice(cut).includes(first[1]!);
  const rule = { match, to: target };
  return isSpare ? [{ match: match.slice(first[0].length), to: target }, rule] : [rule];
}

/** Base and path, less the segments that end the one and begin the other; an `{account}` may be spelled out. */
function joined(base: string, path: string): string {
  const origin = new URL(base).origin;
  const before = base.slice(origin.length).split("/").slice(1);
  const after = path.split("/").slice(1);
  const overlaps = (count: number) =>
    before.slice(-count).every((part, index) => part === after[index] || after[index] === "{account}");
  let count = Math.min(before.length, after.length);
  while (count > 0 && !overlaps(count)) count--;
  return [base, ...after.slice(count)].join("/");
}

function authIn({ header, scheme }: { readonly header: string; readonly scheme?: string | undefined }): Auth {
  const name = header.toLowerCase();
  const also = name === "authorization" ? [] : ["authorization"];
  return overlay<Extract<Auth, { kind: "key" }>>({ kind: "key", header: name, also }, { scheme });
}

const EVERYWHERE = /^/;

function wiresOf(wire: WireId | undefined): Wires {
  const told = [...OPENAI, ...ANTHROPIC, ...GEMINI];
  return wire === undefined ? told : [...told, [EVERYWHERE, wire]];
}

function dialectOf(wire: WireId | undefined): Dialect {
  if (wire === "anthropic-messages") return "anthropic";
  if (wire === "gemini") return "gemini";
  return wire === undefined || wire === "ollama" || wire.startsWith("openai-") ? "openai" : "cloudflare";
}
