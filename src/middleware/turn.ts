/**
 * A turn: one call at one target, from the question to the store to the answer that its client gets.
 *
 * @module
 */
import { capped, type Forecaster } from "../budget/forecast.ts";
import { Purse } from "../budget/purse.ts";
import { stoppable } from "../budget/stop.ts";
import { LEASE_MS, type Page, Tab } from "../budget/tab.ts";
import { type Cached, type Cacher, tellMiss } from "../cache/cacher.ts";
import type { Lookup } from "../cache/key.ts";
import type { Aimed, Call, Identified, Planned, Tagged, Target } from "../call.ts";
import type { Clock } from "../clock.ts";
import { GatewayError } from "../errors.ts";
import { claimsOf, type Counted, type Forecast } from "../limits/claims.ts";
import type { Once } from "../limits/once.ts";
import { type Applied, isOfCall, type Rule, type Subject } from "../limits/rule.ts";
import { limitHeaders, refusalOf, type Told } from "../limits/told.ts";
import type { Handler } from "../middleware.ts";
import * as HEADER from "../names.ts";
import type { Guard, Silence } from "../store/guard.ts";
import type { Admission, Found, Standing } from "../store/store.ts";

/** A call that can be admitted: before a target is chosen it is counted as one of its first target. */
export type Admissible = Call & Planned & Partial<Aimed & Identified & Tagged>;

/** What all turns of one room share. */
export interface TurnHouse {
  readonly guard: Guard;
  /** Where rules are kept for this process alone, while the store is away. */
  readonly local: Guard;
  readonly cacher: Cacher | undefined;
  readonly forecaster: Forecaster;
  readonly clock: Clock;
  readonly once: Once;
}

/** How often the same answer is waited for; then a call fetches its own. One leader may be lost, and the next be through just now. */
const MOST_WAITS = 3;

/** One call at one target: it is asked whether it may, and what it is given is settled. */
export class Turn<C extends Admissible> {
  readonly #call: C;
  readonly #target: Target;
  readonly #next: Handler<C>;
  readonly #house: TurnHouse;
  readonly #rules: readonly Rule[];
  readonly #id: string;
  #waits = 0;
  #isCacheAsked = false;
  /** Whether what is kept can't be read. */
  #isUnread = false;

  constructor(call: C, target: Target, next: Handler<C>, house: TurnHouse, rules: readonly Rule[]) {
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
    const { once, guard, cacher, clock } = this.#house;
    const { targets, platform } = this.#call;
    const isFirst = await once.isFirst(targets);
    const rules = this.#rules.filter((rule) => this.#counts(rule, isFirst));
    const claims = await claimsOf(rules, subjectOf(this.#call, this.#target), this.#forecast, clock.now())
      .catch((error) => {
        if (isFirst) once.forget(targets);
        throw error;
      });
    if (claims.length === 0 && lookup === undefined) {
      once.tell(targets, []);
      return this.#told(await this.#passed(this.#call), once.told(targets));
    }
    const admission = await guard.admit({
      id: this.#id,
      claims: claims.map(({ claim }) => claim),
      leaseMs: LEASE_MS,
      entry: lookup && cacher?.ask(lookup, this.#target, this.#isUnread),
    }, platform.after);
    if (typeof admission === "string") return await this.#without(claims, lookup, isFirst, admission);
    const told = this.#judged(claims, admission, isFirst);
    return await this.#admitted(claims, admission, told, lookup);
  }

  /** A call is counted once, a hold is taken for each target; and for another try at a shared answer nothing is counted again. */
  #counts(rule: Rule, isFirst: boolean): boolean {
    if (rule.unit === "tokens" || rule.unit === "cost") return true;
    return this.#waits === 0 && (isFirst || !isOfCall(rule));
  }

  /** @throws {GatewayError} Where the call is refused; another target may be allowed what this one isn't. */
  #judged(claims: readonly Counted[], { isGranted, standings }: Admission, isFirst: boolean): readonly Told[] {
    const { once } = this.#house;
    const { targets } = this.#call;
    const before = once.told(targets);
    const told = claims.map(({ applied }, index) => ({ applied, standing: standings[index]! }))
      .filter(({ standing }) => standing.isUnknown !== true);
    for (const { applied: { rule }, standing } of told) {
      if (standing.isShort) this.#call.note({ type: "limited", rule: rule.name, isShadow: rule.mode === "shadow" });
    }
    if (isGranted) {
      once.tell(targets, told);
      return [...before, ...told];
    }
    if (isFirst) once.forget(targets);
    throw refusalOf([...before, ...told]);
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
      if (isFirst) this.#house.once.forget(this.#call.targets);
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
