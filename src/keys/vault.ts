/**
 * What is kept for long: gateway keys, and the trail of what was done to them. A port with five verbs.
 *
 * @module
 */
import type { KeyRecord } from "./key.ts";

/** A key as the vault holds it. */
export interface KeptKey extends KeyRecord {
  /** From 1, one more with each change. */
  readonly version: number;
  /** Epoch milliseconds. */
  readonly revokedAt: number | undefined;
}

/** Milliseconds for which a key is still shown that was revoked or has expired. Its id is free after that. */
export const SHOWN_MS: number = 30 * 24 * 60 * 60 * 1000;

/** Characters of a hash in hex. */
export const HASH_LENGTH = 64;

/** The end of the trail: what the next row is chained to. */
export interface Head {
  /** Rows so far. */
  readonly count: number;
  /** Of the last row, in hex; zeros before the first. */
  readonly hash: string;
}

/** Before the first row. */
export const START: Head = { count: 0, hash: "0".repeat(HASH_LENGTH) };

/** A row of the trail, and the change that it tells of: both are written, or neither. */
export interface Entry {
  /** What the row was chained to. */
  readonly head: Head;
  /** Its hash in hex, and right after that the row. */
  readonly line: string;
  readonly change?: Change | undefined;
}

/** One key before and after. */
export interface Change {
  /** `undefined` for a new one. */
  readonly was: KeptKey | undefined;
  readonly to: KeptKey;
}

/** What became of an entry. */
export type Written =
  | { readonly kind: "written" }
  /** Somebody else wrote a row: chain it to this. Nothing was written. */
  | { readonly kind: "moved"; readonly head: Head }
  /** Somebody else changed the key: read it again. Nothing was written. */
  | { readonly kind: "outdated" };

/** Which keys are listed. */
export interface Listing {
  /** Of one tenant alone. */
  readonly tenant: string | undefined;
  /** The last id of the page before. */
  readonly after: string | undefined;
  readonly limit: number;
}

/** One page of keys by their ids. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** The next page's `after`; `undefined` on the last one. */
  readonly next: string | undefined;
}

/** Where keys and the trail are kept. */
export interface Vault {
  /** As in messages: `memory`, `upstash`. */
  readonly kind: string;
  /** The key that a secret's hash belongs to; `undefined` once the secret or the key is gone. */
  find(hash: string): Promise<KeptKey | undefined>;
  /** A key by its id, be it revoked. */
  read(id: string): Promise<KeptKey | undefined>;
  list(listing: Listing): Promise<Page<KeptKey>>;
  /** Appends a row if its head is still the end of the trail, and with it changes a key if it is still as it was. */
  write(entry: Entry): Promise<Written>;
  /** Lines of the trail, oldest first. A negative `from` counts from the end. */
  rows(from: number, limit: number): Promise<{ readonly count: number; readonly lines: readonly string[] }>;
}

/** When a key is forgotten, in epoch milliseconds; never, if `undefined`. */
export function forgottenAt({ revokedAt, expiresAt }: KeptKey): number | undefined {
  const gone = Math.min(revokedAt ?? Infinity, expiresAt ?? Infinity);
  return gone === Infinity ? undefined : gone + SHOWN_MS;
}

/** When one of a key's secrets opens nothing any more, in epoch milliseconds; never, if `undefined`. */
export function closedAt(key: KeyRecord, secret: KeyRecord["secrets"][number]): number | undefined {
  const gone = Math.min(key.expiresAt ?? Infinity, secret.expiresAt ?? Infinity);
  return gone === Infinity ? undefined : gone;
}

/** Hashes that a key is found by: none once it is revoked. */
export const hashesOf = (key: KeptKey | undefined): readonly string[] =>
  key === undefined || key.revokedAt !== undefined ? [] : key.secrets.map(({ hash }) => hash);
