/**
 * Whom a credential belongs to, or why it opens nothing.
 *
 * @module
 */
import type { Identity } from "../call.ts";
import type { Grants } from "./key.ts";

/** Who holds a credential that is good. */
export interface Holder {
  readonly identity: Identity;
  readonly grants: Grants;
  /** Epoch milliseconds from when it opens nothing; never, if absent. */
  readonly expiresAt: number | undefined;
  /** Whether it is a token, of which its issuer makes new ones. */
  readonly isToken?: boolean | undefined;
}

/** Why a credential opens nothing, though it looks like one of ours. */
export type Fault =
  /** Nothing like it was ever made, or it was revoked. */
  | "unknown"
  /** A character of a key was lost or changed. */
  | "damaged"
  | "expired"
  /** Its holder may do other things than calls. */
  | "role"
  /** It is for other gateways. */
  | "gateway"
  | TokenFault;

/** Why a token opens nothing. */
export type TokenFault =
  | "malformed"
  | "algorithm"
  | "signature"
  | "issuer"
  | "audience"
  | "token-expired"
  | "early"
  | "too-old"
  | "claims"
  | "no-tenant"
  | "revoked";

/** What is found out about a credential; `undefined` where it is nobody's. */
export type Finding =
  | { readonly kind: "holder"; readonly holder: Holder }
  | {
    readonly kind: "refused";
    readonly fault: Fault;
    /** Whether it is certainly the gateway's, so that no provider may see it. */
    readonly isOurs: boolean;
  }
  | undefined;

/** Reads tokens: `jwt()` of `headgate/jwt` is one. */
export interface Tokens {
  /**
   * What a token says, once it is checked.
   *
   * @throws {GatewayError} `store_unavailable`, where it can't be checked now.
   */
  read(token: string): Promise<Exclude<Finding, undefined>>;
}

/** Whether a text has the form of a signed token: three parts in base64url, the first of which begins as JSON does. */
export const isTokenLike = (text: string): boolean => text.startsWith("eyJ") && /^[\w-]+\.[\w-]*\.[\w-]*$/.test(text);
