/**
 * `headgate/jwt`: tokens of an identity provider, in the place of gateway keys.
 *
 * @module
 */
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, jwtVerify, type JWTVerifyOptions } from "jose";
import { fromBase64 } from "../base64.ts";
import { CLOCK, type Clock } from "../clock.ts";
import { GatewayError } from "../errors.ts";
import { isObject, memberOf, readJson } from "../json.ts";
import { jwksProblem } from "../origin.ts";
import { holderIn } from "./claims.ts";
import { type Finding, isTokenLike, type TokenFault, type Tokens } from "./holder.ts";
import { type KeySet, Published } from "./jwks.ts";
import { ASYMMETRIC, type JwtConfig } from "./token.ts";

export type { JwtAlgorithm, JwtConfig } from "./token.ts";
export type { KeySet } from "./jwks.ts";
export type { Tokens } from "./holder.ts";

/** What a config can't hold. */
export interface JwtParts {
  /** Whether a token was revoked, by its `jti`. What it says is believed for 30 seconds. */
  readonly isRevoked?: ((jti: string) => Promise<boolean>) | undefined;
  readonly fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  readonly clock?: Clock | undefined;
}

const MAX_AGE_SECONDS = 86_400;
const TOLERANCE_SECONDS = 5;
const COOLDOWN_SECONDS = 30;
/** Characters of a token. */
const LONGEST = 8 * 1024;
const MAX_DEPTH = 16;

/**
 * Reads tokens by JOSE.
 *
 * @example
 * ```ts
 * import { gateway } from "headgate";
 * import { jwt } from "headgate/jwt";
 *
 * gateway({ auth: { jwt: { jwks: "https://idp.example/jwks.json", issuer: "https://idp.example", audience: "headgate" } }, tokens: jwt });
 * ```
 */
export function jwt(config: JwtConfig, parts: JwtParts = {}): Tokens {
  const reader = new Reader(config, parts);
  return { read: (token) => reader.read(token) };
}

type Read = Exclude<Finding, undefined>;

class Reader {
  readonly #config: JwtConfig;
  readonly #parts: JwtParts;
  readonly #clock: Clock;
  readonly #keys: Keys;
  readonly #issuers: readonly string[];
  readonly #revoked: ReadonlySet<string>;

  constructor(config: JwtConfig, parts: JwtParts) {
    this.#config = config;
    this.#parts = parts;
    this.#clock = parts.clock ?? CLOCK;
    this.#keys = keysOf(config, parts, this.#clock);
    this.#issuers = [config.issuer].flat();
    this.#revoked = new Set(config.revoked);
  }

  async read(token: string): Promise<Read> {
    const written = token.length > LONGEST ? undefined : partsOf(token);
    if (written === undefined) return refused("malformed", false);
    // What another has issued is another's business: no key is looked for.
    const isOurs = this.#issuers.some((issuer) => issuer === written.issuer);
    if (!isOurs) return refused("issuer", false);
    const problem = problemOf(written.header, this.#keys.algorithms);
    if (problem !== undefined) return refused(problem, true);
    try {
      const payload = await this.#keys.verified(token, this.#rules());
      return await this.#judged(payload);
    } catch (error) {
      if (error instanceof GatewayError) throw error;
      return refused(faultOf(error), true);
    }
  }

  #rules(): JWTVerifyOptions {
    const { audience, maxTokenAge = MAX_AGE_SECONDS } = this.#config;
    return {
      algorithms: [...this.#keys.algorithms],
      issuer: [...this.#issuers],
      audience: [audience].flat(),
      requiredClaims: ["exp"],
      maxTokenAge,
      clockTolerance: this.#tolerance,
      currentDate: new Date(this.#clock.now()),
    };
  }

  get #tolerance(): number {
    return this.#config.clockTolerance ?? TOLERANCE_SECONDS;
  }

  async #judged(payload: JWTPayload): Promise<Read> {
    const { exp = 0, jti } = payload;
    const { maxTokenAge = MAX_AGE_SECONDS } = this.#config;
    const now = this.#clock.now() / 1000;
    if (exp - now > maxTokenAge + this.#tolerance) return refused("too-old", true);
    if (jti !== undefined && typeof jti !== "string") return refused("claims", true);
    if (jti !== undefined && await this.#isRevoked(jti)) return refused("revoked", true);
    const holder = holderIn(payload, this.#config);
    if (typeof holder === "string") return refused(holder, true);
    return { kind: "holder", holder: { ...holder, expiresAt: (exp + this.#tolerance) * 1000 } };
  }

  async #isRevoked(jti: string): Promise<boolean> {
    if (this.#revoked.has(jti)) return true;
    try {
      return await this.#parts.isRevoked?.(jti) ?? false;
    } catch (cause) {
      throw new GatewayError("store_unavailable", "Try again: revoked tokens can't be looked up now.", { cause });
    }
  }
}

const refused = (fault: TokenFault, isOurs: boolean): Read => ({ kind: "refused", fault, isOurs });

interface Written {
  readonly header: Readonly<Record<string, unknown>>;
  readonly issuer: unknown;
}

/** What a token says of itself, of which nothing is true yet; `undefined` where two readers could read it differently. */
function partsOf(token: string): Written | undefined {
  if (!isTokenLike(token)) return undefined;
  const [head = "", body = "", signature = ""] = token.split(".");
  if (body === "" || signature === "" || ![head, body, signature].every(isCanonical)) return undefined;
  try {
    const [header, payload] = [readJson(bytesOf(head), MAX_DEPTH), readJson(bytesOf(body), MAX_DEPTH)];
    const value = header.value;
    if (!isObject(value) || !isObject(payload.value)) return undefined;
    return { header: value, issuer: memberOf(payload, "iss") };
  } catch {
    return undefined;
  }
}

const bytesOf = (part: string) => fromBase64(part.replace(/-/g, "+").replace(/_/g, "/"));

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Whether base64url has no other spelling: no bits are left over at its end. */
function isCanonical(part: string): boolean {
  const rest = part.length % 4;
  if (rest === 1) return false;
  return rest === 0 || ALPHABET.indexOf(part.at(-1)!) % (rest === 2 ? 16 : 4) === 0;
}

/** Members by which a token brings its own key, changes what is signed, or holds another. */
const STRANGE = ["jku", "jwk", "x5u", "x5c", "crit", "b64", "zip", "cty", "enc"];

/** What forbids even to look for the key. */
function problemOf(header: Written["header"], algorithms: readonly string[]): TokenFault | undefined {
  const { alg, kid, typ } = header;
  if (typeof alg !== "string" || !algorithms.includes(alg)) return "algorithm";
  if (STRANGE.some((name) => name in header)) return "malformed";
  if (kid !== undefined && (typeof kid !== "string" || kid.length > 512)) return "malformed";
  const isToken = typ === undefined || (typeof typ === "string" && /^(?:application\/)?(?:at\+)?jwt$/i.test(typ));
  return isToken ? undefined : "malformed";
}

const FAULTS: Readonly<Record<string, TokenFault>> = { iss: "issuer", aud: "audience", nbf: "early", iat: "too-old" };

function faultOf(error: unknown): TokenFault {
  if (error instanceof errors.JWTExpired) return error.claim === "iat" ? "too-old" : "token-expired";
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.reason === "check_failed" ? FAULTS[error.claim] ?? "claims" : "claims";
  }
  return error instanceof errors.JWTInvalid ? "malformed" : "signature";
}

/** What signatures are checked with. */
interface Keys {
  readonly algorithms: readonly string[];
  /** @throws What jose throws. */
  verified(token: string, rules: JWTVerifyOptions): Promise<JWTPayload>;
}

function keysOf(
  { jwks, secret, algorithms, allowPrivate = false, cooldown = COOLDOWN_SECONDS }: JwtConfig,
  parts: JwtParts,
  clock: Clock,
): Keys {
  if (secret !== undefined) {
    const key = new TextEncoder().encode(secret);
    return {
      algorithms: algorithms ?? ["HS256"],
      verified: async (token, rules) => (await jwtVerify(token, key, rules)).payload,
    };
  }
  const problem = typeof jwks === "string" ? jwksProblem(jwks, allowPrivate) : jwks === undefined && "is missing";
  if (problem) throw new TypeError(`The address of the key set ${problem}`);
  const fetchOf = parts.fetch ?? ((url, init) => fetch(url, init));
  const published = typeof jwks === "string"
    ? new Published({ url: jwks, clock, cooldownMs: cooldown * 1000, fetch: fetchOf })
    : undefined;
  const newest = (known?: KeySet): Promise<KeySet> | KeySet => published?.newest(known) ?? jwks as KeySet;
  return {
    algorithms: algorithms ?? ASYMMETRIC,
    async verified(token, rules) {
      const set = await newest();
      try {
        return await verifiedBy(set, token, rules);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        const newer = await newest(set);
        if (newer === set) throw error;
        return await verifiedBy(newer, token, rules);
      }
    },
  };
}

/** Keys of each set, imported once. */
const RESOLVERS = new WeakMap<KeySet, ReturnType<typeof createLocalJWKSet>>();

async function verifiedBy(set: KeySet, token: string, rules: JWTVerifyOptions): Promise<JWTPayload> {
  const known = RESOLVERS.get(set) ?? createLocalJWKSet(set as unknown as JSONWebKeySet);
  RESOLVERS.set(set, known);
  return (await jwtVerify(token, known, rules)).payload;
}
