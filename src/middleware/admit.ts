/**
 * Admit: what a call may take of its limits and budgets, and whether its answer is kept already; one question to the
 * store for all of it. `limit`, `budget` and `cache` are this room with one of its parts.
 *
 * @module
 */
import { capped, Forecaster } from "../budget/forecast.ts";
import { Purse } from "../budget/purse.ts";
import { stoppable } from "../budget/stop.ts";
import { LEASE_MS, type Page, Tab } from "../budget/tab.ts";
import { type Cached, Cacher, type CacheSettings, tellMiss } from "../cache/cacher.ts";
import type { Lookup } from "../cache/key.ts";
import type { Aimed, Call, Identified, Planned, Tagged, Target } from "../call.ts";
import { CLOCK, type Clock } from "../clock.ts";
import { GatewayError } from "../errors.ts";
import { claimsOf, type Counted, type Forecast } from "../limits/claims.ts";
import { type Applied, isOfCall, type Rule, type Subject } from "../limits/rule.ts";
import { limitHeaders, refusalOf, type Told } from "../limits/told.ts";
import type { Handler, Middleware } from "../middleware.ts";
import * as HEADER from "../names.ts";
import { Guard, type Silence } from "../store/guard.ts";
import { memory } from "../store/memory.ts";
import type { Admission, Found, Standing, Store } from "../store/store.ts";
import type { Prices } from "../usage.ts";

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

/** A call that can be admitted: before a target is chosen it is counted as one of its first target. */
export type Admissible = Call & Planned & Partial<Aimed & Identified & Tagged>;

/** Asks the store once for each target of a call; not at all where no rule concerns it and no answer may be kept. */
export function admit(options: AdmitOptions): Middleware<Planned & Partial<Aimed & Identified & Tagged>> {
  const { store, rules = [], cache, prices, clock = CLOCK } = options;
  const guard = store instanceof Guard ? store : new Guard(store ?? memory(), { clock });
  const house: House = {
    guard,
    // While the store is away, some rules are kept for this process alone.
    local: new Guard(memory()),
    cacher: cache && new Cacher(cache, guard.store, clock),
    rulesOf: typeof rules === "function" ? rules : () => rules,
    forecaster: new Forecaster(prices),
    clock,
    counted: new WeakMap(),
  };
  return (call, next) => {
    const target = call.target ?? call.targets[0];
    const lookup = house.cacher?.lookUp(call, target);
    const found = house.rulesOf(call);
    if (found.length === 0 && lookup === undefined) return next(call);
    return new Turn(call, target, next, house, found).begin(lookup);
  };
}

interface House {
  readonly guard: Guard;
  readonly local: Guard;
  readonly cacher: Cacher | undefined;
  readonly rulesOf: (call: Admissible) => readonly Rule[];
  readonly forecaster: Forecaster;
  readonly clock: Clock;
  /** Of the calls that are under way, by their plan: how the rules stand that count a call once, whatever its targets. */
  readonly counted: WeakMap<object, Count>;
}

/** How a call as such is counted: at its first target that is allowed to. */
class Count {
  told: readonly Told[] = [];
  hear = () => {};
  /** Resolves when that is known. */
  readonly heard: Promise<void> = new Promise((resolve) => this.hear = resolve);
}

/** How often the same answer is waited for; then a call fetches its own. One leader may be lost, and the next be through just now. */
const MOST_WAITS = 3;

/** One call at one target. */
class Turn<C extends Admissible> {
  readonly #call: C;
  readonly #target: Target;
  readonly #next: Handler<C>;
  readonly #house: House;
  readonly #rules: readonly Rule[];
  readonly #id: string;
  #waits = 0;
  #isCacheAsked = false;
  /** Whether what is kept can't be read. */
  #isUnread = false;

  constructor(call: C, target: Target, next: Handler<C>, house: House, rules: readonly Rule[]) {
    this.#call = call;
    this.#target = target;
    this.#next = next;
    this.#house = house;
    this.#rules = rules;
    this.#id = `${call.id}/${target.step}`;
  }

  async begin(lookup: Promise<Lookup> | undefined): Promise<Response> {
    this.#isCacheAsked = lookup !== undefined;
    return await this.#take(await lookup);
  }

  async #take(lookup: Lookup | undefined): Promise<Response> {
    const { counted, guard, cacher, clock } = this.#house;
    const isFirst = await this.#isFirst();
    const rules = this.#rules.filter((rule) => this.#counts(rule, isFirst));
    const claims = await claimsOf(rules, subjectOf(this.#call, this.#target), this.#forecast, clock.now())
      .catch((error) => {
        this.#uncount(isFirst);
        throw error;
      });
    if (claims.length === 0 && lookup === undefined) {
      const count = counted.get(this.#call.targets);
      count?.hear();
      return this.#told(await this.#passed(this.#call), count?.told ?? []);
    }
    const admission = await guard.admit({
      id: this.#id,
      claims: claims.map(({ claim }) => claim),
      leaseMs: LEASE_MS,
      entry: lookup && cacher?.ask(lookup, this.#target, this.#isUnread),
    }, this.#call.platform.after);
    if (typeof admission === "string") return await this.#without(claims, lookup, isFirst, admission);
    const told = this.#judged(claims, admission, isFirst);
    return await this.#admitted(claims, admission, told, lookup);
  }

  /** Whether the call is to be counted here. Where another target is asked at the same time, it is waited for what becomes of that. */
  async #isFirst(): Promise<boolean> {
    const { counted } = this.#house;
    const { targets } = this.#call;
    for (let other = counted.get(targets); other !== undefined; other = counted.get(targets)) {
      await other.heard;
      if (counted.get(targets) === other) return false;
    }
    counted.set(targets, new Count());
    return true;
  }

  /** Nothing has counted the call: its next target does. */
  #uncount(isFirst: boolean): void {
    const { counted } = this.#house;
    const { targets } = this.#call;
    if (!isFirst) return;
    counted.get(targets)?.hear();
    counted.delete(targets);
  }

  /** A call is counted once, a hold is taken for each target; and for another try at a shared answer nothing is counted again. */
  #counts(rule: Rule, isFirst: boolean): boolean {
    if (rule.unit === "tokens" || rule.unit === "cost") return true;
    return this.#waits === 0 && (isFirst || !isOfCall(rule));
  }

  /** @throws {GatewayError} Where the call is refused; another target may be allowed what this one isn't. */
  #judged(claims: readonly Counted[], { isGranted, standings }: Admission, isFirst: boolean): readonly Told[] {
    const count = this.#house.counted.get(this.#call.targets);
    const told = claims.map(({ applied }, index) => ({ applied, standing: standings[index]! }))
      .filter(({ standing }) => standing.isUnknown !== true);
    for (const { applied: { rule }, standing } of told) {
      if (standing.isShort) this.#call.note({ type: "limited", rule: rule.name, isShadow: rule.mode === "shadow" });
    }
    if (!isGranted) {
      this.#uncount(isFirst);
      throw refusalOf([...(count?.told ?? []), ...told]);
    }
    const ofCall = told.filter(({ applied }) => isOfCall(applied.rule));
    const all = [...(count?.told ?? []), ...ofCall];
    if (count !== undefined) count.told = all;
    count?.hear();
    return [...all, ...told.filter(({ applied }) => !isOfCall(applied.rule))];
  }

  async #admitted(
    claims: readonly Counted[],
    { entry, standings }: Admission,
    told: readonly Told[],
    lookup: Lookup | undefined,
  ): Promise<Response> {
    const { cacher, guard } = this.#house;
    if (lookup !== undefined && cacher !== undefined && (entry?.kind === "hit" || entry?.kind === "follow")) {
      this.#tab([{ guard, claims: claims.filter(({ claim }) => !claim.isHold) }]);
      const answer = await this.#served(cacher, lookup, entry);
      if (answer !== undefined) return this.#told(answer, told);
      // What can't be read, or didn't come, is fetched anew: by this call alone, if it has waited often enough.
      this.#isUnread ||= entry.kind === "hit";
      const isLast = ++this.#waits >= MOST_WAITS;
      return this.#told(await this.#take(isLast ? undefined : lookup), told.filter(({ applied }) => !isHold(applied)));
    }
    const tab = this.#tab([{ guard, claims }]);
    const target = capped(this.#target, claims, standings, this.#forecast);
    const call = target === this.#target ? this.#call : { ...this.#call, target, targets: this.#call.targets };
    const mayLead = entry?.kind === "lead" && !isScarce(claims, standings);
    if (entry?.kind === "lead" && !mayLead && lookup !== undefined) {
      // What one budget cuts short is nothing for callers who have more.
      await cacher?.forgo(lookup, this.#id).catch(() => {});
    }
    return await this.#fetched(tab, told, async () => {
      const answer = lookup !== undefined && cacher !== undefined && mayLead
        ? await this.#led(cacher, call, lookup, entry, tab)
        : await this.#passed(call, tab);
      return this.#rules.some(({ stopsStreams }) => stopsStreams)
        ? this.#stoppable(answer, claims, standings, tab)
        : answer;
    });
  }

  /** Fetches an answer for this call alone, though the cache may have been asked. */
  async #passed(call: C, tab?: Tab): Promise<Response> {
    const answer = await this.#next(call);
    if (this.#isCacheAsked) tellMiss(answer, "fwd=miss");
    return tab === undefined ? answer : tab.heed(answer);
  }

  /** Runs the rooms further in; what fails used nothing. */
  async #fetched(tab: Tab, told: readonly Told[], fetch: () => Promise<Response>): Promise<Response> {
    try {
      const answer = await fetch();
      if (!answer.ok) tab.fail();
      return this.#told(answer, told);
    } catch (error) {
      tab.fail();
      throw error;
    }
  }

  /** A stream whose budget is spent is stopped, where a rule says so. */
  #stoppable(answer: Response, claims: readonly Counted[], standings: readonly Standing[], tab: Tab): Response {
    const { guard } = this.#house;
    const stopped = (rule: string) => this.#call.note({ type: "limited", rule, isShadow: false });
    const purse = new Purse({ id: this.#id, claims, standings, guard, tab, forecast: this.#forecast(), stopped });
    return stoppable(answer, this.#target, purse);
  }

  readonly #forecast = (): Forecast => this.#house.forecaster.of(this.#call, this.#target);

  async #led(
    cacher: Cacher,
    call: C,
    lookup: Lookup,
    { stamps }: Extract<Found, { kind: "lead" }>,
    tab: Tab,
  ): Promise<Response> {
    const fetched = async (signal: AbortSignal) => tab.heed(await this.#next({ ...call, signal }));
    const { answer, over } = await cacher.lead(call, this.#target, lookup, { id: this.#id, stamps }, fetched);
    // Its client may leave, and others still wait: only then is known what it took.
    tab.waitFor(over);
    return answer;
  }

  async #served(
    cacher: Cacher,
    lookup: Lookup,
    entry: Exclude<Found, { kind: "lead" }>,
  ): Promise<Response | undefined> {
    const call: Cached = this.#call;
    const answer = entry.kind === "hit"
      ? await cacher.replayed(call, lookup, entry)
      : await cacher.shared(call, this.#target, lookup, entry.leader);
    if (call.signal.aborted) throw new GatewayError("client_gone", "The client left before the answer.");
    if (answer !== undefined) this.#noteHit();
    return answer;
  }

  #noteHit(): void {
    const { provider, model, step } = this.#target;
    this.#call.note({ type: "cached", provider: provider.id, model, step });
  }

  #tab(pages: readonly Page[]): Tab {
    return new Tab(this.#call, this.#target, this.#id, pages, this.#house.forecaster);
  }

  /** The store doesn't answer: each rule says itself what becomes of it. */
  async #without(
    claims: readonly Counted[],
    lookup: Lookup | undefined,
    isFirst: boolean,
    silence: Silence,
  ): Promise<Response> {
    const by = (policy: Rule["onStoreFailure"]) =>
      claims.filter(({ applied: { rule } }) => rule.mode !== "shadow" && rule.onStoreFailure === policy);
    const { guard, local } = this.#house;
    const policies = POLICIES.filter((policy) => by(policy).length > 0);
    const state = ["down", ...policies.map((policy) => `policy=${policy}`)].join("; ");
    // What was asked for may have been taken; and what a call uses is told to the store when that is back.
    const taken = claims.filter(({ claim }) => claim.isHold || (silence === "late" && claim.measure === "concurrent"));
    const leave = () => silence === "late" && this.#tab([{ guard, claims: taken }]).fail();
    const closed = by("closed")[0];
    if (closed !== undefined) {
      leave();
      this.#uncount(isFirst);
      throw unavailable(closed, state);
    }
    const ours = by("local");
    const admission = await local.admit({ id: this.#id, claims: ours.map(({ claim }) => claim), leaseMs: LEASE_MS });
    if (typeof admission === "object" && !admission.isGranted) leave();
    const told = typeof admission === "string" ? [] : this.#judged(ours, admission, isFirst);
    const tab = this.#tab([{ guard, claims: taken }, { guard: local, claims: ours }]);
    return await this.#fetched(tab, told, async () => {
      const answer = tab.heed(await this.#next(this.#call));
      answer.headers.set(HEADER.store, state);
      if (lookup !== undefined) tellMiss(answer, "fwd=bypass; detail=store-down");
      return answer;
    });
  }

  #told(answer: Response, told: readonly Told[]): Response {
    // Another room may have told of its own rules.
    for (const [name, value] of limitHeaders(told)) answer.headers.append(name, value);
    return answer;
  }
}

function subjectOf({ route, identity, tags, platform }: Admissible, { provider, model }: Target): Subject {
  return {
    gateway: route.gateway,
    tenant: identity?.tenant,
    key: identity?.key,
    model,
    provider: provider.id,
    ip: platform.clientAddress(),
    tags: tags ?? new Map(),
  };
}

/** Whether a call got less output than its rules allow it, since no more is left. */
const isScarce = (claims: readonly Counted[], standings: readonly Standing[]): boolean =>
  claims.some(({ claim, applied: { rule } }, index) =>
    claim.isHold && rule.mode === "hard" && (standings[index]?.taken ?? 0) < claim.most
  );

/** Such a rule is asked again for each fetch, and tells of itself again. */
const isHold = ({ rule: { unit } }: Applied): boolean => unit === "tokens" || unit === "cost";

const POLICIES: readonly Rule["onStoreFailure"][] = ["closed", "local", "open"];

const unavailable = ({ applied: { rule } }: Counted, state: string) =>
  new GatewayError("store_unavailable", `Try again: the limit "${rule.name}" can't be looked up now.`, {
    headers: { "retry-after": "1", "retry-after-ms": "1000", [HEADER.store]: state },
  });
