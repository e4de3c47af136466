/**
 * What a call will take of budgets, and how its output is held to what it was given.
 *
 * @module
 */
import type { Call, Identified, Target } from "../call.ts";
import type { Counted, Forecast } from "../limits/claims.ts";
import { NANO_USD } from "../limits/rule.ts";
import { outputCap, withOutputCap } from "../providers/wires/caps.ts";
import { wireOf } from "../providers/wires/table.ts";
import type { Standing } from "../store/store.ts";
import type { Prices, Usage } from "../usage.ts";
import { Estimates, type Size, sizeOf, type Tokens } from "./estimate.ts";

/** Forecasts calls, and learns from them. */
export class Forecaster {
  readonly #estimates = new Estimates();
  readonly #prices: Prices | undefined;

  constructor(prices: Prices | undefined) {
    this.#prices = prices;
  }

  /** What is known of a call at one target. */
  of(call: Call & Partial<Identified>, target: Target): Forecast {
    const { body, provider, path, model } = target;
    const wire = wireOf(provider, path);
    const cap = wire !== undefined && body.kind === "json" ? outputCap(wire.id, body.json) : undefined;
    return {
      estimates: this.#estimates,
      asked: {
        kind: JSON.stringify([call.route.gateway, call.identity?.tenant, provider.id, model]),
        size: sizeOfBody(body),
        cap: cap?.tokens,
        answers: cap?.answers ?? 1,
      },
      costUsd: (tokens) => this.costUsd(target, call.startedAt, tokens),
    };
  }

  /** US dollars; `undefined` where the price isn't known. */
  costUsd({ provider, model }: Target, at: number, usage: Usage): number | undefined {
    if (model === undefined) return undefined;
    return this.#prices?.cost(usage, { provider: provider.id, priceId: provider.priceId, model, at });
  }

  /** A call is over. */
  learn({ asked, estimates }: Forecast, took: Tokens): void {
    estimates.learn(asked, took);
  }
}

function sizeOfBody(body: Target["body"]): Size {
  if (body.kind === "json") return sizeOf(body.json.text);
  return { bytes: 0, data: body.kind === "none" ? 0 : Math.ceil((body.length ?? 0) / UPLOAD_BYTES_PER_TOKEN) };
}

/** An upload is sound or a picture, as a rule. */
const UPLOAD_BYTES_PER_TOKEN = 64;

/** The target with its output capped to what hard budgets gave; the same where that is enough for what is asked. */
export function capped(
  target: Target,
  claims: readonly Counted[],
  standings: readonly Standing[],
  forecast: () => Forecast,
): Target {
  const given = claims.flatMap((counted, index) => {
    const taken = standings[index]?.taken ?? 0;
    return counted.claim.isHold && counted.applied.rule.mode === "hard" && taken > 0
      ? [outputFor(counted, taken, forecast())]
      : [];
  });
  const wire = wireOf(target.provider, target.path);
  if (given.length === 0 || wire === undefined || target.body.kind !== "json") return target;
  const json = withOutputCap(wire.id, target.body.json, Math.max(1, Math.min(...given)), capName(target));
  return json === undefined || json === target.body.json ? target : { ...target, body: { kind: "json", json } };
}

/** OpenAI's own models take no other. */
const capName = ({ provider: { id } }: Target) =>
  id === "openai" || id === "azure-openai" ? "max_completion_tokens" : "max_tokens";

/** Tokens of output, for each answer, that an amount pays for. */
export function outputFor({ applied: { rule } }: Counted, amount: number, forecast: Forecast): number {
  const { asked, estimates, costUsd } = forecast;
  const { input } = rule.mode === "hard" ? estimates.most(asked, rule.maxOutput) : estimates.likely(asked);
  if (rule.unit === "tokens") return Math.floor((amount - input) / asked.answers);
  const fixed = costUsd({ input, output: 0 }) ?? 0;
  const each = ((costUsd({ input, output: MANY }) ?? 0) - fixed) / MANY;
  return each <= 0 ? Infinity : Math.floor((amount / NANO_USD - fixed) / each / asked.answers);
}

const MANY = 1000;
