/**
 * Stored credentials of a provider, by alias.
 *
 * @module
 */
import { GatewayError } from "../errors.ts";
import type { Policy } from "../routing/policy.ts";
import { accountIn, type Credential } from "./account.ts";
import type { Provider } from "./provider.ts";

/** By alias: those that stand in for each other, best first. */
export type Keys = ReadonlyMap<string, readonly [Credential, ...Credential[]]>;

/** What a config says of them. */
export interface KeysConfig {
  /** The same as `keys.default`. */
  readonly key?: Credential | undefined;
  readonly keys?: Readonly<Record<string, Credential | readonly Credential[]>> | undefined;
}

/** Which one is used where a call doesn't say. */
export const DEFAULT_ALIAS = "default";

/** Every credential in a config, with the path that leads to it. */
export function* credentialsIn({ key, keys = {} }: KeysConfig): Iterable<
  readonly [path: string, alias: string, credential: Credential]
> {
  if (key !== undefined) yield ["key", DEFAULT_ALIAS, key];
  for (const [alias, value] of Object.entries(keys)) {
    if (!Array.isArray(value)) yield [`keys.${alias}`, alias, value as Credential];
    else for (const [index, one] of value.entries()) yield [`keys.${alias}[${index}]`, alias, one];
  }
}

/** The credentials of a checked config; `undefined` where there is none. */
export function keysOf(config: KeysConfig): Keys | undefined {
  const keys = new Map<string, [Credential, ...Credential[]]>();
  for (const [, alias, credential] of credentialsIn(config)) {
    const read = typeof credential === "string" ? accountIn(credential) ?? credential : credential;
    const others = keys.get(alias);
    if (others === undefined) keys.set(alias, [read]);
    else others.push(read);
  }
  return keys.size === 0 ? undefined : keys;
}

/**
 * The stored credentials of the alias that a call names.
 *
 * @throws {GatewayError} `unknown_alias`.
 */
export function ringOf(
  { provider: { id, keys }, policy: { keyAlias } }: { readonly provider: Provider; readonly policy: Policy },
): readonly [Credential, ...Credential[]] | undefined {
  const ring = keys?.get(keyAlias ?? DEFAULT_ALIAS);
  if (ring === undefined && keys !== undefined && keyAlias !== undefined) throw unknownAlias(id, [...keys.keys()]);
  return ring;
}

/** That nothing is stored by that name. */
export function unknownAlias(provider: string, aliases: readonly string[]): GatewayError {
  const known = aliases.length === 0
    ? "none is configured"
    : `${aliases.join(", ")} ${aliases.length > 1 ? "are" : "is"}`;
  return new GatewayError("unknown_alias", `Name a stored key of "${provider}" in cf-aig-byok-alias: ${known}.`);
}
