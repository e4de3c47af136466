/**
 * Headgate: a self-hosted AI gateway that is one `fetch` handler.
 *
 * @module
 */
export { entry, type EntryOptions, type Gateway } from "./src/entry.ts";
export {
  type Admin,
  type AdminHouse,
  type AdminRooms,
  gateway,
  type GatewayOptions,
  type Options,
} from "./src/gateway.ts";
export { compose, type Corridor, type Handler, type Middleware } from "./src/middleware.ts";
export { type Admissible, admit, type AdmitOptions } from "./src/middleware/admit.ts";
export { auth, type AuthOptions, type GatewayKey } from "./src/middleware/auth.ts";
export { type HolderOptions, Holders } from "./src/keys/holders.ts";
export { type Fault, type Finding, type Holder, type TokenFault, type Tokens } from "./src/keys/holder.ts";
export { type Grants, type KeyRecord, type Keyring, type KeySecret, type Role, ROLES } from "./src/keys/key.ts";
export { hashOf, newSecret } from "./src/keys/secret.ts";
export { type JwtAlgorithm, type JwtConfig } from "./src/keys/token.ts";
export { type ClaimPaths } from "./src/keys/claims.ts";
export { type KeySet } from "./src/keys/jwks.ts";
export { budget } from "./src/middleware/budget.ts";
export { cache, type CacheOptions } from "./src/middleware/cache.ts";
export { credentials, type CredentialsOptions, type CredentialSource } from "./src/middleware/credentials.ts";
export { fallback, type FallbackOptions } from "./src/middleware/fallback.ts";
export { type Hedge } from "./src/middleware/hedge.ts";
export { limit, type LimitOptions } from "./src/middleware/limit.ts";
export { log, type LogOptions } from "./src/middleware/log.ts";
export { metadata, type MetadataOptions } from "./src/middleware/metadata.ts";
export { meter, type MeterOptions } from "./src/middleware/meter.ts";
export { plan, type PlanOptions } from "./src/middleware/plan.ts";
export { policy, type PolicyOptions } from "./src/middleware/policy.ts";
export { tenant, type TenantOptions, type TenantSource } from "./src/middleware/tenant.ts";
export { type Attempting, retry, type RetryOptions } from "./src/middleware/retry.ts";
export { purge, type PurgeOptions } from "./src/middleware/purge.ts";
export { send, type SendOptions } from "./src/middleware/send.ts";
export { type Registry, registry } from "./src/providers/registry.ts";
export {
  type Auth,
  type Dialect,
  type LocalRequest,
  type Provider,
  type Rule,
  type WireId,
} from "./src/providers/provider.ts";
export { type AwsAccount, type Credential, type EntraAccount, type GoogleAccount } from "./src/providers/account.ts";
export { type Keys, type Ring, type Stored } from "./src/providers/keys.ts";
export { type Order, type Payee, type Signature, type Signer } from "./src/providers/signer.ts";
export { demo } from "./src/providers/demo/demo.ts";
export { type DemoClock } from "./src/providers/demo/pace.ts";
export { type Journal, type MemoryJournal, memoryJournal, type MemoryJournalOptions } from "./src/logs/journal.ts";
export { type AttemptRecord, type LogRecord, type Payload } from "./src/logs/record.ts";
export {
  type AuthConfig,
  type BodyConfig,
  type CacheConfig,
  type Config,
  ConfigError,
  type ConfigIssue,
  type GatewayConfig,
  type HedgeConfig,
  type KeyConfig,
  type PriceConfig,
  type ProviderConfig,
  type RetryConfig,
  type StoreConfig,
  type TimeoutConfig,
} from "./src/config.ts";
export { type ErrorCode, ERRORS, type ErrorSpec, GatewayError } from "./src/errors.ts";
export { type Binding, binding, type BindingOptions, type RunOptions, type UniversalStep } from "./src/binding.ts";
export { memory, type MemoryOptions } from "./src/store/memory.ts";
export {
  type Stock,
  upstash,
  type UpstashEnvironment,
  type UpstashExtras,
  type UpstashOptions,
} from "./src/store/upstash.ts";
export { Guard, type GuardOptions } from "./src/store/guard.ts";
export { type Sealer, sealer, type SealKeys } from "./src/seal.ts";
export { type CacheSettings } from "./src/cache/cacher.ts";
export { type KeyOptions, type KeyPart } from "./src/cache/key.ts";
export {
  type Algorithm,
  type Dimension,
  type LimitConfig,
  type Match,
  type OnStoreFailure,
} from "./src/limits/rule.ts";
export type {
  Account,
  Admission,
  Ask,
  Claim,
  EntryAsk,
  EntryKeys,
  Followed,
  Found,
  Led,
  Measure,
  News,
  Stamps,
  Standing,
  Store,
} from "./src/store/store.ts";
export { type Prices, type Usage } from "./src/usage.ts";
export { fetchTransport, type FetchTransportOptions } from "./src/transport.ts";
export { type Clock } from "./src/clock.ts";
export { Cooling, type Hint, type Hints } from "./src/routing/cooling.ts";
export { type Decision, type Situation } from "./src/routing/decision.ts";
export { type Circumstance, type Judged, type PolicyConfig, type Reach } from "./src/routing/access.ts";
export { type Backoff, type MidStream, type Policy } from "./src/routing/policy.ts";
export { type Course, type Reason, type Verdict } from "./src/routing/verdict.ts";
export { RetryTokens } from "./src/routing/tokens.ts";
export { type Place, type Route } from "./src/routing/route.ts";
export { type BodyLimits } from "./src/body.ts";
export { type Heard } from "./src/headers.ts";
export { type Json, type Span } from "./src/json.ts";
export type * from "./src/call.ts";
