/**
 * Applications of Microsoft Entra: their secret is exchanged for an access token.
 *
 * @module
 */
import { parsedUrl } from "../origin.ts";
import type { Account, EntraAccount } from "../providers/account.ts";
import type { Signer } from "../providers/signer.ts";
import { accountIn, completed } from "./reading.ts";
import { type SigningOptions, Tokens } from "./tokens.ts";

const AUTHORITY = "https://login.microsoftonline.com";
/** Microsoft's own, in its clouds: nobody else is sent a secret. */
const AUTHORITIES = [AUTHORITY, "https://login.microsoftonline.us", "https://login.partner.microsoftonline.cn"];

/** Mints access tokens with applications of Microsoft Entra. */
export function entra(options: SigningOptions = {}): Signer {
  const tokens = new Tokens(options);
  return {
    reads: (credential) => {
      const account = accountIn(credential);
      return account !== undefined && isEntra(account) ? account : undefined;
    },
    problem(account, { id }, allowsPrivate) {
      if (!/^(?:azure|custom)-/.test(id)) {
        return `is an account of Entra, which "${id}" doesn't take; give a key of its own`;
      }
      return isEntra(account) ? problemOf(account, allowsPrivate) : "is no account of Entra";
    },
    sign: (order) =>
      completed(order, async () => {
        const { account, request: { signal }, provider: { id }, platform } = order;
        if (!isEntra(account)) throw new TypeError("no account of Entra");
        const { tenantId, clientId: client_id, clientSecret: client_secret, authority = AUTHORITY } = account;
        const { scope = scopeOf(id) } = account;
        const url = new URL(`${new URL(authority).origin}/${tenantId}/oauth2/v2.0/token`);
        const question = { url, form: { grant_type: "client_credentials", client_id, client_secret, scope } };
        const ask = () => Promise.resolve(question);
        const token = await tokens.get({ account, purpose: scope, provider: id, platform, signal, ask });
        return { headers: [["authorization", `Bearer ${token}`]] };
      }),
    forget: (account) => tokens.forget(account),
  };
}

const isEntra = (account: Account): account is EntraAccount => "clientSecret" in account || "tenantId" in account;

const scopeOf = (provider: string): string =>
  provider === "azure-voice-live" ? "https://ai.azure.com/.default" : "https://cognitiveservices.azure.com/.default";

function problemOf(account: EntraAccount, allowsPrivate: boolean): string | undefined {
  const { tenantId, clientId, clientSecret, scope, authority = AUTHORITY } = account;
  const isPlain = (value: unknown) =>
    typeof value === "string" && /^[\w.-]{1,128}$/.test(value) && !/^\.+$/.test(value);
  if (!isPlain(tenantId)) return "has no tenantId that could be one; copy it from Entra";
  if (!isPlain(clientId)) return "has no clientId that could be one; copy it from Entra";
  if (typeof clientSecret !== "string" || clientSecret === "") return "has no clientSecret; make one in Entra";
  if (scope !== undefined && !(typeof scope === "string" && /^https:\/\/[\w./-]+\/\.default$/.test(scope))) {
    return "has a scope that can't be one; write it like https://cognitiveservices.azure.com/.default";
  }
  const url = typeof authority === "string" ? parsedUrl(authority) : undefined;
  const isMicrosofts = url !== undefined && AUTHORITIES.includes(url.origin) && url.username + url.password === "";
  const isAllowed = isMicrosofts || (allowsPrivate && url !== undefined && /^https?:$/.test(url.protocol));
  return isAllowed
    ? undefined
    : "has an authority that isn't Microsoft's; leave it out, or allow it by \"allowPrivate\": true";
}
