/**
 * Tokens, as a config has them.
 *
 * @module
 */
import type { ClaimPaths } from "./claims.ts";
import type { KeySet } from "./jwks.ts";

/** Whose tokens are taken, and what is read in them. */
export interface JwtConfig extends ClaimPaths {
  /** URL of the provider's key set; or the set itself. */
  readonly jwks?: string | KeySet | undefined;
  /** Of HS256, HS384 or HS512, instead of a key set. */
  readonly secret?: string | undefined;
  readonly issuer: string | readonly string[];
  readonly audience: string | readonly string[];
  /** Which are taken: asymmetric ones if absent; HS256 if there is a secret. */
  readonly algorithms?: readonly JwtAlgorithm[] | undefined;
  /** Seconds since it was issued, and until it expires; 86 400 if absent. */
  readonly maxTokenAge?: number | undefined;
  /** Seconds that clocks may differ; 5 if absent. */
  readonly clockTolerance?: number | undefined;
  /** Seconds between two requests for the key set; 30 if absent. */
  readonly cooldown?: number | undefined;
  /** Ids (`jti`) of tokens that are taken no more. */
  readonly revoked?: readonly string[] | undefined;
  /** Whether the key set's address may be private, loopback or plain http. */
  readonly allowPrivate?: boolean | undefined;
}

/** Algorithms of signatures. */
export type JwtAlgorithm = (typeof ASYMMETRIC)[number] | (typeof SYMMETRIC)[number];

/** What is taken where nothing is said. */
export const ASYMMETRIC = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
] as const;
/** Whoever checks such a token can make one. */
export const SYMMETRIC = ["HS256", "HS384", "HS512"] as const;

/** All that can be named. */
export const JWT_ALGORITHMS: readonly JwtAlgorithm[] = [...ASYMMETRIC, ...SYMMETRIC];
