/**
 * What signs with accounts. Whoever needs one passes it in: `headgate/signing` has them.
 *
 * @module
 */
import type { Outbound, Platform } from "../call.ts";
import type { Account } from "./account.ts";
import type { Provider } from "./provider.ts";

/** Signs requests with one kind of account. */
export interface Signer {
  /** Whether an account is of its kind. */
  takes(account: Account): boolean;
  /**
   * What is wrong with an account for a provider, to be read after its path, with what to do behind a semicolon; holds
   * no secret.
   *
   * @param allowsPrivate Whether it may have a token minted at an address of its own choice.
   */
  problem(account: Account, provider: Provider, allowsPrivate: boolean): string | undefined;
  /**
   * Signs a request that is about to leave.
   *
   * @throws {GatewayError} `credential_refused`, `credential_unavailable`, or `invalid_request` for what can't be signed.
   */
  sign(order: Order): Promise<Signed>;
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

/** What signing adds: headers, which replace those of the same name, and where the request goes if not where it did. */
export interface Signed {
  readonly headers: readonly (readonly [string, string])[];
  readonly url?: URL;
}

/** Who signs with what. */
export interface Signature {
  readonly signer: Signer;
  readonly account: Account;
}

/** The signer of an account for a provider, or what is wrong: to be read after the account's path. */
export function signerOf(
  account: Account,
  provider: Provider,
  signers: readonly Signer[],
  allowsPrivate: boolean,
): Signer | string {
  const signer = signers.find((one) => one.takes(account));
  if (signer !== undefined) return signer.problem(account, provider, allowsPrivate) ?? signer;
  const kind = KINDS.find(([member]) => member in account)?.[1];
  return kind === undefined
    ? "is an object of no known kind; give a key, or an account of AWS, Google or Entra"
    : `is an account to sign with; pass ${kind}() of headgate/signing in signers`;
}

/** By what an account is known that nobody here signs with. */
const KINDS: readonly (readonly [member: string, kind: string])[] = [
  ["accessKeyId", "aws"],
  ["private_key", "google"],
  ["clientSecret", "entra"],
];
