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
  /** Seconds an answer may be kept; 0 keeps nothing; `undefined` where nobody said. */
  readonly cacheTtlSeconds: number | undefined;
  readonly skipsCache: boolean;
  readonly cacheKey: string | undefined;
  /** Whether the call leaves a log record, and whether that holds the bodies. */
  readonly collectsLog: boolean;
  readonly collectsPayload: boolean;
}

/** How the wait grows from one attempt to the next. */
export type Backoff = "constant" | "linear" | "exponential";

/** The `config` of a universal step. */
export interface StepConfig {
  readonly requestTimeout?: unknown;
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
  cacheTtlSeconds: undefined,
  skipsCache: false,
  cacheKey: undefined,
  collectsLog: true,
  collectsPayload: true,
};

/** What may be said of attempts, in a config, a request or a step alike. */
export const MAX_ATTEMPTS = 5;
export const MAX_DELAY_MS = 60_000;
/** A timer takes no more. */
export const MAX_TIMEOUT_MS = 2_147_483_647;
export const BACKOFFS: readonly Backoff[] = ["constant", "linear", "exponential"];

const MAX_TTL_SECONDS = 2_592_000;

/**
 * The policy of a gateway with a request's controls laid over it.
 *
 * @param controls `cf-aig-*` headers without their prefix: of a request, or of one step.
 * @throws {GatewayError} `invalid_request` for a value that can't be understood.
 */
export function withControls(policy: Policy, controls: ReadonlyMap<string, string>): Policy {
  if (controls.size === 0 || !NAMES.some((name) => controls.has(name))) return policy;
  const { whole, flag, backoff } = reading("cf-aig-", (name) => controls.get(name));
  return overlay(policy, {
    maxAttempts: whole("max-attempts", 1, MAX_ATTEMPTS),
    retryDelayMs: whole("retry-delay", 0, MAX_DELAY_MS),
    backoff: backoff("backoff"),
    headersTimeoutMs: whole("request-timeout", 1, MAX_TIMEOUT_MS),
    cacheTtlSeconds: whole("cache-ttl", 0, MAX_TTL_SECONDS),
    skipsCache: flag("skip-cache"),
    cacheKey: controls.get("cache-key"),
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
  "cache-ttl",
  "skip-cache",
  "cache-key",
  "collect-log",
  "collect-log-payload",
];

/** The same for a step's `config`, which wins over the step's own headers. */
export function withConfig(policy: Policy, config: StepConfig | undefined): Policy {
  if (config === undefined) return policy;
  const { whole, backoff } = reading("config.", (name) => config[name as keyof StepConfig]);
  return overlay(policy, {
    maxAttempts: whole("maxAttempts", 1, MAX_ATTEMPTS),
    retryDelayMs: whole("retryDelay", 0, MAX_DELAY_MS),
    backoff: backoff("backoff"),
    headersTimeoutMs: whole("requestTimeout", 1, MAX_TIMEOUT_MS),
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
    backoff(name: string): Backoff | undefined {
      const value = get(name) ?? undefined;
      if (value === undefined || BACKOFFS.includes(value as Backoff)) return value as Backoff | undefined;
      throw wrong(name, `one of ${BACKOFFS.join(", ")}`);
    },
  };
}

/** Statuses that the same target may answer better a moment later. */
export function isRetryable(status: number): boolean {
  return status === 408 || status === 409 || status === 425 || status === 429 || status >= 500;
}

/** Whether an answer of this status sends the call to its next target. */
export function isFailure(status: number): boolean {
  return status < 200 || status >= 300;
}

/** Milliseconds to wait after attempt `number` (from 1). */
export function delayMs({ retryDelayMs, backoff }: Policy, number: number): number {
  const factor = backoff === "constant" ? 1 : backoff === "linear" ? number : 2 ** (number - 1);
  return Math.min(retryDelayMs * factor, MAX_DELAY_MS);
}
