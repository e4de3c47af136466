/**
 * Rules: whom a limit counts, what it counts, and how much of it. Pure.
 *
 * @module
 */
import type { Tags } from "../call.ts";
import { isLike } from "../glob.ts";
import type { Measure } from "../store/store.ts";
import { type Period, windowOf } from "./window.ts";

/** By what calls are told apart: `metadata.<name>` is a tag of the call. */
export type Dimension = "gateway" | "tenant" | "key" | "model" | "provider" | "ip" | `metadata.${string}`;

/** What is counted. */
export type Unit = "requests" | "concurrent" | "tokens" | "cost";

/** How a window is counted; one that begins with `upstash-` is of the library `@upstash/ratelimit`. */
export type Algorithm = "sliding" | "fixed" | "bucket" | "upstash-fixed" | "upstash-sliding" | "upstash-bucket";

/** What becomes of a rule while the shared store can't be asked. */
export type OnStoreFailure = "open" | "closed" | "local";

/** One limit, as it is configured. Exactly one of `requests`, `concurrent`, `tokens` and `cost` says how much. */
export interface LimitConfig {
  /** As headers and logs call it; made of the rest if absent. */
  readonly name?: string | undefined;
  /** Each value has an allowance of its own; several together, each combination. */
  readonly per: Dimension | readonly Dimension[];
  /** Only these values, in which `*` stands for anything; by dimension where `per` isn't the only one that counts. */
  readonly match?: Match | undefined;
  /** Other amounts for some values. */
  readonly overrides?: Readonly<Record<string, number>> | undefined;
  readonly requests?: number | undefined;
  /** Calls at the same time. */
  readonly concurrent?: number | undefined;
  /** Of input and output together. */
  readonly tokens?: number | undefined;
  /** US dollars. */
  readonly cost?: number | undefined;
  /** `30s`, `1m`, `1h`, `7d`, or a period of the calendar in UTC: `day`, `week`, `month`. */
  readonly window?: string | undefined;
  /**
   * `sliding` if absent; periods of the calendar are `fixed`. Those of `upstash-` are for `requests` only, and each such
   * rule is a round trip more; a store that wasn't given them counts with our own of the same shape.
   */
  readonly algorithm?: Algorithm | undefined;
  /**
   * `soft`: what a call may take is estimated, and corrected afterwards. `hard`: what it may take at most is held, and
   * its output capped to that. `shadow`: only reported. `soft` if absent.
   */
  readonly mode?: "soft" | "hard" | "shadow" | undefined;
  /** Whether a stream is stopped, with a proper end, when its budget is spent. */
  readonly stopStreams?: boolean | undefined;
  /** Tokens that a call of a hard budget gets if it names no cap itself; 4096 if absent. */
  readonly maxOutput?: number | undefined;
  /** `closed` for money and tokens, `local` for requests and calls, if absent. */
  readonly onStoreFailure?: OnStoreFailure | undefined;
  /** Of the answer that refuses: 429 for requests and calls, 402 for money and tokens, if absent. */
  readonly status?: 402 | 429 | undefined;
}

/** Patterns for the value, or for the values of several dimensions. */
export type Match = string | readonly string[] | Readonly<Record<string, string | readonly string[]>>;

/** One limit, ready to be asked of a call. */
export interface Rule {
  readonly name: string;
  /** What tells its counts from those of other rules. */
  readonly id: string;
  readonly per: readonly Dimension[];
  readonly unit: Unit;
  readonly measure: Measure;
  /** Whether the store's stock of algorithms counts it, where it has one. */
  readonly isStock: boolean;
  /** In the store's units: requests, tokens, billionths of a dollar. */
  readonly amount: number;
  readonly overrides: readonly (readonly [pattern: string, amount: number])[];
  readonly match: readonly (readonly [Dimension, readonly string[]])[];
  readonly windowMs: number;
  readonly period: Period | undefined;
  readonly mode: "soft" | "hard" | "shadow";
  readonly stopsStreams: boolean;
  readonly maxOutput: number;
  readonly onStoreFailure: OnStoreFailure;
  readonly status: 402 | 429;
}

/** What rules look at. */
export interface Subject {
  readonly gateway: string;
  readonly tenant: string | undefined;
  readonly key: string | undefined;
  readonly model: string | undefined;
  readonly provider: string;
  readonly ip: string | undefined;
  readonly tags: Tags;
}

/** Billionths of a dollar: a whole number of them is exact up to nine million dollars. */
export const NANO_USD = 1e9;

export const UNITS: readonly Unit[] = ["requests", "concurrent", "tokens", "cost"];

/** A call that is under way is held for so long, whatever the limit's window. */
const CONCURRENT_WINDOW_MS = 60_000;
const MAX_OUTPUT = 4096;

/** Makes a rule of a checked config. */
export function ruleOf(config: LimitConfig): Rule {
  const unit = UNITS.find((name) => config[name] !== undefined) ?? "requests";
  const per = typeof config.per === "string" ? [config.per] : config.per;
  const window = config.window === undefined ? { ms: CONCURRENT_WINDOW_MS } : windowOf(config.window);
  const { algorithm = "sliding" } = config;
  const measure = measureOf(algorithm, unit, window.period);
  const isStock = unit === "requests" && window.period === undefined && algorithm !== measure;
  const match = matchOf(config.match, per);
  const inStoreUnits = (amount: number) => unit === "cost" ? Math.round(amount * NANO_USD) : amount;
  const isMoney = unit === "tokens" || unit === "cost";
  const { mode = "soft" } = config;
  return {
    name: config.name ?? [per.join("+"), unit, config.window].filter(Boolean).join("-"),
    id: JSON.stringify([
      config.name,
      per,
      match,
      unit,
      isStock ? algorithm : measure,
      config.window,
      mode === "shadow",
    ]),
    per,
    unit,
    measure,
    isStock,
    amount: inStoreUnits(config[unit] ?? 0),
    overrides: Object.entries(config.overrides ?? {}).map(([value, amount]) => [value, inStoreUnits(amount)]),
    match,
    windowMs: window.ms,
    period: window.period,
    mode,
    stopsStreams: config.stopStreams ?? false,
    maxOutput: config.maxOutput ?? MAX_OUTPUT,
    onStoreFailure: config.onStoreFailure ?? (isMoney ? "closed" : "local"),
    status: config.status ?? (isMoney ? 402 : 429),
  };
}

/** The shape of each algorithm. */
const SHAPES: Readonly<Record<Algorithm, Measure>> = {
  "sliding": "sliding",
  "fixed": "fixed",
  "bucket": "bucket",
  "upstash-fixed": "fixed",
  "upstash-sliding": "sliding",
  "upstash-bucket": "bucket",
};

function measureOf(algorithm: Algorithm, unit: Unit, period: Period | undefined): Measure {
  if (unit === "concurrent") return "concurrent";
  return period === undefined ? SHAPES[algorithm] : "fixed";
}

function matchOf(match: Match | undefined, per: readonly Dimension[]): Rule["match"] {
  const listed = (patterns: string | readonly string[]) => typeof patterns === "string" ? [patterns] : patterns;
  if (match === undefined) return [];
  if (typeof match === "string" || Array.isArray(match)) return per.map((name) => [name, listed(match as string)]);
  return Object.entries(match).map(([name, patterns]) => [name as Dimension, listed(patterns as string)]);
}

/** A rule that counts a call, for which value and up to which amount. */
export interface Applied {
  readonly rule: Rule;
  /** Of all its dimensions, so that no two combinations are written alike. */
  readonly value: string;
  readonly amount: number;
  /** Whose count it is: of the tenant where a caller could name another's value, else of all. */
  readonly isTenants: boolean;
}

/** The rule for one subject; `undefined` where it doesn't concern it. */
export function applied(rule: Rule, subject: Subject): Applied | undefined {
  for (const [dimension, patterns] of rule.match) {
    const value = valueOf(dimension, subject);
    if (value === undefined || !patterns.some((pattern) => isLike(value, pattern))) return undefined;
  }
  const values = rule.per.map((dimension) => valueOf(dimension, subject));
  const named = rule.overrides.find(([pattern]) =>
    values.some((value) => value !== undefined && isLike(value, pattern))
  );
  return {
    rule,
    value: JSON.stringify(values),
    amount: named?.[1] ?? rule.amount,
    isTenants: rule.per.some((dimension) => dimension === "tenant" || dimension.startsWith("metadata.")),
  };
}

/** Values that nobody named count together: leaving one out is no way round a limit. */
function valueOf(dimension: Dimension, subject: Subject): string | undefined {
  if (!dimension.startsWith("metadata.")) {
    return subject[dimension as Exclude<keyof Subject, "tags">];
  }
  const tag = subject.tags.get(dimension.slice(9));
  return tag === undefined ? undefined : String(tag);
}

/** Whether a rule counts a call as such, whichever target it goes to. */
export const isOfCall = ({ per, unit, match }: Rule): boolean =>
  (unit === "requests" || unit === "concurrent") &&
  ![...per, ...match.map(([dimension]) => dimension)].some((name) => name === "model" || name === "provider");
