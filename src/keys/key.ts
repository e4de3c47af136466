/**
 * Gateway keys: who holds one, what it opens, and where keys are looked up.
 *
 * @module
 */

/** What the holder of a key or a token may do. */
export type Role =
  /** Makes calls. */
  | "caller"
  /** Reads records of calls, without their bodies. */
  | "viewer"
  /** Reads bodies, too, and the audit trail. */
  | "auditor"
  /** Changes settings and keys, but sees no bodies. */
  | "operator"
  /** Everything. */
  | "admin"
  /** Sends recorded calls again. */
  | "replay"
  /** Deletes records. */
  | "delete";

export const ROLES: readonly Role[] = ["caller", "viewer", "auditor", "operator", "admin", "replay", "delete"];

/** What a key opens; what is absent isn't limited. Patterns, in which `*` stands for any characters. */
export interface Grants {
  readonly gateways?: readonly string[] | undefined;
  readonly providers?: readonly string[] | undefined;
  /** As `gpt-5*`, or with the provider, as `openai/gpt-5*`. */
  readonly models?: readonly string[] | undefined;
}

/** A gateway key as it is configured. */
export interface GatewayKey {
  readonly id: string;
  /** The key itself, or its SHA-256 in hex. */
  readonly key?: string | undefined;
  readonly sha256?: string | undefined;
  readonly tenant?: string | undefined;
  /** `["caller"]` if absent. */
  readonly roles?: readonly Role[] | undefined;
  readonly grants?: Grants | undefined;
  /** ISO 8601: from when it opens nothing. */
  readonly expires?: string | undefined;
}

/** One key as it is kept: never the key itself. */
export interface KeyRecord {
  /** Its name in logs and in the management of keys. */
  readonly id: string;
  /** Who is served and billed; a key without one serves nobody in particular. */
  readonly tenant: string | undefined;
  readonly roles: readonly Role[];
  readonly grants: Grants;
  /** Epoch milliseconds; never, if absent. */
  readonly expiresAt: number | undefined;
  readonly createdAt: number;
  /** Id of the key that made it; `config` for one of the config. */
  readonly createdBy: string;
  /** One, or two while it is being rotated. */
  readonly secrets: readonly KeySecret[];
}

/** Whether an id means somebody else where calls are told of: nobody, the config, or the holder of a token. */
export const isReserved = (id: string): boolean => id === "anonymous" || id === "config" || /^jwt(?::|$)/.test(id);

/** One of a key's secrets. */
export interface KeySecret {
  /** HMAC-SHA256 of the secret under the pepper, in hex; plain SHA-256 for those of a config. */
  readonly hash: string;
  /** The secret's last four characters, to tell it by. */
  readonly hint: string;
  readonly createdAt: number;
  /** Epoch milliseconds: when the older of two goes. */
  readonly expiresAt: number | undefined;
}

/** Where keys are looked up. */
export interface Keyring {
  /** The key that one of these hashes belongs to; `undefined` where none does, or it was revoked. */
  find(hash: string): Promise<KeyRecord | undefined>;
}
