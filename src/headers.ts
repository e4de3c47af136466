/**
 * Which headers pass, in either direction: a name that isn't listed doesn't.
 *
 * @module
 */

import { recalled } from "./recall.ts";

/** What a client's headers say, read in one pass. */
export interface Heard {
  /** The gateway's own headers, lower-case, without `cf-aig-`; the old `cf-cache-ttl` is `cache-ttl`. */
  readonly controls: ReadonlyMap<string, string>;
  /** What any provider may see. Credentials aren't in it: each row names its own. */
  readonly common: readonly (readonly [string, string])[];
}

const NO_CONTROLS: ReadonlyMap<string, string> = new Map();

/** Reads all headers once. Names that `Connection` lists are dropped whatever they are. */
export function readHeaders(headers: Headers): Heard {
  const common: [string, string][] = [];
  let controls: Map<string, string> | undefined;
  let listed: string | null | undefined;
  // Ten times as fast as iterating on some runtimes.
  headers.forEach((value, name) => {
    const role = roleOf(name);
    if (typeof role === "string") (controls ??= new Map()).set(role, value);
    else if (role) {
      listed ??= headers.get("connection");
      if (!isListed(name, listed)) common.push([name, value]);
    }
  });
  return { controls: controls ?? NO_CONTROLS, common };
}

/** What a client's header is: a control, by its name, or something that any provider may see or may not. */
const roleOf = recalled<string | boolean>((name) => controlName(name) ?? passesOut(name));

/** What the gateway's own headers are called without their prefix: `cf-aig-cache-ttl` and the old `cf-cache-ttl` both `cache-ttl`. */
export function controlName(name: string): string | undefined {
  if (name.startsWith("cf-aig-")) return name.slice(7);
  return name === "cf-cache-ttl" || name === "cf-skip-cache" ? name.slice(3) : undefined;
}

const isListed = (name: string, connection: string | null | undefined) =>
  connection !== null && connection !== undefined && connection !== "keep-alive" &&
  connection.toLowerCase().split(",").some((token) => token.trim() === name);

/** Names that any provider may be shown. */
const OUT: ReadonlySet<string> = new Set([
  "accept",
  "accept-language",
  "content-type",
  "user-agent",
  "idempotency-key",
  "if-none-match",
  "prefer",
  "range",
  "http-referer",
  "x-title",
  "x-client-request-id",
  "x-request-id",
  "x-server-timeout",
  "x-initiator",
  "session-id",
  "thread-id",
  "x-session-id",
  "x-session-affinity",
  "traceparent",
  "tracestate",
]);

const OUT_PREFIXES = [
  "x-stainless-",
  "anthropic-",
  "openai-",
  "x-goog-",
  "x-amz-",
  "x-amzn-",
  "x-ms-",
  "x-codex-",
  "x-claude-",
];

/** Credentials by any name are never common. */
const CREDENTIALS: ReadonlySet<string> = new Set(["x-goog-api-key", "x-amz-security-token"]);

/** Whether any provider may see a request header of this name. */
export function passesOut(name: string): boolean {
  return OUT.has(name) || (OUT_PREFIXES.some((prefix) => name.startsWith(prefix)) && !CREDENTIALS.has(name));
}

/** Names of a provider's answer that a client may see. */
const IN: ReadonlySet<string> = new Set([
  "accept-ranges",
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-length",
  "content-range",
  "content-type",
  "etag",
  "expires",
  "last-modified",
  "location",
  "request-id",
  "retry-after",
  "retry-after-ms",
  "x-ms-retry-after-ms",
  "x-ms-region",
  "x-ms-request-id",
  "apim-request-id",
  "x-request-id",
  "x-should-retry",
  "openai-model",
  "openai-processing-ms",
  "openai-version",
  "cf-ray",
  "dg-request-id",
  "x-groq-region",
  "x-fal-request-id",
  "x-fal-billable-units",
  "x-generation-id",
]);

const IN_PREFIXES = ["x-ratelimit-", "anthropic-ratelimit-", "x-amzn-", "x-tokenlimit-"];

/** Whether a client may see an answer's header of this name, whoever answers. */
const passesIn = recalled<boolean>((name) => IN.has(name) || IN_PREFIXES.some((prefix) => name.startsWith(prefix)));

/** The headers of a provider's answer that a client may see. */
export function readAnswerHeaders(headers: Headers, own: readonly string[] = []): [string, string][] {
  const passed: [string, string][] = [];
  const connection = headers.get("connection");
  headers.forEach((value, name) => {
    if ((passesIn(name) || own.includes(name)) && !isListed(name, connection)) passed.push([name, value]);
  });
  return passed;
}
