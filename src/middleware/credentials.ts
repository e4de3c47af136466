/**
 * Credentials: a stored provider key where the client brought none.
 *
 * @module
 */
import type { Aimed, Call, Identified, Target } from "../call.ts";
import type { Middleware } from "../middleware.ts";
import * as HEADER from "../names.ts";
import type { Auth } from "../providers/provider.ts";

/** Stored provider keys by provider id. */
export type StoredKeys = ReadonlyMap<string, string>;

/** Shows the provider its stored key, unless the client's own credential is there: that wins. */
export function credentials(keys: StoredKeys): Middleware<Aimed> {
  return (call, next) => {
    const key = keys.get(call.target.provider.id);
    if (key === undefined || bringsCredential(call, call.target)) return next(call);
    return next({ ...call, target: withKey(call.target, key) });
  };
}

/** Names of the headers that a provider's credential may come in. */
export function credentialHeaders(auth: Auth): readonly string[] {
  const also = auth.also ?? [];
  return auth.header === undefined ? also : [auth.header, ...also];
}

function bringsCredential(
  call: Call & Partial<Identified>,
  { provider, headers, ownsCredentials, url }: Target,
): boolean {
  for (const name of credentialHeaders(provider.auth)) {
    if (isOwn(call, headers?.get(name)) || (ownsCredentials && isOwn(call, call.headers.get(name)))) return true;
  }
  return url.search !== "" && ["key", "api_key", "access_token"].some((name) => url.searchParams.has(name));
}

/** The credential that the client itself brings for a target, wherever it put it; nothing where a stored one is used. */
export function ownCredential(call: Call & Partial<Identified>, target: Target): string | undefined {
  const { provider, headers, ownsCredentials } = target;
  for (const name of credentialHeaders(provider.auth)) {
    for (const value of [headers?.get(name), ownsCredentials ? call.headers.get(name) : undefined]) {
      if (isOwn(call, value)) return value ?? undefined;
    }
  }
  return undefined;
}

/** By what it is remembered that a target is throttled or down: for whom, and with which model. Holds no secret. */
export function coolingKeys(call: Call, target: Target): { readonly credential: string; readonly model: string } {
  const { provider, headers, ownsCredentials, url, model } = target;
  const value = credentialHeaders(provider.auth)
    .map((name) => headers?.get(name) ?? (ownsCredentials ? call.headers.get(name) : null))
    .find((value) => value !== null && value !== undefined);
  const credential = `${provider.id} ${url.origin} ${fingerprint(`${value ?? ""}${url.search}`)}`;
  return { credential, model: `${credential} ${model}` };
}

/** Tells credentials apart and says nothing of them: two rounds of FNV-1a. */
function fingerprint(text: string): string {
  let [one, two] = [0x811c9dc5, 0xc59d1c81];
  for (let at = 0; at < text.length; at++) {
    one = Math.imul(one ^ text.charCodeAt(at), 0x01000193);
    two = Math.imul(two ^ text.charCodeAt(text.length - 1 - at), 0x01000193);
  }
  return (one >>> 0).toString(36) + (two >>> 0).toString(36);
}

const isOwn = (call: Partial<Identified>, value: string | null | undefined): boolean =>
  typeof value === "string" && !NO_KEY.test(value.trim()) && !holdsGatewayKey(call, value);

/** What a client library makes of a missing key is no credential, and neither is what one writes to please it. */
const NO_KEY = /^(?:(?:\w+\s+)?(?:undefined|null|none|unused)|bearer|basic|token|key)?$/i;

/** Whether a key of the gateway's own stands in a text: that is for no provider, wherever a client has put it. */
export function holdsGatewayKey(call: Partial<Identified>, text: string | null | undefined): boolean {
  return text !== null && text !== undefined && call.gatewayKeys?.some((key) => text.includes(key)) === true;
}

const takesBearer = ({ provider: { compat }, path }: Target): boolean =>
  compat?.takesBearer === true && (path === compat.chat || path === compat.embeddings);

function withKey(target: Target, key: string): Target {
  const { auth } = target.provider;
  if (auth.header === undefined) return target;
  const headers = new Headers(target.headers);
  if (target.headers !== undefined) headers.delete(HEADER.authorization);
  if (takesBearer(target)) headers.set("authorization", `Bearer ${key}`);
  else headers.set(auth.header, "scheme" in auth && auth.scheme !== undefined ? `${auth.scheme} ${key}` : key);
  return { ...target, headers, ownsCredentials: false };
}
