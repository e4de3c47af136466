/**
 * Keys of the vault, which are made and revoked over HTTP.
 *
 * @module
 */
import type { KeyRecord, Keyring } from "./key.ts";
import { closedAt, type Vault } from "./vault.ts";

/** Options of {@link kept}. */
export interface KeptOptions {
  readonly vault: Pick<Vault, "find">;
  /** Whether an id is one of the config, whose key wins. */
  readonly isTaken?: ((id: string) => boolean) | undefined;
  /** Epoch milliseconds. */
  readonly now?: (() => number) | undefined;
}

/** Looks keys up in a vault by the hash of a secret under the pepper. What has expired isn't found, whatever the store says. */
export function kept({ vault, isTaken = () => false, now = Date.now }: KeptOptions): Keyring {
  return {
    async find(hash) {
      const key = await vault.find(hash);
      if (key === undefined || key.revokedAt !== undefined || isTaken(key.id)) return undefined;
      return isOpen(key, hash, now()) ? key : undefined;
    },
  };
}

const isOpen = (key: KeyRecord, hash: string, now: number): boolean =>
  key.secrets.some((secret) => secret.hash === hash && (closedAt(key, secret) ?? Infinity) > now);
