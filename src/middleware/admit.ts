/**
 * Admit: what a call may take of its limits and budgets, and whether its answer is kept already; one question to the
 * store for all of it. `limit`, `budget` and `cache` are this room with one of its parts.
 *
 * @module
 */
import { Forecaster } from "../budget/forecast.ts";
import { Cacher, type CacheSettings } from "../cache/cacher.ts";
import type { Aimed, Identified, Planned, Tagged } from "../call.ts";
import { CLOCK, type Clock } from "../clock.ts";
import { Once } from "../limits/once.ts";
import type { Rule } from "../limits/rule.ts";
import type { Middleware } from "../middleware.ts";
import { Guard } from "../store/guard.ts";
import { memory } from "../store/memory.ts";
import type { Store } from "../store/store.ts";
import type { Prices } from "../usage.ts";
import { type Admissible, Turn, type TurnHouse } from "./turn.ts";

export type { Admissible };

/** Options of {@link admit}. */
export interface AdmitOptions {
  /** Where counts and answers lie; the memory of this process if absent. */
  readonly store?: Store | Guard | undefined;
  readonly rules?: readonly Rule[] | ((call: Admissible) => readonly Rule[]) | undefined;
  /** How answers are kept; none is if absent. */
  readonly cache?: CacheSettings | undefined;
  /** What tokens cost; a budget of money needs it. */
  readonly prices?: Prices | undefined;
  readonly clock?: Clock | undefined;
}

/** Asks the store once for each target of a call; not at all where no rule concerns it and no answer may be kept. */
export function admit(options: AdmitOptions): Middleware<Planned & Partial<Aimed & Identified & Tagged>> {
  const { store, rules = [], cache, prices, clock = CLOCK } = options;
  const guard = store instanceof Guard ? store : new Guard(store ?? memory(), { clock });
  const rulesOf = typeof rules === "function" ? rules : () => rules;
  const house: TurnHouse = {
    guard,
    // While the store is away, some rules are kept for this process alone.
    local: new Guard(memory()),
    cacher: cache && new Cacher(cache, guard.store, clock),
    forecaster: new Forecaster(prices),
    clock,
    once: new Once(),
  };
  return (call, next) => {
    const target = call.target ?? call.targets[0];
    const lookup = house.cacher?.lookUp(call, target);
    const found = rulesOf(call);
    if (found.length === 0 && lookup === undefined) return next(call);
    return new Turn(call, target, next, house, found).begin(lookup);
  };
}
