/**
 * What one who manages keys may give: no more than is his. Pure.
 *
 * @module
 */
import { isLike } from "../glob.ts";
import type { Grants, KeyRecord, Role } from "./key.ts";

/** What a key opens, for whom, and for how long. */
export type Scope = Pick<KeyRecord, "tenant" | "roles" | "grants" | "expiresAt">;

/** What a role holds beside itself. `replay` and `delete` are held by themselves and by `admin` alone. */
const HELD: Readonly<Record<Role, readonly Role[]>> = {
  caller: ["caller"],
  viewer: ["viewer"],
  auditor: ["auditor", "viewer"],
  operator: ["operator", "viewer", "caller"],
  admin: ["caller", "viewer", "auditor", "operator", "admin", "replay", "delete"],
  replay: ["replay"],
  delete: ["delete"],
};

/** Whether somebody with these roles has a role, by itself or by another that holds it. */
export const hasRole = (roles: readonly Role[], role: Role): boolean =>
  roles.some((one) => Object.hasOwn(HELD, one) && HELD[one].includes(role));

/** Parts of a scope, as requests name them. */
export type Part = "tenant" | "roles" | "grants" | "expiresAt";

/** All parts. */
export const WHOLE: readonly Part[] = ["tenant", "roles", "grants", "expiresAt"];

/**
 * What in a scope is more than its giver has, as the end of a sentence; `undefined` if nothing is.
 *
 * @param parts Those that are looked at.
 */
export function excess(scope: Scope, giver: Scope, parts: readonly Part[] = WHOLE): string | undefined {
  for (const part of parts) {
    const found = EXCESS[part](scope, giver);
    if (found !== undefined) return found;
  }
  return undefined;
}

const EXCESS: Readonly<Record<Part, (scope: Scope, giver: Scope) => string | undefined>> = {
  tenant: ({ tenant }, giver) =>
    giver.tenant === undefined || giver.tenant === tenant ? undefined : "tenant is another than your own",
  roles({ roles }, giver) {
    const role = roles.find((role) => !hasRole(giver.roles, role));
    return role && `roles names ${role}, which you don't hold`;
  },
  grants({ grants }, giver) {
    for (const name of GRANTED) {
      const wide = tooWide(name, grants[name], giver.grants[name]);
      if (wide !== undefined) return `grants.${name} ${wide}`;
    }
    return undefined;
  },
  expiresAt: ({ expiresAt = Infinity }, giver) =>
    expiresAt <= (giver.expiresAt ?? Infinity) ? undefined : "expiresAt is later than your own key's",
};

/** What grants are of. */
export const GRANTED: readonly (keyof Grants)[] = ["gateways", "providers", "models"];

function tooWide(name: keyof Grants, patterns: readonly string[] | undefined, own: readonly string[] | undefined) {
  if (own === undefined) return undefined;
  if (patterns === undefined) return "is absent, which is more than yours opens";
  const isWithin = name === "models" ? isModelWithin : isLike;
  const wide = patterns.find((pattern) => !own.some((other) => isWithin(pattern, other)));
  return wide && `opens ${wide}, which yours doesn't`;
}

/**
 * Whether all models of one pattern are also of another. A star of the one can only be met by a star of the other, which
 * then stands for all that the first does. A pattern with a slash is of a provider and its model, one without of any
 * provider's model, whose name may have slashes itself.
 */
function isModelWithin(pattern: string, other: string): boolean {
  if (other.includes("/")) return isLike(pattern.includes("/") ? pattern : `*/${pattern}`, other);
  if (other === "*" || !pattern.includes("/")) return isLike(pattern, other);
  const cut = pattern.indexOf("/");
  // With a star in the provider it isn't known where the model begins.
  return !pattern.slice(0, cut).includes("*") && isLike(pattern.slice(cut + 1), other);
}
