/**
 * What a client is told of its limits: the fields of the IETF's draft, and how long to wait. Pure.
 *
 * @module
 */
import { GatewayError } from "../errors.ts";
import type { Standing } from "../store/store.ts";
import { type Applied, isOfCall, NANO_USD, type Unit } from "./rule.ts";

/** A rule and how it stands. */
export interface Told {
  readonly applied: Applied;
  readonly standing: Standing;
}

/** Header fields; several rules stand in one, each with its name. */
export function limitHeaders(told: readonly Told[]): readonly (readonly [name: string, value: string])[] {
  const shown = told.filter(({ applied }) => applied.rule.mode !== "shadow");
  if (shown.length === 0) return [];
  const policies = shown.map(({ applied: { rule, amount } }) =>
    `${quoted(rule.name)};q=${inUnits(rule.unit, amount)}${UNIT_OF[rule.unit]}${windowParameter(rule)}`
  );
  const standings = shown.map(({ applied: { rule }, standing }) =>
    `${quoted(rule.name)};r=${inUnits(rule.unit, standing.left)};t=${Math.ceil(standing.resetMs / 1000)}`
  );
  return [["ratelimit-policy", policies.join(", ")], ["ratelimit", standings.join(", ")]];
}

/** Of the draft: a unit is named where it isn't requests. */
const UNIT_OF: Readonly<Record<Unit, string>> = {
  requests: "",
  concurrent: ';qu="concurrent-requests"',
  tokens: ';qu="tokens"',
  cost: ';qu="micro-usd"',
};

const windowParameter = ({ unit, windowMs }: Applied["rule"]) =>
  unit === "concurrent" ? "" : `;w=${Math.ceil(windowMs / 1000)}`;

/** The draft has whole numbers only: money is told in millionths of a dollar. */
const inUnits = (unit: Unit, amount: number): number => unit === "cost" ? Math.floor(amount / 1000) : amount;

const quoted = (name: string) => `"${name.replace(/[^\x20-\x7e]/g, "?").replace(/["\\]/g, "\\$&")}"`;

/** One of them, and several. */
const WHAT: Readonly<Record<Unit, readonly [string, string]>> = {
  requests: ["request", "requests"],
  concurrent: ["call at a time", "calls at a time"],
  tokens: ["token", "tokens"],
  cost: ["US dollar", "US dollars"],
};

/**
 * Why a call is refused: of the rules that are short, the one that is so for the longest. Where none of them counts the
 * call as such, another target may be allowed what this one isn't.
 */
export function refusalOf(told: readonly Told[]): GatewayError {
  const short = told.filter(({ applied: { rule }, standing }) => standing.isShort && rule.mode !== "shadow");
  const longest = short.reduce((one, other) => other.standing.resetMs > one.standing.resetMs ? other : one);
  const { applied: { rule }, standing: { resetMs } } = longest;
  const isBudget = rule.unit === "tokens" || rule.unit === "cost";
  const waitMs = Math.max(1, Math.ceil(resetMs));
  return new GatewayError(isBudget ? "budget_exhausted" : "rate_limited", sentenceOf(longest), {
    status: rule.status,
    canRetry: !short.some(({ applied }) => isOfCall(applied.rule)),
    headers: {
      ...Object.fromEntries(limitHeaders(told)),
      "retry-after": String(Math.ceil(waitMs / 1000)),
      "retry-after-ms": String(waitMs),
      ...(isBudget ? { "x-should-retry": "false" } : {}),
    },
  });
}

function sentenceOf({ applied: { rule, amount }, standing: { left } }: Told): string {
  const shown = rule.unit === "cost" ? amount / NANO_USD : amount;
  const allowed = `${shown} ${WHAT[rule.unit][shown === 1 ? 0 : 1]}${windowText(rule)}`;
  if (rule.unit === "requests" || rule.unit === "concurrent") {
    return `Wait and try again: the limit "${rule.name}" allows ${allowed}.`;
  }
  // Waiting doesn't help a call that all of the budget is too little for.
  return left >= amount
    ? `Ask for less, or raise the budget "${rule.name}": its ${allowed} are less than this call may take.`
    : `Wait, or raise the budget "${rule.name}": what is left of its ${allowed} is less than this call may take.`;
}

function windowText({ unit, windowMs, period }: Applied["rule"]): string {
  if (unit === "concurrent") return "";
  if (period !== undefined) return ` in a ${period}`;
  return windowMs % 1000 === 0 ? ` in ${windowMs / 1000} s` : ` in ${windowMs} ms`;
}
