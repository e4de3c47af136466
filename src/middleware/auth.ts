/**
 * Auth: who is calling.
 *
 * @module
 */
import type { Call, Identified, Identity } from "../call.ts";
import { GatewayError } from "../errors.ts";
import type { Middleware } from "../middleware.ts";
import { recalled } from "../recall.ts";

/** A gateway key as it is configured. */
export interface GatewayKey {
  readonly id: string;
  /** The key itself, or its SHA-256 in hex. */
  readonly key?: string | undefined;
  readonly sha256?: string | undefined;
  readonly tenant?: string | undefined;
  readonly roles?: readonly string[] | undefined;
}

/** Options of {@link auth}. */
export interface AuthOptions {
  readonly keys: readonly GatewayKey[];
  /** Whether a call without a valid key is refused. */
  readonly required: boolean;
}

const ANONYMOUS: Identity = { key: "anonymous", tenant: undefined, roles: [] };

/**
 * Asks for a gateway key: in `cf-aig-authorization`, with or without `Bearer`, or where a client puts its provider's key.
 * Keys are compared by their hash; one that is found isn't passed on, whatever header it came in.
 */
export function auth({ keys, required }: AuthOptions): Middleware<unknown, Identified> {
  const identities = new Identities(keys);
  const anonymous: Identified = { identity: ANONYMOUS, gatewayKeys: identities.plain };
  if (keys.length === 0 && !required) return (call, next) => next({ ...call, ...anonymous });
  return async (call, next) => {
    const found = await find(call, identities);
    if (found === undefined) {
      if (required) throw refusal(credentialOf(call.heard.controls.get("authorization")));
      return next({ ...call, ...anonymous });
    }
    call.note({ type: "identity", identity: found.identity });
    const gatewayKeys = [...identities.plain, ...found.presented];
    const { identity, slot } = found;
    return next({ ...call, headers: found.headers, identity, gatewayKeys, slot });
  };
}

/**
 * Looks holders up by the hash of their key. A hash is dearer than all other rooms, so it is taken once, be the credential
 * the gateway's or a provider's.
 */
class Identities {
  readonly of: (credential: string) => Promise<Identity | undefined>;
  /** Keys that are configured as they are. */
  readonly plain: readonly string[];

  constructor(keys: readonly GatewayKey[]) {
    this.plain = keys.flatMap(({ key }) => key === undefined ? [] : [key]);
    // Hashes of the plain keys are taken on the first call: making a gateway does no work.
    let known: ReturnType<typeof byHash> | undefined;
    this.of = recalled(async (credential) => (await (known ??= byHash(keys))).get(await sha256(credential)));
  }
}

/** Where clients put a key that isn't meant for the gateway alone. */
const SLOTS = ["authorization", "x-api-key", "api-key", "x-goog-api-key"];

interface Found {
  readonly identity: Identity;
  /** The call's headers without the key. */
  readonly headers: Headers;
  /** The keys that came. */
  readonly presented: readonly string[];
  /** The first header of a provider's that one came in. */
  readonly slot: string | undefined;
}

async function find({ heard, headers }: Call, identities: Identities): Promise<Found | undefined> {
  const presented: string[] = [];
  const lookUp = async (text: string | null | undefined): Promise<Identity | undefined> => {
    const credential = credentialOf(text);
    const identity = credential && await identities.of(credential);
    if (!identity) return undefined;
    presented.push(credential);
    return identity;
  };
  let identity = await lookUp(heard.controls.get("authorization"));
  let rest: Headers | undefined;
  let slotTaken: string | undefined;
  for (const slot of SLOTS) {
    const other = headers.has(slot) ? await lookUp(headers.get(slot)) : undefined;
    if (other === undefined) continue;
    identity ??= other;
    slotTaken ??= slot;
    (rest ??= new Headers(headers)).delete(slot);
  }
  return identity && { identity, headers: rest ?? headers, presented, slot: slotTaken };
}

/** A client library without a key sends `Bearer undefined`: that is no credential, not a wrong one. */
function credentialOf(text: string | null | undefined): string | undefined {
  const credential = text?.replace(/^bearer\s+/i, "").trim();
  return credential === undefined || credential === "" || credential === "undefined" ? undefined : credential;
}

const refusal = (credential: string | undefined) =>
  new GatewayError(
    "unauthenticated",
    credential === undefined
      ? "Send a gateway key in cf-aig-authorization: this gateway asks for one."
      : "Send a valid gateway key in cf-aig-authorization: the one there isn't known.",
  );

async function byHash(keys: readonly GatewayKey[]): Promise<ReadonlyMap<string, Identity>> {
  const entries = keys.map(async ({ id, key, sha256: hash, tenant, roles }) =>
    [hash?.toLowerCase() ?? await sha256(key ?? ""), { key: id, tenant, roles: roles ?? ["caller"] }] as const
  );
  return new Map(await Promise.all(entries));
}

async function sha256(text: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
