/**
 * The gateway: the one file in which the order of the rooms can be read.
 *
 * @module
 */
import type { Call, Identified, Target } from "./call.ts";
import type { CacheSettings } from "./cache/cacher.ts";
import { checkConfig, type Config, ConfigError, type GatewayConfig } from "./config.ts";
import { desk } from "./desk.ts";
import { entry, type Gateway } from "./entry.ts";
import { GatewayError } from "./errors.ts";
import type { Tokens } from "./keys/holder.ts";
import { type GatewayKey, Holders } from "./keys/holders.ts";
import type { Keyring } from "./keys/key.ts";
import type { JwtConfig } from "./keys/token.ts";
import type { Journal } from "./logs/journal.ts";
import { compose, type Handler, type Middleware } from "./middleware.ts";
import { admit } from "./middleware/admit.ts";
import { auth } from "./middleware/auth.ts";
import { credentials, type CredentialSource } from "./middleware/credentials.ts";
import { fallback } from "./middleware/fallback.ts";
import type { Hedge } from "./middleware/hedge.ts";
import { type LimitOptions, rulesOf } from "./middleware/limit.ts";
import { log } from "./middleware/log.ts";
import { metadata } from "./middleware/metadata.ts";
import { meter } from "./middleware/meter.ts";
import { models } from "./middleware/models.ts";
import { plan } from "./middleware/plan.ts";
import { policy as access } from "./middleware/policy.ts";
import { purge } from "./middleware/purge.ts";
import { retry } from "./middleware/retry.ts";
import { send } from "./middleware/send.ts";
import { tenant } from "./middleware/tenant.ts";
import { overlay } from "./overlay.ts";
import type { Provider } from "./providers/provider.ts";
import { type Registry, registry } from "./providers/registry.ts";
import type { Signer } from "./providers/signer.ts";
import { Cooling, type Hints } from "./routing/cooling.ts";
import { DEFAULT_POLICY, type Policy } from "./routing/policy.ts";
import { sealer } from "./seal.ts";
import { Guard } from "./store/guard.ts";
import { memory } from "./store/memory.ts";
import type { Store } from "./store/store.ts";
import { tariff } from "./tariff.ts";
import type { Prices } from "./usage.ts";

/** What {@link gateway} takes: the config, and the parts that JSON can't hold. */
export interface Options extends Omit<Config, "store" | "gateways"> {
  /** Where shared state lives: `upstash(env)`; the memory of this process if absent. */
  readonly store?: Store | Config["store"];
  /** Milliseconds that a call waits for it; 120 if absent. */
  readonly storeTimeout?: number | undefined;
  /** By name; absent: every name is served with the defaults. */
  readonly gateways?: Readonly<Record<string, GatewayOptions>> | undefined;
  /** Keys that are made and revoked while the gateway runs; `auth.pepper` hashes them. */
  readonly keyring?: Keyring | undefined;
  /** Reads the tokens of `auth.jwt`: `jwt` of `headgate/jwt`. */
  readonly tokens?: ((config: JwtConfig) => Tokens) | undefined;
  /** Takes one record for each call. */
  readonly journal?: Journal;
  /** Where costs come from: `prices()` of `headgate/prices`. */
  readonly prices?: Prices;
  /** Providers that answer in process: `demo()`. */
  readonly local?: readonly Provider[];
  /** Keys that are made and revoked over HTTP: `admin()` of `headgate/admin`. */
  readonly admin?: Admin;
  /** Gives a call its credential where its client brings none and none is stored: a tenant's own key. */
  readonly credentials?: CredentialSource | undefined;
  /** Who signs, where a credential is an account: `[aws(), google(), entra()]` of `headgate/signing`. */
  readonly signers?: readonly Signer[] | undefined;
  /** Tells other processes which targets are throttled or down. */
  readonly hints?: Hints;
}

/** The management of keys. */
export interface Admin {
  /** Called once; does no I/O. */
  open(house: AdminHouse): AdminRooms;
}

/** What it is told of the gateway. */
export interface AdminHouse {
  /** Those of the config, which it can't change. */
  readonly keys: readonly GatewayKey[];
  readonly pepper: string;
  readonly basePath: string | undefined;
}

/** What it brings. */
export interface AdminRooms {
  /** The keys that it keeps. */
  readonly keyring: Keyring;
  /** Stands before `auth`: sees whom it turns away. */
  readonly watch: Middleware;
  /** Answers `/admin/...`. */
  readonly handler: Handler<Call & Identified>;
}

/** One gateway, and what JSON can't say of it. */
export interface GatewayOptions extends Omit<GatewayConfig, "limits"> {
  /** Rules, or what chooses them for a call. */
  readonly limits?: LimitOptions["limits"] | undefined;
}

/**
 * Makes a whole gateway. Does no I/O.
 *
 * @throws {ConfigError} that lists everything wrong with the options.
 * @example
 * ```ts
 * export default gateway({ providers: { openai: { key: process.env.OPENAI_API_KEY } } });
 * ```
 */
export function gateway(options: Options = {}): Gateway {
  const { journal, prices, local, hints, store, storeTimeout, keyring, tokens, admin, ...given } = options;
  const { credentials: source, signers, ...rest } = given;
  const chosen = chosenLimits(rest.gateways);
  const json = { ...rest, store: isStore(store) ? undefined : store, gateways: chosen.gateways };
  const config = checkConfig(json, signers);
  const { basePath, body, auth: { keys = [], pepper, adminOrigins } = {} } = config;
  const rooms = admin?.open({ keys, pepper: pepper ?? "", basePath });
  const house: House = {
    config,
    admin: rooms,
    limits: chosen.limits,
    guard: new Guard(storeOf(store), { timeoutMs: storeTimeout }),
    providers: registry(config.providers, local, signers),
    holders: new Holders({
      ...config.auth,
      keyring: keyringOf(config, rooms?.keyring ?? keyring),
      tokens: tokensOf(config, tokens),
    }),
    source,
    signers,
    journal,
    prices: tariff(config.providers, prices),
    cooling: new Cooling(hints),
  };
  return entry(doors(house), { providers: house.providers, basePath, body, adminOrigins });
}

/** What all gateways of one house share. */
interface House {
  readonly config: Config;
  /** Functions that choose rules, by gateway. */
  readonly limits: ReadonlyMap<string, LimitOptions["limits"]>;
  /** All gateways share one store. */
  readonly guard: Guard;
  readonly providers: Registry;
  readonly admin: AdminRooms | undefined;
  /** What is known of credentials is known to all gateways. */
  readonly holders: Holders;
  readonly source: CredentialSource | undefined;
  readonly signers: readonly Signer[] | undefined;
  readonly journal: Journal | undefined;
  readonly prices: Prices | undefined;
  /** What is known of the targets is known to all gateways: they share the providers. */
  readonly cooling: Cooling;
}

/** One corridor for each configured gateway; each is folded once. */
function doors(house: House): Handler {
  const own = desk(house.config.basePath, house.guard);
  const office = house.admin && officeOf(house, house.admin);
  const named = new Map(
    Object.keys({ default: {}, ...house.config.gateways }).map((name) => [name, corridor(house, name)]),
  );
  // Without a list of gateways no name is wrong: a client of Cloudflare's changes the host and nothing else.
  const other = house.config.gateways === undefined ? named.get("default") : undefined;
  return (call) => {
    const { kind, gateway: name } = call.route;
    if (kind === "admin") return (office ?? own)(call);
    const inside = named.get(name) ?? other;
    if (inside === undefined) throw unknownGateway();
    return kind === "probe" || kind === "unknown" ? own(call) : inside(call);
  };
}

/** What is kept of a call to `/admin`: not what a secret is shown in. */
const DISCREET: Policy = { ...DEFAULT_POLICY, collectsPayload: false };

/** The line-up of `/admin`: whoever asks must be known. */
function officeOf({ config, journal, holders }: House, { watch, handler }: AdminRooms): Handler {
  return compose(log({ journal, line: lineOf(config), policy: DISCREET }))
    .use(watch)
    .use(auth({ holders, required: true }))
    .to(handler);
}

const lineOf = ({ log }: Config) => log === "json" ? (text: string) => console.log(text) : undefined;

/** The line-up of one gateway. */
function corridor(house: House, name: string): Handler {
  const { config, guard, providers, holders, source, signers, journal, prices, cooling } = house;
  const { policies: rules = [] } = config;
  const settings = config.gateways?.[name] ?? {};
  const policy = policyOf(settings);
  const windowOf = ({ provider: { id, priceId, windows }, model = "" }: Target) =>
    windows?.[model] ?? prices?.window?.({ provider: id, priceId, model });
  const isRequired = (settings.auth ?? (holders.isEmpty ? "off" : "required")) === "required";
  const limits = rulesOf(house.limits.get(name) ?? settings.limits ?? []);
  const kept = cacheOf(settings);
  return compose(log({ journal, line: lineOf(config), policy })) // outermost: also tells of calls that are refused
    .use(auth({ holders, required: isRequired })) // before anything is read into
    .use(metadata(settings.metadata))
    .use(tenant({ trusted: [config.auth?.tenant ?? []].flat(), onMismatch: config.auth?.tenantMismatch })) // whom its key speaks for
    .use(models(providers, rules))
    .use(purge({ store: guard, isShared: kept.isShared }))
    .use(plan({ providers, policy })) // a bad request ends here, before it costs anything
    .use(access({ rules })) // what is forbidden is never planned
    .use(fallback({ policy, cooling, total: settings.retry?.total, hedge: hedgeOf(settings), windowOf })) // one `next` for each target
    .use(admit({ store: guard, rules: limits, cache: kept, prices })) // limits, budgets and kept answers: one question to the store
    .use(retry({ policy, cooling })) // one `next` for each attempt at it
    .use(credentials({ source, signers, cooling })) // only now is it known whose key is needed
    .use(meter({ prices })) // sees what the provider answers, whichever attempt it is
    .to(send({ maxAnswerBytes: config.body?.maxAnswerBytes }));
}

const HEDGED_PERCENT = 10;

function hedgeOf({ hedge }: Settings): Hedge | undefined {
  return hedge && { afterMs: hedge.after, percent: hedge.percent ?? HEDGED_PERCENT };
}

type Settings = NonNullable<Config["gateways"]>[string];

function cacheOf({ cache = {} }: Settings): CacheSettings {
  const { key, shared, maxBytes, pace, secret } = cache;
  return { template: key, isShared: shared, maxBytes, pace, sealer: secret === undefined ? undefined : sealer(secret) };
}

/** A key that nobody hashes right is never found: it must not look as if there were none. */
function keyringOf({ auth }: Config, keyring: Keyring | undefined): Keyring | undefined {
  if (keyring === undefined || auth?.pepper !== undefined) return keyring;
  throw new ConfigError([{
    path: "auth.pepper",
    message: "is missing",
    suggestion: "a keyring's keys are hashed with it",
  }]);
}

function tokensOf({ auth }: Config, tokens: Options["tokens"]): Tokens | undefined {
  if (auth?.jwt === undefined) return undefined;
  // Whoever has no tokens bundles nothing that reads them.
  if (tokens !== undefined) return tokens(auth.jwt);
  throw new ConfigError([{
    path: "auth.jwt",
    message: "needs what reads tokens",
    suggestion: 'import { jwt } from "headgate/jwt" and pass tokens: jwt',
  }]);
}

const isStore = (store: Options["store"]): store is Store => typeof store === "object" && "admit" in store;

function storeOf(store: Options["store"]): Store {
  if (isStore(store)) return store;
  if (store === undefined || store === "memory") return memory();
  // Whoever needs no Redis bundles no client for it.
  throw new ConfigError([{
    path: "store.upstash",
    message: "is for config files",
    suggestion: "pass upstash({ url, token }) as store",
  }]);
}

/** Functions can't be checked as a config is. */
function chosenLimits(gateways: Options["gateways"]) {
  const limits = new Map<string, LimitOptions["limits"]>();
  if (gateways === undefined) return { limits, gateways };
  const checked = Object.entries(gateways).map(([name, settings]): [string, unknown] => {
    if (typeof settings?.limits !== "function") return [name, settings];
    limits.set(name, settings.limits);
    return [name, { ...settings, limits: undefined }];
  });
  return { limits, gateways: Object.fromEntries(checked) };
}

function policyOf({ retry, timeouts, midStream, logs, cache }: Settings): Policy {
  return overlay(DEFAULT_POLICY, {
    maxAttempts: retry?.attempts,
    retryDelayMs: retry?.delay,
    backoff: retry?.backoff,
    headersTimeoutMs: timeouts?.headers,
    firstTokenTimeoutMs: timeouts?.firstToken,
    idleTimeoutMs: timeouts?.idle,
    totalTimeoutMs: timeouts?.total,
    midStream,
    cacheTtlSeconds: cache?.ttl,
    collectsLog: logs?.collect,
    collectsPayload: logs?.payload !== "none",
  });
}

const unknownGateway = () =>
  new GatewayError("unknown_gateway", "Name a configured gateway in the URL: this one isn't.");
