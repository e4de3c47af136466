/**
 * The story of a call in one header: which targets were asked, why, and why they were left.
 *
 * @module
 */
import type { Attempt, Fact, Left, Metered } from "../call.ts";

/** At most this much of it: proxies refuse long headers. */
const MAX_LENGTH = 2000;

/**
 * What has happened so far, in order, as `0 openai gpt-5 first 503 12ms unavailable retry+180ms; 0 openai gpt-5 retry 200 340ms $0.0012`:
 * step, provider, model, why it was asked, its status or error, how long it took, what it cost where that is known already, why it was
 * left, and what was done next.
 */
export function storyOf(facts: readonly Fact[]): string {
  const parts: string[] = [];
  for (const fact of facts) {
    if (fact.type === "attempt") parts.push(told(fact.attempt));
    else if (fact.type === "usage") add(parts, costOf(fact.metered));
    else if (fact.type === "left" && isUnasked(fact.left)) parts.push(`${fact.left.step} ${fact.left.reason}`);
    else if (fact.type === "left") add(parts, leftAs(fact.left));
  }
  return parts.join("; ").slice(0, MAX_LENGTH);
}

const isUnasked = ({ reason }: Left) => reason === "cooling" || reason === "forbidden";

function told({ step, provider, model, why, status, error, durationMs }: Attempt): string {
  const name = model === undefined ? "-" : encodeURI(model);
  return `${step} ${provider} ${name} ${why} ${status ?? error} ${durationMs}ms`;
}

const add = (parts: string[], words: string) => void parts.push((parts.pop() ?? "") + words);

const costOf = ({ costUsd }: Metered) => costUsd === undefined ? "" : ` $${Number(costUsd.toPrecision(4))}`;

const leftAs = ({ reason, course, waitMs }: Left) =>
  ` ${reason} ${course === "retry" ? `retry+${Math.round(waitMs)}ms` : course}`;
