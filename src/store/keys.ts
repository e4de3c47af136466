/**
 * Keys of the store. Each carries gateway and tenant, and nothing that a caller has written stands in one as it is.
 *
 * @module
 */
import { digest } from "../digest.ts";
import type { EntryKeys } from "./store.ts";

/** Whose state it is. */
export interface Owner {
  readonly gateway: string;
  /** `undefined` where nobody in particular is served. */
  readonly tenant: string | undefined;
}

/** Version of what lies under the keys: another one begins anew. */
const PREFIX = "hg1";

/**
 * Where the count of one rule for one value lies.
 *
 * @param rule What tells the rule from others, and from itself once it counts otherwise.
 */
export async function countKey(owner: Owner, rule: string, value: string): Promise<string> {
  const [whose, what] = await Promise.all([prefixOf(owner), digest(JSON.stringify([rule, value]))]);
  return `${PREFIX}:count:${whose}:${what}`;
}

/** Where holds of a count lie, and when they lapse. */
export const holdKeys = (countKey: string): readonly [holds: string, lapses: string] => [
  `${countKey}:holds`,
  `${countKey}:lapses`,
];

/**
 * Where a kept answer lies.
 *
 * @param what Digest of all that makes the answer what it is.
 */
export async function entryKeys(owner: Owner, what: string): Promise<EntryKeys> {
  const whose = await prefixOf(owner);
  const of = (kind: string) => `${PREFIX}:${kind}:${whose}:${what}`;
  return { entry: of("answer"), lease: of("lease"), relay: of("relay"), tags: await tagsKey(owner) };
}

/** Where the generations of an owner's tags lie. */
export async function tagsKey(owner: Owner): Promise<string> {
  return `${PREFIX}:tags:${await prefixOf(owner)}`;
}

/** Where a gateway key lies. It isn't one gateway's, and its id is used once in all tenants. */
export const keyKey = async (id: string): Promise<string> => `${PREFIX}:key:${await digest(id)}`;

/** Where a gateway key is found by the hash of one of its secrets. */
export const secretKey = (hash: string): string => `${PREFIX}:secret:${hash}`;

/** Where the ids of all gateway keys lie, or of one tenant's. */
export const idsKey = async (tenant: string | undefined): Promise<string> =>
  tenant === undefined ? `${PREFIX}:ids` : `${PREFIX}:ids:${await digest(`=${tenant}`)}`;

/** Where the trail of what was done to them lies: one for all, so that no row can be taken out unseen. */
export const TRAIL_KEY: string = `${PREFIX}:trail`;

const prefixOf = async ({ gateway, tenant }: Owner): Promise<string> =>
  `${await digest(gateway)}:${await digest(tenant === undefined ? "-" : `=${tenant}`)}`;
