/**
 * What holds for one target: step before request before gateway. Pure.
 *
 * @module
 */
import { GatewayError } from "../errors.ts";

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

const MAX_ATTEMPTS = 5;
const MAX_DELAY_MS = 60_000;
const MAX_TIMEOUT_MS = 2_147_483_647;
const MAX_TTL_SECONDS = 2_592_000;
const BACKOFFS: readonly string[] = ["constant", "linear", "exponential"] satisfies Backoff[];

/**
 * The policy of a gateway with a request's controls laid over it.
 *
 * @param controls `cf-aig-*` headers without their prefix: of a request, or of one step.
 * @throws {GatewayError} `invalid_request` for a value that can't be understood.
 */
export function withControls(policy: Policy, controls: ReadonlyMap<string, string>): Policy {
  if (controls.size === 0) return policy;
  const text = (name: string) => controls.get(name);
  return {
    maxAttempts: number(text("max-attempts"), "cf-aig-max-attempts", 1, MAX_ATTEMPTS) ?? policy.maxAttempts,
    retryDelayMs: number(text("retry-delay"), "cf-aig-retry-delay", 0, MAX_DELAY_MS) ?? policy.retryDelayMs,
    backoff: backoff(text("backoff"), "cf-aig-backoff") ?? policy.backoff,
    headersTimeoutMs: number(text("request-timeout"), "cf-aig-request-timeout", 1, MAX_TIMEOUT_MS) ??
      policy.headersTimeoutMs,
    cacheTtlSeconds: number(text("cache-ttl"), "cf-aig-cache-ttl", 0, MAX_TTL_SECONDS) ?? policy.cacheTtlSeconds,
    skipsCache: flag(text("skip-cache"), "cf-aig-skip-cache") ?? policy.skipsCache,
    cacheKey: text("cache-key") ?? policy.cacheKey,
    collectsLog: flag(text("collect-log"), "cf-aig-collect-log") ?? policy.collectsLog,
    collectsPayload: flag(text("collect-log-payload"), "cf-aig-collect-log-payload") ?? policy.collectsPayload,
  };
}

/** The same for a step's `config`, which wins over the step's own headers. */
export function withConfig(policy: Policy, config: StepConfig | undefined): Policy {
  if (config === undefined) return policy;
  return {
    ...policy,
    maxAttempts: number(config.maxAttempts, "config.maxAttempts", 1, MAX_ATTEMPTS) ?? policy.maxAttempts,
    retryDelayMs: number(config.retryDelay, "config.retryDelay", 0, MAX_DELAY_MS) ?? policy.retryDelayMs,
    backoff: backoff(config.backoff, "config.backoff") ?? policy.backoff,
    headersTimeoutMs: number(config.requestTimeout, "config.requestTimeout", 1, MAX_TIMEOUT_MS) ??
      policy.headersTimeoutMs,
  };
}

/** A whole number, held to its range: Cloudflare's clients send values over a limit and expect the limit. */
function number(value: unknown, name: string, min: number, max: number): number | undefined {
  if (value === undefined || value === null) return undefined;
  const parsed = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof parsed !== "number" || !Number.isFinite(parsed) || parsed < 0) {
    throw new GatewayError("invalid_request", `Give ${name} as a number from ${min} to ${max}.`);
  }
  return Math.min(Math.max(Math.round(parsed), min), max);
}

function flag(value: string | undefined, name: string): boolean | undefined {
  if (value === undefined) return undefined;
  const lower = value.trim().toLowerCase();
  if (lower === "true" || lower === "false") return lower === "true";
  throw new GatewayError("invalid_request", `Give ${name} as true or false.`);
}

function backoff(value: unknown, name: string): Backoff | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string" && BACKOFFS.includes(value)) return value as Backoff;
  throw new GatewayError("invalid_request", `Give ${name} as one of ${BACKOFFS.join(", ")}.`);
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
