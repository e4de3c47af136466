/**
 * How many upstream requests one call may make, all its targets together.
 *
 * @module
 */
import type { Target } from "../call.ts";

/** What holds where nobody says anything. */
const DEFAULT_TOTAL = 3;

/** A count that all attempts of one call share. */
export class Allowance {
  #left: number;

  constructor(total: number) {
    this.#left = total;
  }

  /** Requests that are left. */
  get left(): number {
    return this.#left;
  }

  /** One request is about to be made. */
  take(): void {
    this.#left--;
  }
}

/**
 * What a plan may cost: as many requests as the gateway says; else three, or as many as the call asks for by itself: one
 * for each target, or what it says of its attempts.
 *
 * @param usual Attempts at one target where a call says nothing.
 */
export function totalOf(targets: readonly Target[], usual: number, configured: number | undefined): number {
  if (configured !== undefined) return configured;
  const asked = targets.reduce(
    (total, { policy: { maxAttempts } }) => total + (maxAttempts === usual ? 1 : maxAttempts),
    0,
  );
  return Math.max(DEFAULT_TOTAL, asked);
}
