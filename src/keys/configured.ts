/**
 * Keys of the config.
 *
 * @module
 */
import { hexOf } from "../digest.ts";
import type { GatewayKey } from "./holders.ts";
import type { KeyRecord, Role } from "./key.ts";

/** The keys of a config, as records. */
export interface Configured {
  has(id: string): boolean;
  /** In the order of their ids. */
  list(): Promise<readonly KeyRecord[]>;
}

/** Keys of a config. Makes no hash before it is asked. */
export function configured(keys: readonly GatewayKey[]): Configured {
  const sorted = [...keys].sort((one, other) => one.id < other.id ? -1 : 1);
  let made: readonly KeyRecord[] | undefined;
  // Kept once it is there: a call must not wait for work of another, which may be gone.
  const list = async () => made ??= await Promise.all(sorted.map(recordOf));
  const ids = new Set(keys.map(({ id }) => id));
  return { has: (id) => ids.has(id), list };
}

async function recordOf({ id, key, sha256, tenant, roles, grants, expires }: GatewayKey): Promise<KeyRecord> {
  const hash = sha256?.toLowerCase() ?? await hashed(key ?? "");
  return {
    id,
    tenant,
    roles: (roles ?? ["caller"]) as readonly Role[],
    grants: grants ?? {},
    expiresAt: expires === undefined ? undefined : Date.parse(expires),
    createdAt: 0,
    createdBy: "config",
    secrets: [{ hash, hint: hintOf(key), createdAt: 0, expiresAt: undefined }],
  };
}

/** Of a short secret four characters would tell too much. */
const hintOf = (secret = "") => secret.length < 24 ? "" : secret.slice(-4);

const hashed = async (text: string) => hexOf(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
