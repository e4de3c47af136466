/**
 * The gateway's config for the scenarios: the wall behind every provider, and two ways to go on when a stream breaks.
 *
 * @module
 */
import { checkConfig, ConfigError } from "../../src/config.ts";
import { ORIGIN_PATH } from "../wall/ask.ts";
import { DIALECT_IDS, DIALECTS } from "../wall/dialects/table.ts";
import type { Wall } from "../wall/wall.ts";

/** Gateways of the config: one goes on at the next target when a stream breaks, the other says so and stops. */
export type GatewayName = "wall" | "wall-error";

/** Milliseconds with the public catalogue's own timings. */
export const TIMES = {
  retryDelay: 200,
  headers: 10_000,
  firstToken: 10_000,
  idle: 15_000,
  total: 60_000,
} as const;

/** Attempts at one target, the first included. */
export const ATTEMPTS = 2;

/** Tokens that the models of the scenarios about long contexts take in: who asks a larger one must know it to be. */
const WINDOWS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  "openai": { "context-length.S12-0": 8192, "ok.S12-1": 128_000, "ok.F16-2": 128_000 },
  "anthropic": { "context-length.F16-0": 8192 },
  "google-ai-studio": { "context-length.F16-1": 9000 },
};

/** The config; times are the wall's. */
export function failoverConfig({ port, scale }: Wall): Config {
  const ms = (time: number) => Math.round(time * scale);
  const shared = {
    auth: "off",
    retry: { attempts: ATTEMPTS, delay: ms(TIMES.retryDelay), backoff: "exponential" },
    timeouts: {
      headers: ms(TIMES.headers),
      firstToken: ms(TIMES.firstToken),
      idle: ms(TIMES.idle),
      total: ms(TIMES.total),
    },
  };
  const providers = DIALECT_IDS.map((id) => DIALECTS[id].provider).map((provider) => [
    provider,
    {
      origin: `http://127.0.0.1:${port}${ORIGIN_PATH[provider] ?? ""}`,
      allowPrivate: true,
      windows: WINDOWS[provider] ?? {},
    },
  ]);
  return {
    store: "memory",
    drainSeconds: 1,
    providers: Object.fromEntries(providers),
    gateways: { "wall": { ...shared, midStream: "continue" }, "wall-error": { ...shared, midStream: "error" } },
  };
}

type Config = { readonly [name: string]: unknown };

/** A config that can be served, and the keys that had to go for that. */
export interface Accepted {
  readonly config: Config;
  /** Paths of keys that the gateway doesn't know: whatever they are for can't hold. */
  readonly dropped: readonly string[];
}

/** Takes out what this gateway doesn't know, so that it can be tried with all that it does know. */
export function accepted(config: Config): Accepted {
  const dropped = strangers(config);
  return { config: dropped.reduce((left, path) => without(left, path.split(".")), config), dropped };
}

function strangers(config: Config): readonly string[] {
  try {
    checkConfig(config);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const wrong = error.issues.find(({ message }) => !/not a known key|not supported/.test(message));
    if (wrong !== undefined) throw error;
    return error.issues.map(({ path }) => path.replaceAll(/\["([^"]+)"\]/g, ".$1"));
  }
}

function without(config: Config, [name = "", ...rest]: readonly string[]): Config {
  if (rest.length > 0) return { ...config, [name]: without(config[name] as Config, rest) };
  return Object.fromEntries(Object.entries(config).filter(([key]) => key !== name));
}
