/**
 * The retry budget: how many retries a target may be sent, so that an outage isn't made worse by everybody's trying again.
 *
 * @module
 */
import type { Reason } from "./verdict.ts";

/** A budget begins full; a retry costs, a success brings a little back. */
const FULL = 500;
const RETRY_COST = 5;
const TIMEOUT_COST = 10;
const SUCCESS_GAIN = 1;
const MAX_KEYS = 10_000;

/** Budgets of targets that have been retried, as token buckets. */
export class RetryTokens {
  /** Only of targets whose budget isn't full. */
  readonly #left = new Map<string, number>();

  /** Whether nobody has spent anything. */
  get isFull(): boolean {
    return this.#left.size === 0;
  }

  /** Whether a retry can be paid for. */
  affords(key: string, reason: Reason): boolean {
    return (this.#left.get(key) ?? FULL) >= costOf(reason);
  }

  /** Pays for a retry. */
  spend(key: string, reason: Reason): void {
    if (this.#left.size >= MAX_KEYS && !this.#left.has(key)) this.#left.clear();
    this.#left.set(key, (this.#left.get(key) ?? FULL) - costOf(reason));
  }

  /** The target has answered. */
  earn(key: string): void {
    const left = this.#left.get(key);
    if (left === undefined) return;
    if (left + SUCCESS_GAIN >= FULL) this.#left.delete(key);
    else this.#left.set(key, left + SUCCESS_GAIN);
  }
}

const costOf = (reason: Reason) => reason === "timeout" ? TIMEOUT_COST : RETRY_COST;
