/**
 * The config: checked once, at start, into plain typed data.
 *
 * @module
 */
import type { KeyPart } from "./cache/key.ts";
import { ConfigError, type ConfigIssue } from "./issue.ts";
import { contradictions } from "./contradictions.ts";
import type { GatewayKey } from "./keys/key.ts";
import type { JwtConfig } from "./keys/token.ts";
import type { LimitConfig } from "./limits/rule.ts";
import type { Credential } from "./providers/account.ts";
import type { WireId } from "./providers/provider.ts";
import type { TenantSource } from "./middleware/tenant.ts";
import { misfits } from "./part.ts";
import type { PolicyConfig } from "./routing/access.ts";
import type { Signer } from "./providers/signer.ts";
import type { Backoff, MidStream } from "./routing/policy.ts";
import { schema } from "./schema.ts";
import { type Environment, resolved } from "./variables.ts";

export type { Environment };
export type { GatewayKey as KeyConfig } from "./keys/key.ts";
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
  readonly keys?: readonly GatewayKey[] | undefined;
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
  const issues = [...found, ...misfits(config, schema), ...contradictions(config, signers)];
  if (issues.length > 0) throw new ConfigError(firstOfEach(issues));
  return config as Config;
}

/** One issue for each path: the first, which is the cause of the others. */
function firstOfEach(issues: readonly ConfigIssue[]): readonly ConfigIssue[] {
  return issues.filter(({ path }, index) => issues.findIndex((issue) => issue.path === path) === index);
}
