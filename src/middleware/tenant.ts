/**
 * Tenant: for whom a call is made.
 *
 * @module
 */
import type { Call, Identified, Tagged, Tags } from "../call.ts";
import { GatewayError } from "../errors.ts";
import type { Middleware } from "../middleware.ts";

/** Where a tenant may be named whom no key vouches for: the account in the URL, or a tag of the call. */
export type TenantSource = "path.account" | `metadata.${string}`;

/** Options of {@link tenant}. */
export interface TenantOptions {
  /** The first that names one is believed, where no key or token is bound to a tenant; none is if absent. */
  readonly trusted?: readonly TenantSource[] | undefined;
  /** What becomes of a call that names another tenant than its key is bound to; it is refused if absent. */
  readonly onMismatch?: "refuse" | "override" | undefined;
}

/** The tag that names a tenant, whatever else may. */
const TAG = "metadata.tenant";

/**
 * Settles the tenant, in this order: the one that the key or token is bound to; then what the config trusts. From here on
 * `metadata.tenant` says the same, so that limits by either count alike.
 *
 * @throws {GatewayError} `forbidden`, where a caller names another tenant than its own.
 */
export function tenant({ trusted = [], onMismatch = "refuse" }: TenantOptions = {}): Middleware<
  Identified & Tagged,
  Identified & Tagged
> {
  const looked = [...new Set<TenantSource>([TAG, ...trusted])];
  return (call, next) => {
    const { identity } = call;
    const bound = identity.tenant;
    const settled = bound ?? firstNamed(call, trusted);
    if (settled === undefined) return next(call);
    if (onMismatch === "refuse" && bound !== undefined) refuseOthers(call, looked, bound);
    if (bound !== undefined && looked.every((source) => saysSo(call, source, bound))) return next(call);
    const own = bound === undefined ? { ...identity, tenant: settled } : identity;
    if (own !== identity) call.note({ type: "identity", identity: own });
    return next({ ...call, identity: own, tags: tagged(call.tags, looked, settled) });
  };
}

/** A tenant's name, as keys have them: anything else names nobody. */
const NAME = /^[\w.@:-]{1,128}$/;

function firstNamed(call: Call & Tagged, sources: readonly TenantSource[]): string | undefined {
  for (const source of sources) {
    const name = namedBy(call, source);
    if (name !== undefined && NAME.test(name)) return name;
  }
  return undefined;
}

/** What a source says; nothing where it says `null`, or where the URL names no account. */
function namedBy({ route, tags }: Call & Tagged, source: TenantSource): string | undefined {
  if (source === "path.account") return route.account === "default" ? undefined : route.account;
  const value = tags.get(source.slice(9));
  return value === undefined || value === null ? undefined : String(value);
}

const saysSo = (call: Call & Tagged, source: TenantSource, name: string): boolean =>
  source === "path.account" || call.tags.get(source.slice(9)) === name;

function refuseOthers(call: Call & Tagged, sources: readonly TenantSource[], bound: string): void {
  const other = sources.find((source) => (namedBy(call, source) ?? bound) !== bound);
  if (other === undefined) return;
  const where = other === "path.account" ? "the URL's account" : other;
  throw new GatewayError("forbidden", `Leave out ${where}, or name your own there: this key is bound to one tenant.`);
}

/** The tags with the tenant wherever one was looked for. */
function tagged(tags: Tags, sources: readonly TenantSource[], name: string): Tags {
  const changed = new Map(tags);
  for (const source of sources) if (source !== "path.account") changed.set(source.slice(9), name);
  return changed;
}
