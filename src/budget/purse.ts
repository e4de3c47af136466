/**
 * What pays for a stream while it runs.
 *
 * @module
 */
import type { Counted, Forecast } from "../limits/claims.ts";
import type { Guard } from "../store/guard.ts";
import type { Standing } from "../store/store.ts";
import { outputFor } from "./forecast.ts";
import { LEASE_MS, type Tab } from "./tab.ts";

/** What a purse is made of. */
export interface PurseOptions {
  /** Of the attempt. */
  readonly id: string;
  readonly claims: readonly Counted[];
  /** How the claims stood when they were granted. */
  readonly standings: readonly Standing[];
  readonly guard: Guard;
  readonly tab: Tab;
  readonly forecast: Forecast;
  /** Told the name of each rule that a stream was stopped by. */
  readonly stopped: (rule: string) => void;
}

/** Pays for output out of the budgets that stop streams; takes more of them, half as much again, as long as there is any. */
export class Purse {
  readonly #options: PurseOptions;
  readonly #claims: readonly Counted[];
  readonly #taken: number[];
  #rounds = 0;

  constructor(options: PurseOptions) {
    const { claims, standings } = options;
    const paying = claims.flatMap((counted, index) => {
      const taken = standings[index]?.taken ?? 0;
      const { claim, applied: { rule } } = counted;
      return claim.isHold && !claim.isShadow && rule.stopsStreams && taken > 0 ? [{ counted, taken }] : [];
    });
    this.#options = options;
    this.#claims = paying.map(({ counted }) => counted);
    this.#taken = paying.map(({ taken }) => taken);
  }

  /** Whether no budget stops streams. */
  get isEmpty(): boolean {
    return this.#claims.length === 0;
  }

  /** Tokens of output that are paid for. */
  get tokens(): number {
    const { forecast } = this.#options;
    const paid = this.#claims.map((counted, index) => outputFor(counted, this.#taken[index]!, forecast));
    return Math.min(...paid) * forecast.asked.answers;
  }

  /** Takes more for a stream that goes on; whether there was enough left. */
  async more(): Promise<boolean> {
    const { guard, tab, id } = this.#options;
    const more = `${id}+${++this.#rounds}`;
    const claims = this.#claims.map(({ claim }, index) => {
      const half = Math.ceil(this.#taken[index]! / 2);
      return { ...claim, need: half, most: half };
    });
    const admission = await guard.admit({ id: more, claims, leaseMs: LEASE_MS });
    // What came too late may have been taken all the same.
    if (admission === "late") tab.add(more);
    if (typeof admission === "string" || !admission.isGranted) return false;
    tab.add(more);
    admission.standings.forEach(({ taken }, index) => this.#taken[index]! += taken);
    return true;
  }

  /** The stream was stopped. */
  stopped(): void {
    this.#options.tab.cut();
    for (const { applied: { rule } } of this.#claims) this.#options.stopped(rule.name);
  }
}
