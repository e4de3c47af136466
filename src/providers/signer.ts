/**
 * What signs with accounts. Whoever needs one passes it in: `headgate/signing` has them.
 *
 * @module
 */
import type { Outbound, Platform } from "../call.ts";
import type { Account, Credential } from "./account.ts";
import type { Provider } from "./provider.ts";

/** Whom a credential is for. */
export type Payee = Pick<Provider, "id" | "auth">;

/** Signs requests with one kind of account. */
export interface Signer {
  /** The account that a credential is, if it is one of its kind. */
  reads(credential: Credential): Account | undefined;
  /**
   * What is wrong with an account for a provider, to be read after its path, with what to do behind a semicolon; holds
   * no secret.
   *
   * @param allowsPrivate Whether it may have a token minted at an address of its own choice.
   */
  problem(account: Account, provider: Payee, allowsPrivate: boolean): string | undefined;
  /**
   * The request as it leaves.
   *
   * @throws {GatewayError} `credential_refused`, `credential_unavailable`, or `invalid_request` for what can't be signed.
   */
  sign(order: Order): Promise<Outbound>;
  /** A provider has refused what was minted: the next request needs another. */
  forget?(account: Account): void;
}

/** A request that is to be signed. */
export interface Order {
  readonly account: Account;
  readonly request: Outbound;
  readonly provider: Provider;
  /** Path below the provider. */
  readonly path: string;
  readonly platform: Platform;
}

/** Who signs with what. */
export interface Signature {
  readonly signer: Signer;
  readonly account: Account;
}

/** JSON that is an object, plain or in base64, be there a mark of UTF-8 before it. A token of three parts is none. */
const ACCOUNT = /^\s*(?:\{|(?:77u[/_])?e[yw][\w+/=\s-]+$)/;

/**
 * Who signs with a credential for a provider; `undefined` where it is a key like any other. Or what is wrong with it, to
 * be read after its path.
 */
export function signatureOf(
  credential: Credential,
  provider: Payee,
  signers: readonly Signer[],
  allowsPrivate: boolean,
): Signature | string | undefined {
  if (typeof credential === "string" && !ACCOUNT.test(credential)) return undefined;
  for (const signer of signers) {
    const account = signer.reads(credential);
    if (account !== undefined) return signer.problem(account, provider, allowsPrivate) ?? { signer, account };
  }
  return typeof credential === "string" && !/^\s*(?:\{|.{40})/.test(credential) ? undefined : UNSIGNED;
}

const UNSIGNED =
  "is no account that anything here signs with; pass aws(), google() or entra() of headgate/signing in signers";
