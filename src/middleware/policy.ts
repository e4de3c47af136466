/**
 * Policy: takes out of the plan what the caller may not reach.
 *
 * @module
 */
import type { Call, Identified, Planned, Tagged, Target } from "../call.ts";
import { GatewayError } from "../errors.ts";
import type { Middleware } from "../middleware.ts";
import { type Denial, denialOf, type PolicyConfig } from "../routing/access.ts";

/** Options of {@link policy}. */
export interface PolicyOptions {
  /** Each of them can only take away. What a key grants is kept to, be there none. */
  readonly rules?: readonly PolicyConfig[] | undefined;
}

/**
 * Keeps the targets that the caller's key and all rules leave.
 *
 * @throws {GatewayError} `forbidden`, where none is left.
 */
export function policy({ rules = [] }: PolicyOptions = {}): Middleware<Planned & Partial<Identified & Tagged>> {
  return (call, next) => {
    if (rules.length === 0 && call.identity?.grants === undefined) return next(call);
    const denials = call.targets.map((target) => denialOf(call, target, rules));
    if (denials.every((denial) => denial === undefined)) return next(call);
    const [first, ...rest] = call.targets.filter((target, index) => isLeft(call, target, denials[index]));
    if (first === undefined) throw refusal(call.targets[0], denials[0]);
    return next({ ...call, targets: [first, ...rest] });
  };
}

function isLeft(call: Call, { step }: Target, denial: Denial | undefined): boolean {
  if (denial === undefined) return true;
  call.note({ type: "left", left: { step, reason: "forbidden", course: "next", waitMs: 0 } });
  return false;
}

const refusal = ({ provider: { id } }: Target, denial: Denial | undefined) =>
  new GatewayError(
    "forbidden",
    `Choose another provider or model: ${
      denial === "key" ? "this key opens" : "a policy leaves"
    } none of what was asked of "${id}".`,
  );
