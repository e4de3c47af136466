/**
 * Google's service accounts: a signed assertion is exchanged for an access token.
 *
 * @module
 */
import { importPKCS8, SignJWT } from "jose";
import { GatewayError } from "../errors.ts";
import { parsedUrl } from "../origin.ts";
import type { Account, GoogleAccount } from "../providers/account.ts";
import type { Signer } from "../providers/signer.ts";
import { accountIn, completed } from "./reading.ts";
import { type Question, type SigningOptions, Tokens } from "./tokens.ts";

const TOKEN_URI = "https://oauth2.googleapis.com/token";
/** Nobody else is sent an assertion. */
const ISSUERS = ["https://oauth2.googleapis.com", "https://accounts.google.com", "https://www.googleapis.com"];
const SCOPE = "https://www.googleapis.com/auth/cloud-platform";
const LIFE_SECONDS = 3600;
/** Our clock may be ahead of Google's. */
const LEEWAY_SECONDS = 30;

/** Mints access tokens with Google's service accounts. */
export function google(options: SigningOptions = {}): Signer {
  const tokens = new Tokens(options);
  return {
    reads: (credential) => {
      const account = accountIn(credential);
      return account !== undefined && isGoogle(account) ? account : undefined;
    },
    problem(account, { id, auth }, allowsPrivate) {
      if (auth.kind !== "google") return `is an account of Google, which "${id}" doesn't take; give a key of its own`;
      return isGoogle(account) ? problemOf(account, allowsPrivate) : "is no account of Google";
    },
    sign: (order) =>
      completed(order, async () => {
        const { account, request: { url, signal }, provider: { id }, platform } = order;
        if (!isGoogle(account)) throw new TypeError("no account of Google");
        const ask = (now: number) => asked(account, now, id);
        const token = await tokens.get({ account, purpose: "", provider: id, platform, signal, ask });
        return { url: located(url, account), headers: [["authorization", `Bearer ${token}`]] };
      }),
    forget: (account) => tokens.forget(account),
  };
}

const isGoogle = (account: Account): account is GoogleAccount => "private_key" in account || "client_email" in account;

/** A DNS label, and what Google calls projects. */
const REGION = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const PROJECT = /^[a-z][a-z0-9.:-]{0,63}$/;

function problemOf(account: GoogleAccount, allowsPrivate: boolean): string | undefined {
  const { client_email, private_key, project_id, token_uri = TOKEN_URI, region } = account;
  if (typeof client_email !== "string" || !/^[\x21-\x7e]+$/.test(client_email)) {
    return "has no client_email; give the whole JSON file of the service account";
  }
  if (typeof private_key !== "string" || !private_key.includes("-----BEGIN PRIVATE KEY-----")) {
    return "has no private_key in PEM; give the whole JSON file of the service account";
  }
  if (region !== undefined && !(typeof region === "string" && REGION.test(region))) {
    return "has a region that can't be one; write it like europe-west4";
  }
  if (project_id !== undefined && !(typeof project_id === "string" && PROJECT.test(project_id))) {
    return "has a project_id that can't be one; give the whole JSON file of the service account";
  }
  const url = typeof token_uri === "string" ? parsedUrl(token_uri) : undefined;
  const isGoogles = url !== undefined && ISSUERS.includes(url.origin) && url.username + url.password === "";
  const isAllowed = isGoogles || (allowsPrivate && url !== undefined && /^https?:$/.test(url.protocol));
  return isAllowed
    ? undefined
    : "has a token_uri that isn't Google's; leave it out, or allow it by \"allowPrivate\": true";
}

async function asked(account: GoogleAccount, now: number, provider: string): Promise<Question> {
  const { client_email, private_key, private_key_id, token_uri = TOKEN_URI } = account;
  const issuedAt = Math.floor(now / 1000) - LEEWAY_SECONDS;
  // A variable holds the line breaks as they stand in JSON.
  const key = await importPKCS8(private_key.replaceAll("\\n", "\n"), "RS256").catch((cause: unknown) => {
    const message = `Check the service account for "${provider}": its private_key can't be read.`;
    throw new GatewayError("credential_refused", message, { cause });
  });
  const assertion = await new SignJWT({ scope: SCOPE })
    .setProtectedHeader({ alg: "RS256", typ: "JWT", ...private_key_id === undefined ? {} : { kid: private_key_id } })
    .setIssuer(client_email)
    .setAudience(token_uri)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + LIFE_SECONDS)
    .sign(key);
  return { url: new URL(token_uri), form: { grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion } };
}

/** A path without a project, which is for keys: it has its place from the account. */
const NOWHERE = /^(.*?\/v\d\w*)\/(publishers\/.*)$/;

/** Where a call goes whose path names neither project nor location. */
function located(url: URL, { project_id, region = "global" }: GoogleAccount): URL {
  const [, before, rest] = NOWHERE.exec(url.pathname) ?? [];
  if (before === undefined || project_id === undefined || before.includes("/projects/")) return url;
  const found = new URL(url);
  if (url.hostname === "aiplatform.googleapis.com") found.hostname = hostOf(region);
  found.pathname = `${before}/projects/${project_id}/locations/${region}/${rest}`;
  return found;
}

function hostOf(region: string): string {
  if (region === "global") return "aiplatform.googleapis.com";
  return region === "eu" || region === "us"
    ? `aiplatform.${region}.rep.googleapis.com`
    : `${region}-aiplatform.googleapis.com`;
}
