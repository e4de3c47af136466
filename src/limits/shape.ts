/**
 * The shape of a limit, and what is wrong with limits that have it.
 *
 * @module
 */
import * as v from "valibot";
import { ConfigError, type ConfigIssue } from "../issue.ts";
import { field } from "../json.ts";
import { amount, either, filled, issue, matching, misfits, object, oneOf, type Part, record, whole } from "../part.ts";
import { type Dimension, type LimitConfig, type Rule, ruleOf, UNITS } from "./rule.ts";
import { WINDOW } from "./window.ts";

/** A count that every store can hold. */
const MAX_COUNT = 2 ** 50;

const text = matching(/\S/, "must not be empty");

const dimension = matching<Dimension>(
  /^(?:gateway|tenant|key|model|provider|ip|metadata\.[\w.-]{1,64})$/,
  "must be gateway, tenant, key, model, provider, ip or metadata.<name>",
);

const oneOrMore = <Text extends string>(item: Part<Text>): Part<Text | readonly Text[]> =>
  either("must be text or a list of texts", item, filled(item));

/** The shape of a limit. */
export const limit: Part<LimitConfig> = object({
  name: matching(/^[\x20-\x7e]{1,64}$/, "must be 1 to 64 printable ASCII characters"),
  per: oneOrMore(dimension),
  match: either(
    "must be a pattern, a list of patterns, or an object of them",
    text,
    filled(text),
    record(oneOrMore(text), dimension),
  ),
  overrides: record(amount(0)),
  requests: whole(0, MAX_COUNT),
  concurrent: whole(0, MAX_COUNT),
  tokens: whole(0, MAX_COUNT),
  cost: amount(0),
  window: matching(WINDOW, "must be a time like 30s, 1m, 1h or 7d, or one of day, week, month"),
  algorithm: oneOf(["sliding", "fixed", "bucket", "upstash-fixed", "upstash-sliding", "upstash-bucket"]),
  mode: oneOf(["soft", "hard", "shadow"]),
  stopStreams: v.boolean("must be true or false"),
  maxOutput: whole(1, 2 ** 31),
  onStoreFailure: oneOf(["open", "closed", "local"]),
  status: oneOf([402, 429]),
}, "per");

/**
 * A rule, of a limit that nobody has checked yet.
 *
 * @throws {ConfigError} With all that is wrong with it.
 */
export function checkedRule(config: LimitConfig, path: string): Rule {
  const issues = [...misfits(config, limit, path), ...wrongLimit(config, path)];
  if (issues.length > 0) throw new ConfigError(issues);
  return ruleOf(config);
}

/** Limits that count in one place, though their amounts differ; and whatever is wrong with each. */
export function wrongLimits(limits: readonly unknown[], path: string): readonly ConfigIssue[] {
  const ids = new Set<string>();
  return limits.flatMap((config, index) => {
    const at = `${path}[${index}]`;
    const issues = [...wrongLimit(config, at)];
    if (issues.length > 0 || misfits(config, limit).length > 0) return issues;
    const { id } = ruleOf(config as LimitConfig);
    if (ids.has(id)) return [issue(at, "counts the same as another one; give it a name of its own, or remove one")];
    ids.add(id);
    return [];
  });
}

/** A limit of nothing, or of several things, or for no time. */
function* wrongLimit(config: unknown, path: string): Iterable<ConfigIssue> {
  const units = UNITS.filter((unit) => field(config, unit) !== undefined);
  const window = field(config, "window");
  const algorithm = field(config, "algorithm");
  if (units.length !== 1) yield issue(path, `needs exactly one of ${UNITS.join(", ")}`);
  else if (units[0] === "concurrent" && window !== undefined) {
    yield issue(`${path}.window`, "means nothing for calls at the same time; remove it");
  } else if (units[0] !== "concurrent" && window === undefined) {
    yield issue(`${path}.window`, 'is missing; write it like "1m" or "day"');
  }
  if (typeof window === "string" && /^[a-z]/.test(window) && algorithm !== undefined && algorithm !== "fixed") {
    yield issue(`${path}.algorithm`, "must be fixed for a period of the calendar; leave it out");
  }
  if (units.length === 1 && units[0] !== "requests" && /^upstash-/.test(String(algorithm))) {
    yield issue(`${path}.algorithm`, "upstash-… is for requests only; leave it out");
  }
  if (units[0] === "requests" || units[0] === "concurrent") yield* wrongCount(config, path);
}

/** What is said of money and tokens only. */
function* wrongCount(config: unknown, path: string): Iterable<ConfigIssue> {
  for (const name of ["stopStreams", "maxOutput"]) {
    if (field(config, name) !== undefined) yield issue(`${path}.${name}`, "is for tokens and cost only; remove it");
  }
  if (field(config, "mode") === "hard") yield issue(`${path}.mode`, "hard is for tokens and cost only; leave it out");
}
