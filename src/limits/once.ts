/**
 * Calls that are counted once, whichever of their targets answers.
 *
 * @module
 */
import { isOfCall } from "./rule.ts";
import type { Told } from "./told.ts";

/** How a call as such is counted: at its first target that is allowed to. */
class Count {
  told: readonly Told[] = [];
  hear = () => {};
  /** Resolves when that is known. */
  readonly heard: Promise<void> = new Promise((resolve) => this.hear = resolve);
}

/** Calls that are under way, by their plan. */
export class Once {
  readonly #counts = new WeakMap<object, Count>();

  /** Whether a call is to be counted here. Where another of its targets is asked at the same time, it is waited for what becomes of that. */
  async isFirst(plan: object): Promise<boolean> {
    for (let other = this.#counts.get(plan); other !== undefined; other = this.#counts.get(plan)) {
      await other.heard;
      if (this.#counts.get(plan) === other) return false;
    }
    this.#counts.set(plan, new Count());
    return true;
  }

  /** Nothing has counted the call: its next target does. */
  forget(plan: object): void {
    this.#counts.get(plan)?.hear();
    this.#counts.delete(plan);
  }

  /** How the rules stand that have counted the call. */
  told(plan: object): readonly Told[] {
    return this.#counts.get(plan)?.told ?? [];
  }

  /** The call was counted. */
  tell(plan: object, told: readonly Told[]): void {
    const count = this.#counts.get(plan);
    if (count === undefined) return;
    count.told = [...count.told, ...told.filter(({ applied }) => isOfCall(applied.rule))];
    count.hear();
  }
}
