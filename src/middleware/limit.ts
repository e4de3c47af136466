/**
 * Limit: how many requests a caller may make, and how many at once.
 *
 * @module
 */
import type { Aimed, Identified, Planned, Tagged } from "../call.ts";
import type { LimitConfig, Rule } from "../limits/rule.ts";
import { checkedRule } from "../limits/shape.ts";
import type { Middleware } from "../middleware.ts";
import { type Admissible, admit, type AdmitOptions } from "./admit.ts";

/** Options of {@link limit} and of `budget`. */
export interface LimitOptions extends Pick<AdmitOptions, "store" | "prices" | "clock"> {
  /** Rules, or what chooses them for a call. */
  readonly limits: readonly LimitConfig[] | ((call: Admissible) => readonly LimitConfig[]);
}

/**
 * Counts calls and refuses those over a limit, with the time to wait for. The store is asked once for all rules; a line
 * that has budgets and a cache, too, asks once for all of them with `admit`.
 *
 * @throws {ConfigError} At once, where a rule can't be understood.
 * @throws {GatewayError} On a call: `rate_limited`, `store_unavailable`.
 */
export function limit(
  { limits, ...options }: LimitOptions,
): Middleware<Planned & Partial<Aimed & Identified & Tagged>> {
  return admit({ ...options, rules: rulesOf(limits) });
}

/** Configured rules, ready to be asked. What a function chooses is made into rules once for each rule that it gives. */
export function rulesOf(limits: LimitOptions["limits"]): NonNullable<AdmitOptions["rules"]> {
  if (typeof limits !== "function") return limits.map((config, index) => checkedRule(config, `limits[${index}]`));
  const known = new WeakMap<LimitConfig, Rule>();
  const made = (config: LimitConfig, index: number) => {
    const rule = known.get(config) ?? checkedRule(config, `limits[${index}]`);
    known.set(config, rule);
    return rule;
  };
  return (call) => limits(call).map(made);
}
