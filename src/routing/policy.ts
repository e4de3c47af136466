/**
 * What holds for one target: step before request before gateway. Pure.
 *
 * @module
 */
import { GatewayError } from "../errors.ts";
import { overlay } from "../overlay.ts";

/** How attempts at one target are made, and what is kept of them. */
export interface Policy {
  /** Upstream requests to this target, the first included. */
  readonly maxAttempts: number;
  readonly retryDelayMs: number;
  readonly backoff: Backoff;
  /** Milliseconds until the answer's headers; `undefined` waits for ever. */
  readonly headersTimeoutMs: number | undefined;
  /** Milliseconds from the attempt's start until the model's first output. */
  readonly firstTokenTimeoutMs: number | undefined;
  /** Milliseconds that a stream may be silent, once it has begun. */
  readonly idleTimeoutMs: number | undefined;
  /** Milliseconds for the whole of an answer; of a request's own policy, for the whole call. */
  readonly totalTimeoutMs: number | undefined;
  /** What becomes of a stream whose provider breaks off after the first output. */
  readonly midStream: MidStream;
  /** Seconds an answer may be kept; 0 keeps nothing; `undefined` where nobody said. */
  readonly cacheTtlSeconds: number | undefined;
  readonly skipsCache: boolean;
  readonly cacheKey: string | undefined;
  /** Which of the provider's stored keys is used where the client brings none; `undefined` for `default`. */
  readonly keyAlias: string | undefined;
  /** Whether a target isn't asked without a credential. */
  readonly needsKey: boolean;
  /** Whether the call leaves a log record, and whether that holds the bodies. */
  readonly collectsLog: boolean;
  readonly collectsPayload: boolean;
}

/** How the wait grows from one attempt to the next. */
export type Backoff = "constant" | "linear" | "exponential";

/** `error`: the client is told, and its stream broken off. `continue`: another target goes on, where that can be done truly. */
export type MidStream = "error" | "continue";

/** The `config` of a universal step. */
export interface StepConfig {
  readonly requestTimeout?: unknown;
  readonly firstTokenTimeout?: unknown;
  readonly idleTimeout?: unknown;
  readonly totalTimeout?: unknown;
  readonly midStream?: unknown;
  readonly maxAttempts?: unknown;
  readonly retryDelay?: unknown;
  readonly backoff?: unknown;
}

/** What holds where nobody says anything. */
export const DEFAULT_POLICY: Policy = {
  maxAttempts: 1,
  retryDelayMs: 500,
  backoff: "exponential",
  headersTimeoutMs: undefined,
  firstTokenTimeoutMs: undefined,
  // Longer than any model thinks once it has begun to speak: only a stream that is dead gets there.
  idleTimeoutMs: 300_000,
  totalTimeoutMs: undefined,
  midStream: "error",
  cacheTtlSeconds: undefined,
  skipsCache: false,
  cacheKey: undefined,
  keyAlias: undefined,
  needsKey: false,
  collectsLog: true,
  collectsPayload: true,
};

/** What may be said of attempts, in a config, a request or a step alike. */
export const MAX_ATTEMPTS = 5;
export const MAX_TOTAL = 20;
export const MAX_DELAY_MS = 60_000;
/** A timer takes no more. */
export const MAX_TIMEOUT_MS = 2_147_483_647;
export const BACKOFFS: readonly Backoff[] = ["constant", "linear", "exponential"];
export const MID_STREAM: readonly MidStream[] = ["error", "continue"];

/** A month. */
export const MAX_TTL_SECONDS = 2_592_000;

/**
 * The policy of a gateway with a request's controls laid over it.
 *
 * @param controls `cf-aig-*` headers without their prefix: of a request, or of one step.
 * @throws {GatewayError} `invalid_request` for a value that can't be understood.
 */
export function withControls(policy: Policy, controls: ReadonlyMap<string, string>): Policy {
  if (controls.size === 0 || !NAMES.some((name) => controls.has(name))) return policy;
  const { whole, flag, one } = reading("cf-aig-", (name) => controls.get(name));
  return overlay(policy, {
    maxAttempts: whole("max-attempts", 1, MAX_ATTEMPTS),
    retryDelayMs: whole("retry-delay", 0, MAX_DELAY_MS),
    backoff: one("backoff", BACKOFFS),
    headersTimeoutMs: whole("request-timeout", 1, MAX_TIMEOUT_MS),
    firstTokenTimeoutMs: whole("first-token-timeout", 1, MAX_TIMEOUT_MS),
    idleTimeoutMs: whole("idle-timeout", 1, MAX_TIMEOUT_MS),
    totalTimeoutMs: whole("total-timeout", 1, MAX_TIMEOUT_MS),
    midStream: one("mid-stream", MID_STREAM),
    cacheTtlSeconds: whole("cache-ttl", 0, MAX_TTL_SECONDS),
    skipsCache: flag("skip-cache"),
    // One without a value names none: else all calls of a client that has nothing to put there had one answer.
    cacheKey: controls.get("cache-key") || undefined,
    keyAlias: controls.get("byok-alias")?.trim() || undefined,
    needsKey: flag("no-wholesale"),
    collectsLog: flag("collect-log"),
    collectsPayload: flag("collect-log-payload"),
  });
}

/** Most calls say something, metadata above all, but nothing of this. */
const NAMES = [
  "max-attempts",
  "retry-delay",
  "backoff",
  "request-timeout",
  "first-token-timeout",
  "idle-timeout",
  "total-timeout",
  "mid-stream",
  "cache-ttl",
  "skip-cache",
  "cache-key",
  "byok-alias",
  "no-wholesale",
  "collect-log",
  "collect-log-payload",
];

/** The same for a step's `config`, which wins over the step's own headers. */
export function withConfig(policy: Policy, config: StepConfig | undefined): Policy {
  if (config === undefined) return policy;
  const { whole, one } = reading("config.", (name) => config[name as keyof StepConfig]);
  return overlay(policy, {
    maxAttempts: whole("maxAttempts", 1, MAX_ATTEMPTS),
    retryDelayMs: whole("retryDelay", 0, MAX_DELAY_MS),
    backoff: one("backoff", BACKOFFS),
    headersTimeoutMs: whole("requestTimeout", 1, MAX_TIMEOUT_MS),
    firstTokenTimeoutMs: whole("firstTokenTimeout", 1, MAX_TIMEOUT_MS),
    idleTimeoutMs: whole("idleTimeout", 1, MAX_TIMEOUT_MS),
    totalTimeoutMs: whole("totalTimeout", 1, MAX_TIMEOUT_MS),
    midStream: one("midStream", MID_STREAM),
  });
}

/** Reads values by name, each `undefined` where nothing is given; an error names them with their prefix. */
function reading(prefix: string, get: (name: string) => unknown) {
  const wrong = (name: string, form: string) =>
    new GatewayError("invalid_request", `Give ${prefix}${name} as ${form}.`);
  return {
    /** A whole number, held to its range: Cloudflare's clients send values over a limit and expect the limit. */
    whole(name: string, min: number, max: number): number | undefined {
      const value = get(name) ?? undefined;
      if (value === undefined) return undefined;
      const parsed = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
      if (typeof parsed === "number" && parsed >= 0 && parsed < Infinity) {
        return Math.min(Math.max(Math.round(parsed), min), max);
      }
      throw wrong(name, `a number from ${min} to ${max}`);
    },
    flag(name: string): boolean | undefined {
      const value = get(name);
      if (value === undefined) return undefined;
      const text = String(value).trim().toLowerCase();
      if (text === "true" || text === "false") return text === "true";
      throw wrong(name, "true or false");
    },
    one<Word extends string>(name: string, words: readonly Word[]): Word | undefined {
      const value = get(name) ?? undefined;
      if (value === undefined || words.includes(value as Word)) return value as Word | undefined;
      throw wrong(name, `one of ${words.join(", ")}`);
    },
  };
}

/** Whether a policy leaves less time than another. */
export function isHurried(policy: Policy, other: Policy): boolean {
  const less = (one = Infinity, two = Infinity) => one < two;
  return less(policy.headersTimeoutMs, other.headersTimeoutMs) ||
    less(policy.firstTokenTimeoutMs, other.firstTokenTimeoutMs) ||
    less(policy.totalTimeoutMs, other.totalTimeoutMs);
}

/** Whether an answer of this status sends the call to its next target. */
export function isFailure(status: number): boolean {
  return status < 200 || status >= 300;
}

/**
 * Milliseconds to wait after attempt `number` (from 1). What grows exponentially is drawn from all the time up to there,
 * so that many who failed together don't come back together.
 *
 * @param roll At least 0 and less than 1.
 */
export function delayMs(
  { retryDelayMs, backoff }: Pick<Policy, "retryDelayMs" | "backoff">,
  number: number,
  roll: number,
): number {
  const factor = backoff === "constant" ? 1 : backoff === "linear" ? number : 2 ** (number - 1);
  const delay = Math.min(retryDelayMs * factor, MAX_DELAY_MS);
  return backoff === "exponential" ? Math.ceil(delay * roll) : delay;
}
