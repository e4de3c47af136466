/**
 * Claims: what a token that is checked says of its holder. Pure.
 *
 * @module
 */
import type { Holder, TokenFault } from "./holder.ts";
import { type Role, ROLES } from "./key.ts";

/** Where in a token something stands: `claims.org`, `claims.app.org`. */
export type ClaimPath = `claims.${string}`;

/** Which claims are read. */
export interface ClaimPaths {
  /** Who is served and billed. A token without the claim is refused. */
  readonly tenant?: string | undefined;
  /** What its holder may do: a list, or words with spaces between; `caller` for every token if absent. */
  readonly roles?: string | undefined;
  /** By what logs and limits call the holder; `claims.sub` if absent. */
  readonly id?: string | undefined;
}

type Claims = Readonly<Record<string, unknown>>;

/** The holder that claims tell of, without an end. */
export function holderIn(claims: Claims, { tenant, roles, id = "claims.sub" }: ClaimPaths): Holder | TokenFault {
  const named = tenant === undefined ? undefined : wordAt(claims, tenant);
  if (tenant !== undefined && named === undefined) return "no-tenant";
  const given = roles === undefined ? ["caller" as const] : rolesAt(claims, roles);
  // No key of a config has a colon in front of what a token says.
  const key = ["jwt", wordAt(claims, id)].filter(Boolean).join(":");
  return { identity: { key, tenant: named, roles: given }, grants: {}, expiresAt: undefined, isToken: true };
}

/** A name as tenants and keys have them: what is anything else names nobody. */
function wordAt(claims: Claims, path: string): string | undefined {
  const value = claimAt(claims, path);
  const text = typeof value === "number" && Number.isSafeInteger(value) ? String(value) : value;
  return typeof text === "string" && /^[\x21-\x7e]{1,128}$/.test(text) ? text : undefined;
}

function rolesAt(claims: Claims, path: string): readonly Role[] {
  const value = claimAt(claims, path);
  const words: readonly unknown[] = typeof value === "string"
    ? value.split(/[\s,]+/)
    : Array.isArray(value)
    ? value
    : [];
  return ROLES.filter((role) => words.includes(role));
}

/** A claim by its path. Its own names may hold dots: `claims.https://example.com/org`. */
export function claimAt(claims: unknown, path: string): unknown {
  return valueAt(claims, path.replace(/^claims\./, "").split("."));
}

function valueAt(value: unknown, words: readonly string[]): unknown {
  if (words.length === 0) return value;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  for (let count = words.length; count > 0; count--) {
    const name = words.slice(0, count).join(".");
    if (Object.hasOwn(value, name)) return valueAt((value as Claims)[name], words.slice(count));
  }
  return undefined;
}
