/**
 * The gateway: the one file in which the order of the rooms can be read.
 *
 * @module
 */
import type { Target } from "./call.ts";
import { checkConfig, type Config } from "./config.ts";
import { desk } from "./desk.ts";
import { entry, type Gateway } from "./entry.ts";
import { GatewayError } from "./errors.ts";
import type { Journal } from "./logs/journal.ts";
import { compose, type Handler } from "./middleware.ts";
import { auth, type GatewayKey } from "./middleware/auth.ts";
import { credentials, type StoredKeys } from "./middleware/credentials.ts";
import { fallback } from "./middleware/fallback.ts";
import type { Hedge } from "./middleware/hedge.ts";
import { log } from "./middleware/log.ts";
import { metadata } from "./middleware/metadata.ts";
import { meter } from "./middleware/meter.ts";
import { models } from "./middleware/models.ts";
import { plan } from "./middleware/plan.ts";
import { retry } from "./middleware/retry.ts";
import { send } from "./middleware/send.ts";
import { overlay } from "./overlay.ts";
import type { Provider } from "./providers/provider.ts";
import { type Registry, registry } from "./providers/registry.ts";
import { Cooling, type Hints } from "./routing/cooling.ts";
import { DEFAULT_POLICY, type Policy } from "./routing/policy.ts";
import type { Prices } from "./usage.ts";

/** What {@link gateway} takes: the config, and the parts that JSON can't hold. */
export interface Options extends Config {
  /** Takes one record for each call. */
  readonly journal?: Journal;
  /** Where costs come from: `prices()` of `headgate/prices`. */
  readonly prices?: Prices;
  /** Providers that answer in process: `demo()`. */
  readonly local?: readonly Provider[];
  /** Tells other processes which targets are throttled or down. */
  readonly hints?: Hints;
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
  const { journal, prices, local, hints, ...json } = options;
  const config = checkConfig(json);
  const house: House = {
    config,
    providers: registry(config.providers, local),
    keys: config.auth?.keys ?? [],
    stored: storedKeys(config),
    journal,
    prices,
    cooling: new Cooling(hints),
  };
  const { basePath, body } = config;
  return entry(doors(house), { providers: house.providers, basePath, body });
}

/** What all gateways of one house share. */
interface House {
  readonly config: Config;
  readonly providers: Registry;
  readonly keys: readonly GatewayKey[];
  readonly stored: StoredKeys;
  readonly journal: Journal | undefined;
  readonly prices: Prices | undefined;
  /** What is known of the targets is known to all gateways: they share the providers. */
  readonly cooling: Cooling;
}

/** One corridor for each configured gateway; each is folded once. */
function doors(house: House): Handler {
  const own = desk(house.config.basePath);
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
function corridor({ config, providers, keys, stored, journal, prices, cooling }: House, name: string): Handler {
  const settings = config.gateways?.[name] ?? {};
  const policy = policyOf(settings);
  const windowOf = ({ provider: { id, priceId, windows }, model = "" }: Target) =>
    windows?.[model] ?? prices?.window?.({ provider: id, priceId, model });
  const line = config.log === "json" ? (text: string) => console.log(text) : undefined;
  const isRequired = (settings.auth ?? (keys.length > 0 ? "required" : "off")) === "required";
  return compose(log({ journal, line, policy })) // outermost: also tells of calls that are refused
    .use(auth({ keys, required: isRequired })) // before anything is read into
    .use(models(providers))
    .use(metadata(settings.metadata))
    .use(plan({ providers, policy })) // a bad request ends here, before it costs anything
    .use(fallback({ policy, cooling, total: settings.retry?.total, hedge: hedgeOf(settings), windowOf })) // one `next` for each target
    .use(retry({ policy })) // one `next` for each attempt at it
    .use(credentials(stored)) // only now is it known whose key is needed
    .use(meter({ prices })) // sees what the provider answers, whichever attempt it is
    .to(send({ maxAnswerBytes: config.body?.maxAnswerBytes }));
}

const HEDGED_PERCENT = 10;

function hedgeOf({ hedge }: Settings): Hedge | undefined {
  return hedge && { afterMs: hedge.after, percent: hedge.percent ?? HEDGED_PERCENT };
}

type Settings = NonNullable<Config["gateways"]>[string];

function policyOf({ retry, timeouts, midStream, logs }: Settings): Policy {
  return overlay(DEFAULT_POLICY, {
    maxAttempts: retry?.attempts,
    retryDelayMs: retry?.delay,
    backoff: retry?.backoff,
    headersTimeoutMs: timeouts?.headers,
    firstTokenTimeoutMs: timeouts?.firstToken,
    idleTimeoutMs: timeouts?.idle,
    totalTimeoutMs: timeouts?.total,
    midStream,
    collectsLog: logs?.collect,
    collectsPayload: logs?.payload !== "none",
  });
}

function storedKeys({ providers = {} }: Config): StoredKeys {
  return new Map(
    Object.entries(providers).flatMap(([slug, { key }]) => key === undefined ? [] : [[slug, key] as const]),
  );
}

const unknownGateway = () =>
  new GatewayError("unknown_gateway", "Name a configured gateway in the URL: this one isn't.");
