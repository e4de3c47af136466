/**
 * Slots: where in a request a client can put a key. Pure.
 *
 * @module
 */
import type { Call } from "../call.ts";
import { isObject } from "../json.ts";
import * as HEADER from "../names.ts";
import { PREFIX } from "./secret.ts";

/** One place where something was found that may be a credential. */
export interface Slot {
  /** As messages call it; holds nothing of what was found. */
  readonly name: string;
  readonly kind: "control" | "path" | "protocol" | "header" | "query";
  /** Whether nothing but a gateway's credential belongs there. */
  readonly isOwn: boolean;
  /** Without its scheme; `undefined` where a client has put what it makes of a missing one. */
  readonly credential: string | undefined;
  /** Of the header or the parameter; of a subprotocol its place in the list. */
  readonly at: string | number;
}

/** Headers in which clients also show a provider its key. */
const HEADERS = ["authorization", "x-api-key", "api-key", "x-goog-api-key", "xi-api-key", "ocp-apim-subscription-key"];

/** Parameters of clients that can set no header: Gemini's, Azure's, and browsers. */
const PARAMETERS: ReadonlySet<string> = new Set([
  HEADER.authorization,
  "key",
  "api-key",
  "api_key",
  "access_token",
  "authorization",
]);

/** Subprotocols that carry a key behind a dot. */
const PROTOCOLS = [`${HEADER.authorization}.`, "openai-insecure-api-key."];

/** All that a call holds, most certain first: what is meant for the gateway alone goes before what a provider may want. */
export function slotsOf({ heard, headers, url, pathKey }: Pick<Call, "heard" | "headers" | "url" | "pathKey">): Slot[] {
  const slots: Slot[] = [];
  const put = (kind: Slot["kind"], name: string, at: string | number, isOwn: boolean, text: string) =>
    void slots.push({ name, kind, isOwn, credential: credentialOf(text), at });
  const control = heard.controls.get("authorization");
  if (control !== undefined) put("control", HEADER.authorization, HEADER.authorization, true, control);
  if (pathKey !== undefined) put("path", "the path behind /k/", "", true, pathKey);
  const offered = headers.get("sec-websocket-protocol");
  if (offered !== null) {
    for (const { prefix, text, at } of inProtocols(offered)) {
      put("protocol", `the subprotocol ${prefix.replace(/\.$/, "")}`, at, prefix === PROTOCOLS[0], text);
    }
  }
  for (const name of HEADERS) {
    const text = headers.get(name);
    if (text !== null) put("header", name === "authorization" ? "Authorization" : name, name, false, text);
  }
  if (url.search !== "") {
    for (const [name, text] of url.searchParams) {
      const lower = name.toLowerCase();
      if (PARAMETERS.has(lower)) put("query", `the query's ${lower}`, name, lower === HEADER.authorization, text);
    }
  }
  return slots;
}

/** Steps that are looked into; more are refused. */
const MOST_STEPS = 32;

/**
 * What a universal call's steps hold where they show their providers a key. It opens nothing; but what is the gateway's goes
 * on from there as little as from any other place.
 */
export function credentialsInSteps({ route, body }: Pick<Call, "route" | "body">): readonly string[] {
  if (route.kind !== "universal" || body.kind !== "json") return [];
  const { value } = body.json;
  const steps = (Array.isArray(value) ? value : [value]).slice(0, MOST_STEPS).filter(isObject);
  const texts = steps.flatMap(({ headers, endpoint }) => [
    ...Object.entries(isObject(headers) ? headers : {}).filter(([name]) => HEADERS.includes(name.toLowerCase())),
    ...new URLSearchParams(typeof endpoint === "string" ? endpoint.replace(/^[^?]*/, "") : ""),
  ]);
  return [...new Set(texts.flatMap(([, text]) => typeof text === "string" ? credentialOf(text) ?? [] : []))];
}

const SCHEME = /^(?:(?:bearer|token|key)\s+)+/i;

/** What a client library makes of a missing key, and a variable that nobody put a value in the place of. */
const BLANK =
  /^(?:undefined|null|none|unused|nan|\[object \w+\]|bearer|basic|token|key|\$\{?\w+\}?|\{\{.*\}\}|<.*>)?$/i;

/** What stands behind the scheme; `undefined` where that is nothing. */
export function credentialOf(text: string): string | undefined {
  const credential = text.trim().replace(SCHEME, "").trim();
  return BLANK.test(credential) ? undefined : credential;
}

interface Offered {
  readonly prefix: string;
  readonly text: string;
  readonly at: number;
}

/** Keys among the subprotocols that a client offers: behind a prefix, or behind `token` or `bearer`, as Deepgram's do. */
function inProtocols(offered: string): Offered[] {
  const items = protocolsIn(offered);
  return items.flatMap((item, at) => {
    const prefix = PROTOCOLS.find((prefix) => item.startsWith(prefix));
    if (prefix !== undefined) return [{ prefix, text: item.slice(prefix.length), at }];
    const before = items[at - 1]?.toLowerCase();
    return before === "token" || before === "bearer" ? [{ prefix: before, text: item, at }] : [];
  });
}

const protocolsIn = (offered: string) => offered.split(",").map((item) => item.trim());

/** A call without what was found to be the gateway's. */
export function without(
  { headers, url }: Pick<Call, "headers" | "url">,
  slots: readonly Slot[],
): Pick<Call, "headers" | "url"> {
  const [names, protocols, parameters] = (["header", "protocol", "query"] as const)
    .map((wanted) => slots.flatMap(({ kind, at }) => kind === wanted ? [at] : [])) as [string[], number[], string[]];
  const changed = names.length + protocols.length === 0 ? headers : new Headers(headers);
  for (const name of names) changed.delete(name);
  if (protocols.length > 0) dropProtocols(changed, protocols);
  return { headers: changed, url: parameters.length === 0 ? url : withoutParameters(url, parameters) };
}

function dropProtocols(headers: Headers, places: readonly number[]): void {
  const rest = protocolsIn(headers.get("sec-websocket-protocol") ?? "").filter((_, at) => !places.includes(at));
  if (rest.length === 0) headers.delete("sec-websocket-protocol");
  else headers.set("sec-websocket-protocol", rest.join(", "));
}

/** Every other parameter stays as it was written. */
function withoutParameters(url: URL, names: readonly string[]): URL {
  const rest = url.search.slice(1).split("&").filter((pair) => {
    const [name = ""] = new URLSearchParams(pair).keys();
    return !names.includes(name);
  });
  const changed = new URL(url);
  changed.search = rest.join("&");
  return changed;
}

/**
 * Takes the key out of a path that begins with `/k/{key}`: for clients that can be given an address and nothing else.
 * Nothing behind this sees it, whatever it is.
 */
export function takeKey(url: URL, basePath: string): { readonly url: URL; readonly pathKey: string | undefined } {
  const { pathname } = url;
  if (!pathname.startsWith(basePath)) return { url, pathKey: undefined };
  const found = KEY_IN_PATH.exec(pathname.slice(basePath.length));
  if (found === null) return { url, pathKey: undefined };
  const [, version = "", written = "", rest = ""] = found;
  // Behind a version `k` may be an account, unless what follows can be nothing but a key.
  if (version !== "" && !written.startsWith(PREFIX)) return { url, pathKey: undefined };
  const changed = new URL(url);
  changed.pathname = basePath + (version + rest || "/");
  return { url: changed, pathKey: decoded(written) };
}

/** Tolerates what routes do: doubled slashes, and any case. */
const KEY_IN_PATH = /^((?:\/+v1)*)\/+k\/+([^/]*)(.*)$/is;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
