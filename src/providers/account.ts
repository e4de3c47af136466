/**
 * Accounts: credentials that aren't shown to a provider themselves. Requests are signed with them, or tokens minted.
 *
 * @module
 */
import { fromBase64 } from "../base64.ts";
import { isObject } from "../json.ts";

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

/** JSON that is an object, plain or in base64. A token of three parts is none. */
const LOOKS = /^\s*(?:\{|e[yw][\w+/=\s-]+$)/;

/** The account that a text holds as JSON, plain or in base64; `undefined` where it is a key like any other. */
export function accountIn(text: string): Account | undefined {
  if (!LOOKS.test(text)) return undefined;
  try {
    const plain = text.trim();
    const value: unknown = JSON.parse(plain.startsWith("{") ? plain : decoded(plain));
    return isObject(value) ? value as unknown as Account : undefined;
  } catch {
    return undefined;
  }
}

const decoded = (text: string): string =>
  new TextDecoder().decode(fromBase64(text.replace(/\s/g, "").replace(/-/g, "+").replace(/_/g, "/")));
