/**
 * Keys as they are shown: never a hash, and a secret only where it was just made.
 *
 * @module
 */
import type { KeyRecord } from "../keys/key.ts";
import type { KeptKey } from "../keys/vault.ts";

/** A key as JSON shows it. Times are ISO 8601. */
export interface ShownKey {
  readonly id: string;
  readonly tenant: string | null;
  readonly roles: readonly string[];
  readonly grants: KeyRecord["grants"];
  readonly expiresAt: string | null;
  readonly createdAt: string | null;
  readonly createdBy: string;
  /** Where it is kept: those of the config can't be changed here. */
  readonly source: "config" | "store";
  readonly state: "active" | "expired" | "revoked";
  readonly revokedAt: string | null;
  readonly secrets: readonly {
    readonly hint: string;
    readonly createdAt: string | null;
    readonly expiresAt: string | null;
  }[];
  /** As in its `etag`; `null` for one of the config. */
  readonly version: number | null;
}

/** Shows a key of the vault, or of a config. */
export function shown(key: KeyRecord | KeptKey, now: number): ShownKey {
  const { id, tenant = null, roles, grants, createdBy, secrets } = key;
  const revokedAt = "revokedAt" in key ? key.revokedAt : undefined;
  const isExpired = key.expiresAt !== undefined && key.expiresAt <= now;
  return {
    id,
    tenant,
    roles,
    grants,
    expiresAt: timeOf(key.expiresAt),
    createdAt: timeOf(key.createdAt || undefined),
    createdBy,
    source: "version" in key ? "store" : "config",
    state: revokedAt !== undefined ? "revoked" : isExpired ? "expired" : "active",
    revokedAt: timeOf(revokedAt),
    secrets: secrets
      .filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now)
      .map(({ hint, createdAt, expiresAt }) => ({
        hint,
        createdAt: timeOf(createdAt || undefined),
        expiresAt: timeOf(expiresAt),
      })),
    version: "version" in key ? key.version : null,
  };
}

/** ISO 8601, or `null` for never. */
export const timeOf = (at: number | undefined): string | null => at === undefined ? null : new Date(at).toISOString();
