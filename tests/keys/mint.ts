/** Mints tokens, good ones and any other, and lets time pass. */
import type { Clock } from "../../src/clock.ts";
import { jwt, type JwtConfig, type JwtParts } from "../../src/keys/jwt.ts";
import type { Finding, Tokens } from "../../src/keys/holder.ts";

export const ISSUER = "https://idp.test";
export const AUDIENCE = "headgate";
export const JWKS = "https://idp.test/jwks.json";
/** Epoch seconds at which all tests play. */
export const NOW = 1_800_000_000;

const utf8 = new TextEncoder();

export const base64url = (bytes: Uint8Array | string): string =>
  btoa(String.fromCharCode(...(typeof bytes === "string" ? utf8.encode(bytes) : bytes)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");

export const fromBase64url = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));

export const claims = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  iss: ISSUER,
  aud: AUDIENCE,
  sub: "alice",
  org: "acme",
  roles: ["caller"],
  jti: "t-1",
  iat: NOW - 10,
  exp: NOW + 300,
  ...changes,
});

/** A pair of keys, and how it signs. */
export interface Signer {
  readonly alg: string;
  readonly kid: string;
  readonly jwk: Record<string, unknown>;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  sign(text: string): Promise<Uint8Array<ArrayBuffer>>;
}

const PARAMS: Record<
  string,
  [RsaHashedKeyGenParams | EcKeyGenParams, RsaPssParams | EcdsaParams | AlgorithmIdentifier]
> = {
  ES256: [{ name: "ECDSA", namedCurve: "P-256" }, { name: "ECDSA", hash: "SHA-256" }],
  ES384: [{ name: "ECDSA", namedCurve: "P-384" }, { name: "ECDSA", hash: "SHA-384" }],
  RS256: [rsa("RSASSA-PKCS1-v1_5"), { name: "RSASSA-PKCS1-v1_5" }],
  PS256: [rsa("RSA-PSS"), { name: "RSA-PSS", saltLength: 32 }],
};

function rsa(name: string): RsaHashedKeyGenParams {
  return { name, hash: "SHA-256", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
}

export async function signer(alg: string, kid: string = alg.toLowerCase()): Promise<Signer> {
  const [generation, signing] = PARAMS[alg]!;
  const { privateKey, publicKey } = await crypto.subtle.generateKey(generation, true, [
    "sign",
    "verify",
  ]) as CryptoKeyPair;
  const { kty, crv, x, y, n, e } = await crypto.subtle.exportKey("jwk", publicKey);
  const jwk = Object.fromEntries(
    Object.entries({ kty, crv, x, y, n, e, kid, alg, use: "sig" }).filter(([, value]) => value),
  );
  const sign = async (text: string) => new Uint8Array(await crypto.subtle.sign(signing, privateKey, utf8.encode(text)));
  return { alg, kid, jwk, privateKey, publicKey, sign };
}

/** A token of a header and a payload, each as an object or as text. */
export async function mint(
  by: Pick<Signer, "sign"> & Partial<Signer>,
  payload: unknown = claims(),
  header: unknown = { alg: by.alg, kid: by.kid, typ: "JWT" },
): Promise<string> {
  const text = (value: unknown) => typeof value === "string" ? value : JSON.stringify(value);
  const signed = `${base64url(text(header))}.${base64url(text(payload))}`;
  return `${signed}.${base64url(await by.sign(signed))}`;
}

export const hmac = (secret: Uint8Array<ArrayBuffer>, hash = "SHA-256"): Pick<Signer, "sign"> => ({
  async sign(text) {
    const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash }, false, ["sign"]);
    return new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8.encode(text)));
  },
});

export const unsigned: Pick<Signer, "sign"> = { sign: async () => new Uint8Array(0) };

/** An identity provider whose answers are a script, and a reader of its tokens. */
export interface Idp {
  readonly tokens: Tokens;
  /** URLs that were fetched. */
  readonly fetched: string[];
  /** Milliseconds that are added to the clock. */
  passed: number;
  keys: readonly unknown[];
  answer: () => Response;
  read(token: string): Promise<Finding>;
}

export function idp(
  signers: readonly Signer[],
  config: Partial<JwtConfig> = {},
  parts: JwtParts = {},
): Idp {
  const clock: Clock = {
    now: () => NOW * 1000 + made.passed,
    random: () => 0.5,
    wait: (_, signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve())),
  };
  const fetched: string[] = [];
  const settings: JwtConfig = {
    ...(config.secret === undefined ? { jwks: JWKS } : {}),
    issuer: ISSUER,
    audience: AUDIENCE,
    tenant: "claims.org",
    roles: "claims.roles",
    ...config,
  };
  const made: Idp = {
    tokens: jwt(settings, {
      clock,
      fetch: async (url) => {
        fetched.push(url);
        await Promise.resolve();
        return made.answer();
      },
      ...parts,
    }),
    fetched,
    passed: 0,
    keys: signers.map(({ jwk }) => jwk),
    answer: () => Response.json({ keys: made.keys }),
    read: (token) => made.tokens.read(token),
  };
  return made;
}

/** What became of a token, in a word. */
export const verdict = (finding: Finding): string =>
  finding === undefined ? "nobody" : finding.kind === "holder" ? "accepted" : finding.fault;
