/**
 * The gateway: the one file in which the order of the rooms can be read.
 *
 * @module
 */
import type { Target } from "./call.ts";
import type { CacheSettings } from "./cache/cacher.ts";
import { checkConfig, type Config, ConfigError, type GatewayConfig } from "./config.ts";
import { desk } from "./desk.ts";
import { entry, type Gateway } from "./entry.ts";
import { GatewayError } from "./errors.ts";
import type { Journal } from "./logs/journal.ts";
import { compose, type Handler } from "./middleware.ts";
import { admit } from "./middleware/admit.ts";
import { auth, type GatewayKey } from "./middleware/auth.ts";
import { credentials, type CredentialSource } from "./middleware/credentials.ts";
import { fallback } from "./middleware/fallback.ts";
import type { Hedge } from "./middleware/hedge.ts";
import { type LimitOptions, rulesOf } from "./middleware/limit.ts";
import { log } from "./middleware/log.ts";
import { metadata } from "./middleware/metadata.ts";
import { meter } from "./middleware/meter.ts";
import { models } from "./middleware/models.ts";
import { plan } from "./middleware/plan.ts";
import { purge } from "./middleware/purge.ts";
import { retry } from "./middleware/retry.ts";
import { send } from "./middleware/send.ts";
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
  /** Takes one record for each call. */
  readonly journal?: Journal;
  /** Where costs come from: `prices()` of `headgate/prices`. */
  readonly prices?: Prices;
  /** Providers that answer in process: `demo()`. */
  readonly local?: readonly Provider[];
  /** Gives a call its credential where its client brings none and none is stored: a tenant's own key. */
  readonly credentials?: CredentialSource | undefined;
  /** Who signs, where a credential is an account: `[aws(), google(), entra()]` of `headgate/signing`. */
  readonly signers?: readonly Signer[] | undefined;
  /** Tells other processes which targets are throttled or down. */
  readonly hints?: Hints;
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
  const { journal, prices, local, hints, store, storeTimeout, credentials: source, signers, ...rest } = options;
  const chosen = chosenLimits(rest.gateways);
  const given = { ...rest, store: isStore(store) ? undefined : store, gateways: chosen.gateways };
  const config = checkConfig(given, signers);
  const house: House = {
    config,
    limits: chosen.limits,
    guard: new Guard(storeOf(store), { timeoutMs: storeTimeout }),
    providers: registry(config.providers, local, signers),
    keys: config.auth?.keys ?? [],
    source,
    signers,
    journal,
    prices: tariff(config.providers, prices),
    cooling: new Cooling(hints),
  };
  const { basePath, body } = config;
  return entry(doors(house), { providers: house.providers, basePath, body });
}

/** What all gateways of one house share. */
interface House {
  readonly config: Config;
  /** Functions that choose rules, by gateway. */
  readonly limits: ReadonlyMap<string, LimitOptions["limits"]>;
  /** All gateways share one store. */
  readonly guard: Guard;
  readonly providers: Registry;
  readonly keys: readonly GatewayKey[];
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
  const named = new Map(
    Object.keys({ default: {}, ...house.config.gateways }).map((name) => [name, corridor(house, name)]),
  );
  // Without a list of gateways no name is wrong: a client of Cloudflare's changes the host and nothing else.
  const other = house.config.gateways === undefined ? named.get("default") : undefined;
  return (call) => {
    const { kind, gateway: name } = call.route;
    const inside = named.get(name) ?? other;
    if (inside === undefined) throw unknownGateway();
    return kind === "probe" || kind === "unknown" ? own(call) : inside(call);
  };
}

/** The line-up of one gateway. */
function corridor(house: House, name: string): Handler {
  const { config, guard, providers, keys, source, signers, journal, prices, cooling } = house;
  const settings = config.gateways?.[name] ?? {};
  const policy = policyOf(settings);
  const windowOf = ({ provider: { id, priceId, windows }, model = "" }: Target) =>
    windows?.[model] ?? prices?.window?.({ provider: id, priceId, model });
  const line = config.log === "json" ? (text: string) => console.log(text) : undefined;
  const isRequired = (settings.auth ?? (keys.length > 0 ? "required" : "off")) === "required";
  const rules = rulesOf(house.limits.get(name) ?? settings.limits ?? []);
  const kept = cacheOf(settings);
  return compose(log({ journal, line, policy })) // outermost: also tells of calls that are refused
    .use(auth({ keys, required: isRequired })) // before anything is read into
    .use(models(providers))
    .use(purge({ store: guard, isShared: kept.isShared }))
    .use(metadata(settings.metadata))
    .use(plan({ providers, policy })) // a bad request ends here, before it costs anything
    .use(fallback({ policy, cooling, total: settings.retry?.total, hedge: hedgeOf(settings), windowOf })) // one `next` for each target
    .use(admit({ store: guard, rules, cache: kept, prices })) // limits, budgets and kept answers: one question to the store
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
