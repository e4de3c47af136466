/**
 * Who asks, as the management of keys sees him.
 *
 * @module
 */
import type { Call, Identified } from "../call.ts";
import type { Role } from "../keys/key.ts";
import type { Scope } from "../keys/scope.ts";
import type { Doer } from "./trail.ts";

/** A call whose caller is known. */
export type Caller = Call & Identified;

/** Who manages. */
export interface Holder extends Scope {
  readonly key: string;
  readonly doer: Doer;
}

/** The holder of a call's key or token. */
export function holderOf({ identity, id: call, platform }: Caller): Holder {
  // Whoever isn't known by name never comes this far; it would be no reason to let him in.
  const isKnown = identity.key !== "anonymous";
  const { key, tenant, grants = {}, expiresAt } = identity;
  const roles = isKnown ? identity.roles as readonly Role[] : [];
  return { key, tenant, roles, grants, expiresAt, doer: { key, tenant, ip: platform.clientAddress(), call } };
}
