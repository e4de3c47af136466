/**
 * Budget: what calls may take of tokens and money.
 *
 * @module
 */
import type { Aimed, Identified, Planned, Tagged } from "../call.ts";
import type { Middleware } from "../middleware.ts";
import { admit } from "./admit.ts";
import { type LimitOptions, rulesOf } from "./limit.ts";

/**
 * Takes what a call may cost before it is made, and corrects that to what it did cost. To stand behind `fallback`, so
 * that each target is held for what it costs itself, and before `meter`, which tells what was used.
 *
 * @throws {GatewayError} `budget_exhausted`, `unpriced_model`, `store_unavailable`.
 */
export function budget(
  { limits, ...options }: LimitOptions,
): Middleware<Planned & Aimed & Partial<Identified & Tagged>> {
  return admit({ ...options, rules: rulesOf(limits) });
}
