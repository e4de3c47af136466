/**
 * What one call has taken, until it is settled with what it used.
 *
 * @module
 */
import { wholeBody } from "../answer.ts";
import type { Call, Target, Trip } from "../call.ts";
import { through } from "../flow.ts";
import type { Counted, Forecast } from "../limits/claims.ts";
import { NANO_USD } from "../limits/rule.ts";
import { wireOf } from "../providers/wires/table.ts";
import type { Guard } from "../store/guard.ts";
import type { Account } from "../store/store.ts";
import { sum, type Usage } from "../usage.ts";
import { EventCount } from "./events.ts";
import type { Forecaster } from "./forecast.ts";

/** Milliseconds after which a call that says nothing counts as gone, and how often it says that it isn't. */
export const LEASE_MS = 60_000;
const RENEWED_MS = 20_000;

/** Claims that one store has granted. */
export interface Page {
  readonly guard: Guard;
  readonly claims: readonly Counted[];
}

/** What a call used. */
interface Used {
  readonly usage: Usage | undefined;
  readonly costUsd: number | undefined;
}

/** Kept from the moment that claims are granted; it is settled when the call is over, however it ends. */
export class Tab {
  readonly #call: Call;
  readonly #target: Target;
  readonly #id: string;
  readonly #pages: readonly Page[];
  readonly #forecaster: Forecaster;
  readonly #forecast: () => Forecast;
  readonly #events = new EventCount();
  readonly #more: string[] = [];
  #renewal: ReturnType<typeof setTimeout> | undefined;
  #over: Promise<void> | undefined;
  #areHoldsSettled = false;
  /** Whether the answer has come to its end. */
  #isWhole = false;
  #isCut = false;

  constructor(call: Call, target: Target, id: string, pages: readonly Page[], forecaster: Forecaster) {
    this.#call = call;
    this.#target = target;
    this.#id = id;
    this.#pages = pages;
    this.#forecaster = forecaster;
    this.#forecast = () => forecaster.of(call, target);
    if (!this.#hasWork) return;
    this.#renew();
    call.settle((trip) => this.#settle(trip));
  }

  get #hasWork(): boolean {
    return this.#pages.some(({ claims }) => claims.some(({ claim }) => claim.isHold || claim.measure === "concurrent"));
  }

  get #hasHolds(): boolean {
    return this.#pages.some(({ claims }) => claims.some(({ claim }) => claim.isHold));
  }

  /** Counts what the target brings: more than its client gets, where that leaves, or less, where another target goes on. */
  heed(answer: Response): Response {
    if (!this.#hasHolds || !answer.ok) return answer;
    const whole = wholeBody(answer);
    if (whole !== undefined) this.#events.add(whole);
    this.#isWhole = whole !== undefined || answer.body === null;
    if (this.#isWhole) return answer;
    return through(answer, (source) => ({
      read: async () => {
        const bytes = await source.read();
        if (bytes === undefined) this.#isWhole = true;
        else this.#events.add(bytes);
        return bytes;
      },
      cancel: (reason) => source.cancel(reason),
    }));
  }

  /** Nothing was used: what was held is free at once, and not only when the call is over. */
  fail(): void {
    if (!this.#hasHolds || this.#areHoldsSettled) return;
    this.#areHoldsSettled = true;
    this.#call.platform.after(this.#tell(({ claim }) => claim.isHold ? 0 : SKIPPED));
  }

  /** What was used is known only later. */
  waitFor(over: Promise<void>): void {
    this.#over = over;
  }

  /** The answer was ended before it was over. */
  cut(): void {
    this.#isCut = true;
  }

  /** More was taken, under another name: it is given back when all is settled. */
  add(id: string): void {
    this.#more.push(id);
  }

  async #settle(trip: Trip): Promise<void> {
    clearTimeout(this.#renewal);
    await this.#over;
    const used = this.#usedIn(trip);
    const told = used.usage;
    const isWhole = this.#isWhole && !this.#isCut;
    if (told !== undefined && isWhole) this.#forecaster.learn(this.#forecast(), told);
    const finished = told === undefined ? this.#guessed() : isWhole ? used : this.#grown(used, told);
    await this.#tell((counted) => {
      if (counted.claim.measure === "concurrent") return 0;
      return this.#areHoldsSettled || !counted.claim.isHold ? SKIPPED : this.#inUnits(finished)(counted);
    });
  }

  /** What the provider told of this target's attempts. */
  #usedIn({ facts }: Trip): Used {
    const metered = facts.flatMap((fact) =>
      fact.type === "usage" && fact.metered.step === this.#target.step ? [fact.metered] : []
    );
    if (metered.length === 0) return { usage: undefined, costUsd: undefined };
    const costs = metered.map(({ costUsd }) => costUsd);
    return {
      usage: metered.map(({ usage }) => usage).reduce(sum),
      costUsd: costs.includes(undefined) ? undefined : costs.reduce((one, other) => one! + other!),
    };
  }

  /** A provider that told nothing, as one whose client left, is counted by what was asked and what came of it. */
  #guessed(): Used {
    const { asked, estimates } = this.#forecast();
    const likely = estimates.likely(asked);
    // What can't be counted by its text took what was expected.
    if (wireOf(this.#target.provider, this.#target.path) === undefined) return { usage: likely, costUsd: undefined };
    const output = this.#isWhole && this.#events.tokens === 0 ? likely.output : this.#events.tokens;
    return { usage: { input: likely.input, output }, costUsd: undefined };
  }

  /** What a provider tells early on is less than what had come when its answer was cut: some tell one token at first. */
  #grown(used: Used, told: Usage): Used {
    const { tokens } = this.#events;
    return tokens <= told.output ? used : { usage: { ...told, output: tokens }, costUsd: undefined };
  }

  #inUnits({ usage, costUsd }: Used): (counted: Counted) => number {
    return ({ applied: { rule }, claim }) => {
      if (usage === undefined) return claim.need;
      if (rule.unit === "tokens") return Math.min(usage.input + usage.output, MOST_USED);
      const usd = costUsd ?? this.#forecaster.costUsd(this.#target, this.#call.startedAt, usage);
      return usd !== undefined && usd >= 0 ? Math.min(Math.round(usd * NANO_USD), MOST_USED) : claim.need;
    };
  }

  async #tell(usedOf: (counted: Counted) => number | undefined | typeof SKIPPED): Promise<void> {
    await Promise.all(this.#pages.map(({ guard, claims }) => {
      const accounts = claims.flatMap((counted): Account[] => {
        const used = usedOf(counted);
        if (used === SKIPPED) return [];
        const { claim } = counted;
        const more = claim.isHold && used !== undefined ? this.#more : [];
        return [
          { claim, id: this.#id, used, leaseMs: LEASE_MS },
          ...more.map((id) => ({ claim, id, used: 0, leaseMs: LEASE_MS })),
        ];
      });
      return accounts.length === 0 ? undefined : guard.settle(accounts);
    }));
  }

  #renew(): void {
    this.#renewal = setTimeout(() => {
      const isOpen = ({ claim }: Counted) => claim.measure === "concurrent" || (claim.isHold && !this.#areHoldsSettled);
      this.#tell((counted) => isOpen(counted) ? undefined : SKIPPED).catch(() => {});
      this.#renew();
    }, RENEWED_MS);
  }
}

/** No call uses more, whatever its provider tells: a million dollars. A store could count no further than some thousands of these. */
const MOST_USED = 1e15;

/** Says nothing of a claim. */
const SKIPPED: unique symbol = Symbol();
