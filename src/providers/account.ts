/**
 * Accounts: credentials that aren't shown to a provider themselves. Requests are signed with them, or tokens minted.
 *
 * @module
 */

/** Access keys of AWS: requests are signed with them. */
export interface AwsAccount {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary keys. */
  readonly sessionToken?: string | undefined;
  /** Where unified calls go, which name no region; `us-east-1` if absent. */
  readonly region?: string | undefined;
}

/** A service account of Google's, as its JSON file holds it; what else is in there is ignored. */
export interface GoogleAccount {
  readonly client_email: string;
  /** PKCS #8 in PEM. */
  readonly private_key: string;
  readonly private_key_id?: string | undefined;
  readonly project_id?: string | undefined;
  /** Google's own if absent. */
  readonly token_uri?: string | undefined;
  /** Where calls go whose path names no location; `global` if absent. */
  readonly region?: string | undefined;
  readonly [more: string]: string | undefined;
}

/** An application of Microsoft Entra. */
export interface EntraAccount {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** What the token is for; that of the provider's own cloud service if absent. */
  readonly scope?: string | undefined;
  /** Of another cloud: `https://login.microsoftonline.us`. */
  readonly authority?: string | undefined;
}

/** What is signed or minted with. */
export type Account = AwsAccount | GoogleAccount | EntraAccount;

/** What a provider's credential may be: a key, an account, or an account as JSON, plain or in base64. */
export type Credential = string | Account;
