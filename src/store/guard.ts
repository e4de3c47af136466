/**
 * The store, held to a deadline: a slow one is as good as none, and isn't waited for on every call.
 *
 * @module
 */
import { CLOCK, type Clock } from "../clock.ts";
import type { Account, Admission, Ask, Store } from "./store.ts";

/** Options of {@link Guard}. */
export interface GuardOptions {
  /** Milliseconds that a call waits for the store; 120 if absent. */
  readonly timeoutMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

const TIMEOUT_MS = 120;
/** Failures in a row after which the store isn't asked for a while. */
const PATIENCE = 3;
const FIRST_REST_MS = 1000;
const LONGEST_REST_MS = 10_000;
/** Accounts that wait for a store that is down; the oldest are lost first. */
const MOST_OWED = 10_000;
const OWED_AT_ONCE = 100;

/** Why a store says nothing: it was asked, and may have done what it was asked for all the same; or it wasn't asked at all. */
export type Silence = "late" | "resting";

/** Takes work that outlives a call. */
type After = (work: Promise<unknown>) => void;

/** Asks the store while it answers in time. After some failures it rests, and one question a rest finds out whether it is back. */
export class Guard {
  readonly store: Store;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  #failures = 0;
  #restsUntil = 0;
  /** What the store hasn't heard yet. */
  #owed: Account[] = [];

  constructor(store: Store, { timeoutMs = TIMEOUT_MS, clock = CLOCK }: GuardOptions = {}) {
    this.store = store;
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
  }

  /** Whether the store has answered the last question in time. */
  get isUp(): boolean {
    return this.#failures < PATIENCE;
  }

  /** Whether the store answers now. */
  readonly check = async (after?: After): Promise<boolean> =>
    typeof await this.admit({ id: "ready", claims: [], leaseMs: 1 }, after) === "object";

  /**
   * What the store says, or why it says nothing.
   *
   * @param after Where what it hasn't heard is told it, once it answers.
   */
  async admit(ask: Ask, after?: After): Promise<Admission | Silence> {
    const wasUp = this.isUp;
    if (!this.#mayAsk()) return "resting";
    const asked = (async () => await this.store.admit(ask))();
    if (this.store.kind === "memory") return await asked;
    const isOver = new AbortController();
    const late = this.#clock.wait(this.#timeoutMs, isOver.signal);
    try {
      const admission = await Promise.race([asked, late]);
      if (typeof admission === "object") this.#answered(after);
      else this.#failed(wasUp);
      return admission ?? "late";
    } catch {
      this.#failed(wasUp);
      return "late";
    } finally {
      isOver.abort();
      asked.catch(() => {});
    }
  }

  /** Settles accounts, later if need be: no count is lost while the store is away for a while. */
  async settle(accounts: readonly Account[]): Promise<void> {
    const isDone = ({ used }: Account) => used !== undefined;
    this.#owed = [...this.#owed, ...accounts.filter(isDone)].slice(-MOST_OWED);
    if (this.isUp) await this.#pay(accounts.filter((account) => !isDone(account)));
  }

  async #pay(renewals: readonly Account[] = []): Promise<void> {
    const told = this.#owed.splice(0, OWED_AT_ONCE);
    try {
      await this.store.settle([...told, ...renewals]);
    } catch {
      this.#owed.unshift(...told);
      return;
    }
    if (this.#owed.length > 0) await this.#pay();
  }

  #mayAsk(): boolean {
    if (this.isUp) return true;
    const now = this.#clock.now();
    // A clock that was set back since is no reason to rest for longer.
    if (now < this.#restsUntil && this.#restsUntil - now <= LONGEST_REST_MS) return false;
    // This one question finds out; the others are spared it.
    this.#restsUntil = now + LONGEST_REST_MS;
    return true;
  }

  #answered(after: After | undefined): void {
    this.#failures = 0;
    if (this.#owed.length === 0) return;
    const paid = this.#pay();
    after?.(paid);
  }

  /** @param wasUp Whether it was thought to be up when it was asked. */
  #failed(wasUp: boolean): void {
    // A crowd that asked at once has one outage before it, not a long one.
    if (wasUp && !this.isUp) return;
    this.#failures++;
    const rest = Math.min(FIRST_REST_MS * 2 ** Math.max(0, this.#failures - PATIENCE), LONGEST_REST_MS);
    this.#restsUntil = this.#clock.now() + rest;
  }
}
