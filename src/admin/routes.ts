/**
 * What `/admin` serves, and to whom. What isn't in this table isn't served.
 *
 * @module
 */
import type { Role } from "../keys/key.ts";

/** What is done at a route; also its name in the trail. */
export type Action =
  | "whoami"
  | "keys.list"
  | "keys.create"
  | "keys.read"
  | "keys.change"
  | "keys.revoke"
  | "keys.rotate"
  | "audit.read";

/** One route. */
export interface AdminRoute {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Below the gateway's own path, in the router's words. */
  readonly path: string;
  readonly action: Action;
  /** Any of these opens it; everybody who is known may use one without. */
  readonly roles: readonly Role[] | undefined;
  /** Whether who is bound to a tenant meets only what is that tenant's there. */
  readonly isTenantBound: boolean;
}

const KEEPERS: readonly Role[] = ["operator", "admin"];
const READERS: readonly Role[] = ["auditor", "admin"];

/** All routes. */
export const ROUTES: readonly AdminRoute[] = [
  { method: "GET", path: "/admin/whoami", action: "whoami", roles: undefined, isTenantBound: false },
  { method: "GET", path: "/admin/keys", action: "keys.list", roles: KEEPERS, isTenantBound: true },
  { method: "POST", path: "/admin/keys", action: "keys.create", roles: KEEPERS, isTenantBound: true },
  { method: "GET", path: "/admin/keys/:id", action: "keys.read", roles: KEEPERS, isTenantBound: true },
  { method: "PATCH", path: "/admin/keys/:id", action: "keys.change", roles: KEEPERS, isTenantBound: true },
  { method: "DELETE", path: "/admin/keys/:id", action: "keys.revoke", roles: KEEPERS, isTenantBound: true },
  { method: "POST", path: "/admin/keys/:id/rotate", action: "keys.rotate", roles: KEEPERS, isTenantBound: true },
  { method: "GET", path: "/admin/audit", action: "audit.read", roles: READERS, isTenantBound: true },
];
