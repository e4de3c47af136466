/**
 * Credentials: the client's own, else a stored one, else what a function gives.
 *
 * @module
 */
import type { Aimed, Call, Identified, Tagged, Target } from "../call.ts";
import { CLOCK, type Clock } from "../clock.ts";
import { GatewayError } from "../errors.ts";
import type { Middleware } from "../middleware.ts";
import type { Credential } from "../providers/account.ts";
import { ringOf, type Stored, unknownAlias } from "../providers/keys.ts";
import type { Auth } from "../providers/provider.ts";
import { type Signature, signatureOf, type Signer } from "../providers/signer.ts";
import { Cooling } from "../routing/cooling.ts";
import { chosenKey, learnOfKey } from "../routing/ring.ts";
import { given, personal, resultOf, verdictOn } from "./result.ts";

/**
 * Gives a call its credential where neither its client brings one nor one is stored; asked before each attempt. What it
 * throws, no client is shown.
 */
export type CredentialSource = (
  call: Call & Partial<Identified & Tagged>,
  target: Target,
) => Credential | undefined | Promise<Credential | undefined>;

/** Options of {@link credentials}. */
export interface CredentialsOptions {
  readonly source?: CredentialSource | undefined;
  /** Who signs, where a credential is an account. */
  readonly signers?: readonly Signer[] | undefined;
  /** Which stored keys are dead or throttled; known to this room alone if absent. */
  readonly cooling?: Cooling;
  readonly clock?: Clock;
}

/** Shows the provider a stored key, or one that `source` gives, unless the client's own credential is there: that wins. */
export function credentials(options: CredentialsOptions = {}): Middleware<Aimed> {
  const { source, signers = [], cooling = new Cooling(), clock = CLOCK } = options;
  return async (call, next) => {
    const { target } = call;
    if (bringsCredential(call, target)) {
      const own = ownCredential(call, target)?.replace(/^bearer\s+/i, "") ?? "";
      const signature = signed(own, target, signers, true);
      return await next(signature === undefined ? call : { ...call, target: shown(call, target, signature) });
    }
    const ring = ringOf(target);
    if (ring === undefined) {
      const found = source && await asked(source, call, clock);
      if (found) {
        const stored = signed(found, target, signers, false) ?? found as string;
        return given(personal(await resultOf(next({ ...call, target: shown(call, target, stored) }))));
      }
      refuseWithout(target);
      return await next(call);
    }
    const show = (index: number) => ({ ...call, target: shown(call, target, ring[index]!) });
    if (ring.length === 1) return await next(show(0));
    const index = chosenKey(target, ring, cooling, clock.now());
    const result = await resultOf(next(show(index)));
    const status = result instanceof Response ? result.status : undefined;
    learnOfKey(target, index, verdictOn(result, clock.now()), status, cooling, clock.now());
    return given(result);
  };
}

/** Milliseconds that a source has for its answer. */
const SOURCE_MS = 10_000;

/** A source that says nothing is as good as one that throws: no call waits longer for it than it has time. */
async function asked(source: CredentialSource, call: Call & Aimed, clock: Clock): Promise<Credential | undefined> {
  const { target, signal, deadlineAt = Infinity } = call;
  const answered = async () => await source(call, target);
  const over = new AbortController();
  const end = () => over.abort();
  if (signal.aborted) end();
  signal.addEventListener("abort", end);
  const late = clock.wait(Math.min(SOURCE_MS, deadlineAt - clock.now()), over.signal)
    .then(() => Promise.reject(new Error("late")));
  try {
    return await Promise.race([answered(), late]);
  } catch (cause) {
    if (signal.aborted) throw new GatewayError("client_gone", "The client left before the answer.", { cause });
    const { id } = target.provider;
    throw new GatewayError("credential_unavailable", `Try again: no credential for provider "${id}" could be had.`, {
      cause,
    });
  } finally {
    signal.removeEventListener("abort", end);
    end();
  }
}

/** @throws {GatewayError} Where a call names a key that isn't there, or may not go without one. */
function refuseWithout({ provider: { id, auth }, policy: { keyAlias, needsKey } }: Target): void {
  if (keyAlias !== undefined) throw unknownAlias(id, []);
  if (needsKey && auth.kind !== "none") {
    throw new GatewayError("missing_credential", `Send a key of "${id}" along, or have one stored: there is none.`);
  }
}

/** Names of the headers that a provider's credential may come in. */
export function credentialHeaders(auth: Auth): readonly string[] {
  let names = NAMES.get(auth);
  if (names === undefined) {
    names = [...(auth.header === undefined ? [] : [auth.header]), ...(auth.also ?? [])];
    NAMES.set(auth, names);
  }
  return names;
}

/** They are asked for several times a call. */
const NAMES = new WeakMap<Auth, readonly string[]>();

/** Parameters that hold a key at one provider or another. */
const PARAMETERS = ["key", "api_key", "access_token"];

/** Whether the client itself brings a credential for a target, wherever it put it. */
export function bringsCredential(call: Call & Partial<Identified>, target: Target): boolean {
  const { url: { search, searchParams } } = target;
  return ownCredential(call, target) !== undefined ||
    (search !== "" && PARAMETERS.some((name) => searchParams.getAll(name).some((value) => isOwn(call, value))));
}

/** The credential that the client itself brings in a header for a target; nothing where a stored one is used. */
export function ownCredential(call: Call & Partial<Identified>, target: Target): string | undefined {
  const { provider, headers, ownsCredentials } = target;
  for (const name of credentialHeaders(provider.auth)) {
    for (const value of [headers?.get(name), ownsCredentials ? call.headers.get(name) : undefined]) {
      if (isOwn(call, value)) return value ?? undefined;
    }
  }
  return undefined;
}

/**
 * By what it is remembered that a target is throttled or down: with whose credential, and with which model. Holds no
 * secret.
 */
export function coolingKeys(
  call: Call & Partial<Identified>,
  target: Target,
): { readonly credential: string; readonly model: string } {
  const { provider, url, model, policy: { keyAlias = "" } } = target;
  const isOwn = bringsCredential(call, target);
  const whose = isOwn ? fingerprint(`${ownCredential(call, target)}${url.search}`) : keyAlias;
  const credential = `${provider.id} ${url.origin} ${whose}`;
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
  if (text === null || text === undefined || call.gatewayKeys === undefined) return false;
  const shown = BASIC.test(text) ? textIn(text.replace(BASIC, "")) : text;
  return call.gatewayKeys.some((key) => shown.includes(key) || text.includes(key));
}

/** What clients make of a user's name and password, those of an address included. */
const BASIC = /^\s*basic\s+/i;

function textIn(base64: string): string {
  try {
    return atob(base64.trim());
  } catch {
    return "";
  }
}

const takesBearer = ({ provider: { compat }, path }: Target): boolean =>
  compat?.takesBearer === true && (path === compat.chat || path === compat.embeddings);

/**
 * Who signs with a credential; `undefined` where it is a key like any other.
 *
 * @param isClients A client's account chooses no issuer of tokens.
 */
function signed(
  credential: Credential,
  { provider }: Target,
  signers: readonly Signer[],
  isClients: boolean,
): Signature | undefined {
  const signature = signatureOf(credential, provider, signers, !isClients && provider.allowPrivate === true);
  if (typeof signature !== "string") return signature;
  throw new GatewayError(
    isClients ? "invalid_request" : "credential_refused",
    `Check the credential for "${provider.id}": it ${signature.replace(";", ",")}.`,
  );
}

/** The target with a credential in the form that its client uses; what stands in its place is not passed on. */
function shown(call: Call & Partial<Identified>, target: Target, stored: Stored): Target {
  if (target.provider.auth.header === undefined) return target;
  const { bare, form } = stripped(call, target);
  return typeof stored === "string" ? withKey(bare, stored, form) : { ...bare, signature: stored };
}

/** The form of a key that stands in the query; no header's name. */
const QUERY = "?";

/** Without what stands in a credential's place, and where that was. */
function stripped(
  call: Call & Partial<Identified>,
  target: Target,
): { readonly bare: Target & { readonly headers: Headers }; readonly form: string | undefined } {
  const { provider: { auth }, ownsCredentials } = target;
  const headers = new Headers(target.headers);
  let form = ownsCredentials ? call.slot : undefined;
  for (const name of credentialHeaders(auth)) {
    const isSteps = target.headers?.has(name) === true;
    if (isSteps || (ownsCredentials && call.headers.has(name))) form = name;
    if (isSteps) headers.delete(name);
  }
  const bare = { ...target, headers, ownsCredentials: false };
  if (auth.query === undefined || !target.url.searchParams.has(auth.query)) return { bare, form };
  const url = new URL(target.url);
  url.searchParams.delete(auth.query);
  return { bare: { ...bare, url }, form: QUERY };
}

function withKey(target: Target & { readonly headers: Headers }, key: string, form: string | undefined): Target {
  const { headers, url, provider: { id, auth } } = target;
  if (auth.header === undefined) return target;
  if (auth.query !== undefined && form === QUERY) {
    const keyed = new URL(url);
    keyed.searchParams.set(auth.query, key);
    return { ...target, url: keyed };
  }
  const name = takesBearer(target) ? "authorization" : auth.forms?.find((other) => other === form) ?? auth.header;
  const scheme = name === auth.header ? "scheme" in auth && auth.scheme : name === "authorization" && "Bearer";
  try {
    headers.set(name, scheme ? `${scheme} ${key}` : key);
  } catch {
    throw new GatewayError("credential_refused", `Check the credential for "${id}": it can't stand in a header.`);
  }
  return target;
}
