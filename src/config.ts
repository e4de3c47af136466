/**
 * The config: checked once, at start, into plain typed data.
 *
 * @module
 */
import { timeOf } from "./date.ts";
import { field } from "./json.ts";
import { jwksProblem, originProblem } from "./origin.ts";
import type { KeyPart } from "./cache/key.ts";
import { ConfigError, type ConfigIssue } from "./issue.ts";
import { type Grants, isReserved, type Role } from "./keys/key.ts";
import type { JwtConfig } from "./keys/token.ts";
import type { LimitConfig } from "./limits/rule.ts";
import { wrongLimits } from "./limits/shape.ts";
import type { Credential } from "./providers/account.ts";
import { keysOf } from "./providers/keys.ts";
import type { WireId } from "./providers/provider.ts";
import type { TenantSource } from "./middleware/tenant.ts";
import { below, hint, issue, misfits } from "./part.ts";
import { BUILT_IN, findBuiltIn } from "./providers/rows.ts";
import type { PolicyConfig } from "./routing/access.ts";
import { BEARER } from "./providers/shape.ts";
import { signatureOf, type Signer } from "./providers/signer.ts";
import type { Backoff, MidStream } from "./routing/policy.ts";
import { isJwt, isKey, isProvider, schema } from "./schema.ts";
import { type Environment, resolved } from "./variables.ts";

export type { Environment };
export { ConfigError, type ConfigIssue, sentence } from "./issue.ts";

/** What a config file may hold, and what `gateway()` takes beside its TypeScript-only options. */
export interface Config {
  /** Lets an editor help. */
  readonly $schema?: string | undefined;
  /** Where shared state lives: in this process, if absent. */
  readonly store?: "memory" | StoreConfig | undefined;
  /** Where the gateway is mounted: `/ai`; nothing for the root. */
  readonly basePath?: string | undefined;
  readonly auth?: AuthConfig | undefined;
  /** By slug: `openai`, `custom-mine`. */
  readonly providers?: Readonly<Record<string, ProviderConfig>> | undefined;
  /** By name; absent: every name is served with the defaults. */
  readonly gateways?: Readonly<Record<string, GatewayConfig>> | undefined;
  /** Which providers and models calls may reach; everything if absent. Each can only take away. */
  readonly policies?: readonly PolicyConfig[] | undefined;
  readonly body?: BodyConfig | undefined;
  /** `json`: one line for each call on stdout. */
  readonly log?: "json" | "off" | undefined;
  /** How long streams may go on once the process was told to stop; 30 if absent. */
  readonly drainSeconds?: number | undefined;
}

/** Upstash Redis, or a Redis or Valkey behind `headgate redis`. */
export interface StoreConfig {
  readonly upstash: { readonly url: string; readonly token: string };
  /** Milliseconds that a call waits for it; 120 if absent. */
  readonly timeout?: number | undefined;
}

/** Who may call, and for whom. */
export interface AuthConfig {
  readonly keys?: readonly KeyConfig[] | undefined;
  /** Tokens in the place of keys; `gateway()` needs `tokens: jwt` of `headgate/jwt` for it. */
  readonly jwt?: JwtConfig | undefined;
  /** What hashes keys that are made over HTTP, and those of any other keyring. */
  readonly pepper?: string | undefined;
  /** Origins whose pages may call `/admin`; none if absent. */
  readonly adminOrigins?: readonly string[] | undefined;
  /** Where a tenant may be named whom no key vouches for; nowhere if absent. */
  readonly tenant?: TenantSource | readonly TenantSource[] | undefined;
  /** What becomes of a call that names another tenant than its key's; `refuse` if absent. */
  readonly tenantMismatch?: "refuse" | "override" | undefined;
}

/** One gateway key; exactly one of `key` and `sha256` (in hex). */
export interface KeyConfig {
  readonly id: string;
  readonly key?: string | undefined;
  readonly sha256?: string | undefined;
  readonly tenant?: string | undefined;
  /** `["caller"]` if absent. */
  readonly roles?: readonly Role[] | undefined;
  /** What it opens; everything if absent. */
  readonly grants?: Grants | undefined;
  /** ISO 8601: from when it opens nothing. */
  readonly expires?: string | undefined;
}

/** One provider. */
export interface ProviderConfig {
  /** Its stored key, or an account to sign with; for calls that name no alias. */
  readonly key?: Credential | undefined;
  /** Stored keys by alias, which `cf-aig-byok-alias` chooses; those of a list stand in for each other. */
  readonly keys?: Readonly<Record<string, Credential | readonly Credential[]>> | undefined;
  /** Where it lives, if not where it usually does; may have a path if the provider is a custom one. */
  readonly origin?: string | undefined;
  /** What a custom provider speaks. */
  readonly wire?: WireId | undefined;
  /** Whether the origin may be private, loopback or plain http. */
  readonly allowPrivate?: boolean | undefined;
  /** Whether its models go on from an assistant's message at the end of a request; for `midStream: "continue"`. */
  readonly prefills?: boolean | undefined;
  /** Tokens that a model takes in, by its name; from the price list if absent. A context that is too long goes to a larger one only. */
  readonly windows?: Readonly<Record<string, number>> | undefined;
  /** What its models cost, by name, where the price list doesn't know it or says otherwise; US dollars for a million tokens. */
  readonly prices?: Readonly<Record<string, PriceConfig>> | undefined;
  /** Names for `GET /compat/models`. */
  readonly models?: readonly string[] | undefined;
  /** Sent with every attempt. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** How a custom provider is shown its key; `Authorization: Bearer` if absent. */
  readonly auth?: { readonly header: string; readonly scheme?: string | undefined } | undefined;
}

/** US dollars for a million tokens. */
export interface PriceConfig {
  readonly input: number;
  readonly output: number;
  /** Of input that the provider had cached; as `input` if absent. */
  readonly cachedInput?: number | undefined;
}

/** How answers are kept. */
export interface CacheConfig {
  /** Seconds; a request's `cf-aig-cache-ttl` wins. Without it nothing is kept unless a request asks for it. */
  readonly ttl?: number | undefined;
  /** What of a call its key is made of: `system`, `user`, `tools`, `metadata.<name>`; the whole request if absent. */
  readonly key?: readonly KeyPart[] | undefined;
  /** Of one answer; 4 MiB if absent. */
  readonly maxBytes?: number | undefined;
  /** Whether streams are replayed at once or as they first came; at once if absent. */
  readonly pace?: "instant" | "recorded" | undefined;
  /** Whether the tenants of the gateway share their answers. */
  readonly shared?: boolean | undefined;
  /** Encrypts what is kept; of several the first, and all decrypt. */
  readonly secret?: string | readonly string[] | undefined;
}

/** One gateway. */
export interface GatewayConfig {
  /** `required` if absent and any key is configured. */
  readonly auth?: "required" | "off" | undefined;
  /** How failed attempts are followed by others. */
  readonly retry?: RetryConfig | undefined;
  readonly timeouts?: TimeoutConfig | undefined;
  /** What becomes of a stream that breaks in the middle; `error` if absent. */
  readonly midStream?: MidStream | undefined;
  /** What callers may take. */
  readonly limits?: readonly LimitConfig[] | undefined;
  readonly cache?: CacheConfig | undefined;
  /** Asks a second target when the first is slow; never if absent. */
  readonly hedge?: HedgeConfig | undefined;
  readonly logs?:
    | { readonly collect?: boolean | undefined; readonly payload?: "full" | "none" | undefined }
    | undefined;
  readonly metadata?: { readonly maxEntries?: number | undefined } | undefined;
}

/** How a target is tried again. */
export interface RetryConfig {
  /** At one target, the first included. */
  readonly attempts?: number | undefined;
  /** Milliseconds. */
  readonly delay?: number | undefined;
  readonly backoff?: Backoff | undefined;
  /** Upstream requests for one call, all its targets together; 3 if absent, or as many as a request asks for by name. */
  readonly total?: number | undefined;
}

/** How long an answer may take, in milliseconds. */
export interface TimeoutConfig {
  /** Until its headers. */
  readonly headers?: number | undefined;
  /** Until the model's first output. */
  readonly firstToken?: number | undefined;
  /** Between two chunks of a stream; 300 000 if absent. */
  readonly idle?: number | undefined;
  /** Until its end, all attempts together. */
  readonly total?: number | undefined;
}

/** When a second target is asked beside the first. */
export interface HedgeConfig {
  /** Milliseconds that the first has for its first output. */
  readonly after: number;
  /** Of a hundred calls, so many are hedged at most; 10 if absent. */
  readonly percent?: number | undefined;
}

/** How much of a body the gateway takes. */
export interface BodyConfig {
  /** Of JSON, which is held in memory; 10 MiB if absent. */
  readonly maxBytes?: number | undefined;
  /** Of an upload, which is streamed; 100 MiB if absent. */
  readonly maxUploadBytes?: number | undefined;
  /** How deep JSON may be nested; 512 if absent. */
  readonly maxDepth?: number | undefined;
  /** After which a provider's answer is broken off; 1 GiB if absent. */
  readonly maxAnswerBytes?: number | undefined;
}

/**
 * Checks a config, as `gateway()` takes it.
 *
 * @param signers Who signs with the accounts in it.
 * @throws {ConfigError} With all that is wrong, not the first thing only.
 */
export function checkConfig(input: unknown, signers: readonly Signer[] = []): Config {
  return checked(input, [], signers);
}

/**
 * Checks a config and puts environment variables in the place of `env:NAME`. The result may be parsed again.
 *
 * @param signers Who signs with the accounts in it.
 * @throws {ConfigError} With all that is wrong, not the first thing only.
 */
export function parseConfig(input: unknown, env: Environment, signers: readonly Signer[] = []): Config {
  const issues: ConfigIssue[] = [];
  return checked(resolved(input, "", { env, issues }), issues, signers);
}

function checked(config: unknown, found: readonly ConfigIssue[], signers: readonly Signer[]): Config {
  const issues = [
    ...found,
    ...misfits(config, schema),
    ...wrongKeys(config),
    ...wrongJwt(field(field(config, "auth"), "jwt")),
    ...wrongPolicies(config),
    ...wrongProviders(config, signers),
    ...wrongGateways(config),
  ];
  if (issues.length > 0) throw new ConfigError(firstOfEach(issues));
  return config as Config;
}

/** One issue for each path: the first, which is the cause of the others. */
function firstOfEach(issues: readonly ConfigIssue[]): readonly ConfigIssue[] {
  return issues.filter(({ path }, index) => issues.findIndex((issue) => issue.path === path) === index);
}

/** No key, which would leave the gateway open; keys without a secret, with two, or like another. */
function wrongKeys(config: unknown): ConfigIssue[] {
  const keys = field(field(config, "auth"), "keys");
  if (!Array.isArray(keys)) return [];
  if (keys.length === 0) return [issue("auth.keys", "must not be empty; leave it out, or add a key")];
  const seen = new Set<string>();
  return keys.flatMap((key: unknown, index) => {
    const path = `auth.keys[${index}]`;
    return isKey(key)
      ? [...wrongId(key, path), ...wrongSecret(key, path), ...wrongEnd(key, path), ...repeated(key, path, seen)]
      : [];
  });
}

function wrongEnd({ expires }: KeyConfig, path: string): ConfigIssue[] {
  return expires === undefined || timeOf(expires) > 0
    ? []
    : [issue(`${path}.expires`, "is no date; write it like 2027-01-31 or 2027-01-31T12:00:00Z")];
}

/** Nothing to check tokens with, or two things; algorithms that don't go with it; keys from nowhere. */
function* wrongJwt(jwt: unknown): Iterable<ConfigIssue> {
  if (!isJwt(jwt)) return;
  const { jwks, secret, algorithms = [], allowPrivate = false } = jwt;
  if ((jwks === undefined) === (secret === undefined)) {
    yield issue("auth.jwt", "needs either jwks or a secret; give the address of your provider's key set as jwks");
  }
  const problem = typeof jwks === "string" ? jwksProblem(jwks, allowPrivate) : undefined;
  if (problem !== undefined) yield issue("auth.jwt.jwks", problem);
  if (algorithms.some((name) => name.startsWith("HS") !== (secret !== undefined))) {
    yield issue("auth.jwt.algorithms", "must be HS256, HS384 or HS512 with a secret, and none of them with jwks");
  }
}

/** Policies that say nothing, or two things. */
function wrongPolicies(config: unknown): ConfigIssue[] {
  const policies = field(config, "policies");
  if (!Array.isArray(policies)) return [];
  return policies.flatMap((policy: unknown, index) => {
    const path = `policies[${index}]`;
    const said = (["allow", "deny"] as const).filter((name) => field(policy, name) !== undefined);
    if (said.length !== 1) return [issue(path, "needs exactly one of allow and deny")];
    const reach = field(policy, said[0]!);
    const isEmpty = ["providers", "models"].every((name) => field(reach, name) === undefined);
    return isEmpty ? [issue(`${path}.${said[0]}`, "needs providers, models or both")] : [];
  });
}

/** It would be taken for somebody else. */
const wrongId = ({ id }: KeyConfig, path: string): ConfigIssue[] =>
  isReserved(id) ? [issue(`${path}.id`, "is reserved; give the key another name")] : [];

function wrongSecret({ key, sha256 }: KeyConfig, path: string): ConfigIssue[] {
  const isOne = (key === undefined) !== (sha256 === undefined);
  return isOne ? [] : [issue(path, 'needs either a key or its sha256; write "key": "env:NAME"')];
}

function repeated({ id, key, sha256 }: KeyConfig, path: string, seen: Set<string>): ConfigIssue[] {
  return Object.entries({ id, key, sha256: sha256?.toLowerCase() }).flatMap(([name, value]) => {
    const mark = `${name} ${value}`;
    if (value === undefined || !seen.has(mark)) return seen.add(mark) && [];
    return [issue(`${path}.${name}`, "is that of another key, too; give each key its own")];
  });
}

function wrongProviders(config: unknown, signers: readonly Signer[]): ConfigIssue[] {
  return Object.entries(field(config, "providers") ?? {}).flatMap(([id, provider]) => {
    const path = below("providers", id);
    const isCustom = /^custom-[\da-z][\da-z-]{0,56}$/.test(id);
    if (!isCustom && !KNOWN.includes(id)) return [issue(path, `is not a provider's name${providerHint(id)}`)];
    if (!isProvider(provider)) return [];
    const wrong = [...wrongProvider(provider, path, isCustom), ...wrongHeaders(provider, path)];
    return wrong.length > 0 ? wrong : [...wrongCredentials(id, provider, path, signers)];
  });
}

/** The demo has no row in the table: it never leaves the process. */
const KNOWN: readonly string[] = [...BUILT_IN.map(({ id }) => id), "demo"];

/** An alias is for URLs; the config has one name for each provider. */
const providerHint = (id: string): string =>
  hint(findBuiltIn(id)?.id ?? id, KNOWN) || "; give a provider of your own a name like custom-mine";

function* wrongProvider(provider: ProviderConfig, path: string, isCustom: boolean): Iterable<ConfigIssue> {
  const { origin, allowPrivate = false } = provider;
  const problem = origin === undefined ? isCustom && "is missing" : originProblem(origin, allowPrivate);
  if (problem) yield issue(`${path}.origin`, problem);
  for (const name of isCustom ? [] : ["wire", "auth"] as const) {
    if (provider[name] !== undefined) yield issue(`${path}.${name}`, "is for custom providers only; remove it");
  }
}

/** Keys that no header can hold, accounts that nobody here signs with, aliases without a key or with two. */
function wrongCredentials(
  id: string,
  config: ProviderConfig,
  path: string,
  signers: readonly Signer[],
): readonly ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  const wrong = (place: string, line: string) => issues.push(issue(`${path}.${place}`, line));
  const provider = findBuiltIn(id) ?? { id, auth: BEARER };
  if (config.key !== undefined && config.keys?.["default"] !== undefined) {
    wrong("key", "is the same as keys.default; remove one of them");
  }
  const rings = keysOf(config, (credential, place) => {
    const signature = signatureOf(credential, provider, signers, config.allowPrivate === true);
    if (typeof signature === "string") wrong(place, signature);
    else if (!signature && /[^\x20-\x7e]/.test(String(credential))) wrong(place, "must be printable ASCII on one line");
  });
  for (const [alias, ring] of rings) if (ring.length === 0) wrong(`keys.${alias}`, "must not be empty");
  return issues;
}

/** Names that belong to one connection or to the gateway's own framing. */
const FRAMING =
  /^(host|connection|content-(length|encoding)|transfer-encoding|accept-encoding|keep-alive|te|trailer|upgrade|expect|proxy-.*)$/i;

/** Names that no provider may be shown: a key in one of them would open a way out for the client's. */
const UNSEEN = /^(cf-aig-.*|cookie)$/i;

function* wrongHeaders({ headers = {}, auth }: ProviderConfig, path: string): Iterable<ConfigIssue> {
  for (const name of Object.keys(headers)) {
    if (FRAMING.test(name)) yield issue(below(`${path}.headers`, name), "is set by the gateway itself; remove it");
  }
  if (auth !== undefined && (FRAMING.test(auth.header) || UNSEEN.test(auth.header))) {
    yield issue(`${path}.auth.header`, "can't hold a key; name another header");
  }
}

function wrongGateways(config: unknown): ConfigIssue[] {
  const auth = field(config, "auth");
  const hasKeys = ["keys", "jwt", "pepper"].some((name) => field(auth, name) !== undefined);
  return Object.entries(field(config, "gateways") ?? {}).flatMap(([name, gateway]) => {
    const path = below("gateways", name);
    const limits: unknown = field(gateway, "limits");
    return [
      ...(!hasKeys && field(gateway, "auth") === "required"
        ? [issue(`${path}.auth`, "asks for a key, but there is none; add one to auth.keys, or auth.jwt")]
        : []),
      ...(Array.isArray(limits) ? wrongLimits(limits, `${path}.limits`) : []),
    ];
  });
}
