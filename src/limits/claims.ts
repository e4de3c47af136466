/**
 * From rules to what a call claims of the store.
 *
 * @module
 */
import type { Asked, Estimates, Tokens } from "../budget/estimate.ts";
import { GatewayError } from "../errors.ts";
import { countKey, type Owner } from "../store/keys.ts";
import type { Claim } from "../store/store.ts";
import { type Applied, applied, NANO_USD, type Rule, type Subject } from "./rule.ts";
import { edgesOf } from "./window.ts";

/** A rule that counts a call, and what it takes of it. */
export interface Counted {
  readonly applied: Applied;
  readonly claim: Claim;
}

/** What is known of a call's tokens and money before it is made. */
export interface Forecast {
  readonly asked: Asked;
  readonly estimates: Estimates;
  /** US dollars; `undefined` where the price isn't known. */
  costUsd(tokens: Tokens): number | undefined;
}

/**
 * The claims of one call.
 *
 * @param forecast Asked for where a rule counts tokens or money.
 */
export async function claimsOf(
  rules: readonly Rule[],
  subject: Subject,
  forecast: () => Forecast,
  now: number,
): Promise<readonly Counted[]> {
  const counted = rules.map(async (rule) => {
    const found = applied(rule, subject);
    if (found === undefined) return [];
    const amounts = amountsOf(found, forecast);
    if (amounts === undefined) return [];
    const key = await countKey(ownerOf(found, subject), rule.id, found.value);
    return [{ applied: found, claim: claimOf(found, key, amounts, now) }];
  });
  return (await Promise.all(counted)).flat();
}

const ownerOf = ({ isTenants }: Applied, { gateway, tenant }: Subject): Owner => ({
  gateway,
  tenant: isTenants ? tenant : undefined,
});

interface Amounts {
  readonly need: number;
  readonly most: number;
}

const ONE: Amounts = { need: 1, most: 1 };

/**
 * What was learned of a few calls keeps nobody out for good: a budget that is untouched lets a call in, though more is
 * expected of it than the whole budget.
 *
 * @returns `undefined` where money is counted softly and the price isn't known: it can't be counted.
 * @throws {GatewayError} `unpriced_model` where it is counted hard.
 */
function amountsOf({ rule, amount }: Applied, forecast: () => Forecast): Amounts | undefined {
  if (rule.unit === "requests" || rule.unit === "concurrent") return ONE;
  const { asked, estimates, costUsd } = forecast();
  const isHard = rule.mode === "hard";
  const inUnits = ({ input, output }: Tokens) => {
    if (rule.unit === "tokens") return input + output;
    const usd = costUsd({ input, output });
    return usd === undefined ? undefined : Math.ceil(usd * NANO_USD);
  };
  const likely = estimates.likely(asked);
  const most = isHard ? estimates.most(asked, rule.maxOutput) : likely;
  const usual = isHard ? { input: most.input, output: Math.min(likely.output, most.output) } : likely;
  const guess = estimates.guess(asked);
  const least = isHard ? { input: most.input, output: Math.min(guess.output, usual.output) } : guess;
  const [need, largest, floor] = [inUnits(usual), inUnits(most), inUnits(least)];
  if (need !== undefined && largest !== undefined && floor !== undefined) {
    const held = Math.min(need, Math.max(floor, amount));
    return { need: held, most: Math.max(held, largest) };
  }
  if (!isHard) return undefined;
  throw new GatewayError(
    "unpriced_model",
    `Set a price for the model under providers: the hard budget "${rule.name}" can't count what it costs.`,
    { canRetry: true },
  );
}

function claimOf({ rule, amount }: Applied, key: string, { need, most }: Amounts, now: number): Claim {
  const { measure, isStock, windowMs, period, unit, mode } = rule;
  return {
    key,
    measure,
    isStock,
    limit: amount,
    windowMs,
    edges: period && edgesOf(period, now),
    need,
    most,
    isHold: unit === "tokens" || unit === "cost",
    isShadow: mode === "shadow",
  };
}
