/**
 * Auth: who is calling.
 *
 * @module
 */
import type { Identified, Identity } from "../call.ts";
import { GatewayError } from "../errors.ts";
import type { Middleware } from "../middleware.ts";

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

/** Asks for a gateway key in `cf-aig-authorization`, with or without `Bearer`; keys are compared by their hash. */
export function auth({ keys, required }: AuthOptions): Middleware<unknown, Identified> {
  /** Hashes of the plain keys are taken on the first call: making a gateway does no work. */
  let identities: Promise<ReadonlyMap<string, Identity>> | undefined;
  return async (call, next) => {
    const credential = credentialOf(call.heard.controls.get("authorization"));
    identities ??= byHash(keys);
    const identity = credential === undefined ? undefined : (await identities).get(await sha256(credential));
    if (identity === undefined && required) throw refusal(credential);
    if (identity !== undefined) call.note({ type: "identity", identity });
    return next({ ...call, identity: identity ?? ANONYMOUS });
  };
}

/** A client library without a key sends `Bearer undefined`: that is no credential, not a wrong one. */
function credentialOf(header: string | undefined): string | undefined {
  const credential = header?.replace(/^bearer\s+/i, "").trim();
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
