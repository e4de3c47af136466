/**
 * Stored credentials of a provider, by alias.
 *
 * @module
 */
import { GatewayError } from "../errors.ts";
import type { Policy } from "../routing/policy.ts";
import type { Credential } from "./account.ts";
import type { Provider } from "./provider.ts";
import type { Signature } from "./signer.ts";

/** A key, or an account with who signs with it. */
export type Stored = string | Signature;

/** Those of one alias, which stand in for each other, best first. */
export type Ring = readonly Stored[];

/** By alias. */
export type Keys = ReadonlyMap<string, Ring>;

/** What a config says of them. */
export interface KeysConfig {
  /** The same as `keys.default`. */
  readonly key?: Credential | undefined;
  readonly keys?: Readonly<Record<string, Credential | readonly Credential[]>> | undefined;
}

/** Which one is used where a call doesn't say. */
export const DEFAULT_ALIAS = "default";

/**
 * The credentials in a config.
 *
 * @param read Takes each of them, with the path that leads to it.
 */
export function keysOf<T>(
  { key, keys = {} }: KeysConfig,
  read: (credential: Credential, path: string) => T,
): ReadonlyMap<string, readonly T[]> {
  const rings = new Map<string, readonly T[]>(
    Object.entries(keys).map(([alias, value]) => {
      const path = `keys.${alias}`;
      return [alias, isList(value) ? value.map((one, at) => read(one, `${path}[${at}]`)) : [read(value, path)]];
    }),
  );
  return key === undefined ? rings : rings.set(DEFAULT_ALIAS, [read(key, "key")]);
}

const isList = (value: Credential | readonly Credential[]): value is readonly Credential[] => Array.isArray(value);

/**
 * The stored credentials of the alias that a call names.
 *
 * @throws {GatewayError} `unknown_alias`.
 */
export function ringOf(
  { provider: { id, keys }, policy: { keyAlias } }: { readonly provider: Provider; readonly policy: Policy },
): Ring | undefined {
  const ring = keys?.get(keyAlias ?? DEFAULT_ALIAS);
  if (!ring && keys && keyAlias) throw unknownAlias(id, [...keys.keys()]);
  return ring;
}

/** That nothing is stored by that name. */
export const unknownAlias = (provider: string, aliases: readonly string[]): GatewayError =>
  new GatewayError(
    "unknown_alias",
    `Name a stored key of "${provider}" in cf-aig-byok-alias: there is ${aliases.join(", ") || "none"}.`,
  );
