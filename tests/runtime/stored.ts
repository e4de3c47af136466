/**
 * Stored credentials of the suite. Each of them holds a ticket of its own, and so do the tokens that are minted with them.
 *
 * @module
 */
import { generateKeyPairSync } from "node:crypto";
import { CHAT_ANSWER, failing, json, late } from "./answers.ts";
import type { Upstream } from "./upstream.ts";

/** Keys by alias; of the list, the first is dead and the second throttled. */
export const ALIASES = {
  default: "sk-hush0cerebras0default",
  eu: "sk-hush0cerebras0eu",
  pool: ["sk-hush0cerebras0dead", "sk-hush0cerebras0busy", "sk-hush0cerebras0good"],
} as const;

/** Keys of AWS; the first part leads to its ticket. */
export const AWS_ACCOUNT = {
  accessKeyId: "sk-hush0aws0id",
  secretAccessKey: "sk-hush0aws0secret/+=",
  sessionToken: "hush0aws0session/+=",
} as const;

const { privateKey, publicKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});

/** What assertions are verified with. */
export const GOOGLE_PUBLIC_KEY: string = publicKey;
/** Pieces of Google's key that must be nowhere else. */
export const GOOGLE_SECRET: string = privateKey.split("\n")[2] ?? "";

/** Tickets of the issuers and of what they issue. */
export const ISSUERS = {
  google: "sk-hush0google0issuer",
  googleToken: "sk-hush0google0token",
  entra: "sk-hush0entra0tenant",
  entraToken: "sk-hush0entra0token",
} as const;

/** A service account whose tokens are issued by the suite's own provider. */
export const googleAccount = (port: number): Record<string, string> => ({
  type: "service_account",
  client_email: "suite@suite.iam.gserviceaccount.com",
  private_key_id: "suite-1",
  private_key: privateKey,
  token_uri: `http://127.0.0.1:${port}/${ISSUERS.google}/token`,
});

/** An application whose tokens are issued by the suite's own provider. */
export const entraAccount = (port: number): Record<string, string> => ({
  tenantId: ISSUERS.entra,
  clientId: "suite-client",
  clientSecret: "hush0entra0secret&=+",
  authority: `http://127.0.0.1:${port}`,
});

const token = (value: string) => late(100, json(JSON.stringify({ access_token: value, expires_in: 3599 })));

/** Makes out the tickets of all of them. */
export function issueStored(upstream: Upstream): void {
  const answer = json(CHAT_ANSWER);
  for (const key of [ALIASES.default, ALIASES.eu, ALIASES.pool[2]]) upstream.ticketFor(key, answer);
  upstream.ticketFor(ALIASES.pool[0], failing(401));
  upstream.ticketFor(ALIASES.pool[1], failing(429, [["retry-after", "60"]]));
  upstream.ticketFor(AWS_ACCOUNT.accessKeyId, answer);
  upstream.ticketFor(ISSUERS.google, token(ISSUERS.googleToken));
  upstream.ticketFor(ISSUERS.entra, token(ISSUERS.entraToken));
  for (const key of [ISSUERS.googleToken, ISSUERS.entraToken]) upstream.ticketFor(key, answer);
}
