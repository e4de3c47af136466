/**
 * The targets of one call that haven't been asked, and which of them is asked next.
 *
 * @module
 */
import { GatewayError } from "../errors.ts";
import type { Call, Planned, Target, Why } from "../call.ts";
import type { Clock } from "../clock.ts";
import { type Cooling, isTargets, type Standing } from "../routing/cooling.ts";
import { isHurried, type Policy } from "../routing/policy.ts";
import type { Verdict } from "../routing/verdict.ts";
import { coolingKeys } from "./credentials.ts";
import { isOfKey } from "../routing/ring.ts";
import { isPersonal, type Result } from "./result.ts";

/** What a queue goes by. */
export interface QueueOptions {
  readonly clock: Clock;
  /** What the gateway itself says: a caller who leaves less time than that tells nothing of a target. */
  readonly policy: Policy;
  readonly cooling: Cooling;
  /** Tokens that a target's model takes in, where that is known. */
  readonly windowOf?: ((target: Target) => number | undefined) | undefined;
}

/** A target to be asked, and why. */
export type Next = readonly [target: Target, why: Why];

/** Targets in the order of the plan, those last that are throttled or down. */
export class Queue {
  readonly #call: Call & Planned;
  readonly #options: QueueOptions;
  readonly #targets: Target[];
  /** Whether the plan has no target but one: what its failures mean for the next call is then for the caller to judge. */
  readonly isOnly: boolean;

  constructor(call: Call & Planned, options: QueueOptions) {
    this.#call = call;
    this.#options = options;
    // An upload streams through once: there is nothing left of it for a second target.
    this.#targets = call.body.kind === "stream" ? [call.targets[0]] : [...call.targets];
    this.isOnly = this.#targets.length === 1;
  }

  /** Targets that are left. */
  get length(): number {
    return this.#targets.length;
  }

  /** The first target that is fit and ready; where none is ready, the first that is fit. */
  take(why: Why, isFit: (target: Target) => boolean = () => true): Next | undefined {
    const { cooling } = this.#options;
    let spare: Target | undefined;
    for (const target of this.#targets) {
      if (!isFit(target)) continue;
      const standing = cooling.isIdle || this.isOnly ? "ready" : this.#standing(target);
      if (standing !== "cooling") return this.#taken(target, standing === "probe" ? "probe" : why);
      const { step } = target;
      this.#call.note({ type: "left", left: { step, reason: "cooling", course: "next", waitMs: 0 } });
      spare ??= target;
    }
    return spare && this.#taken(once(spare), why, spare);
  }

  /** A target to be asked beside another: one of which nothing bad is known, and not as its probe. */
  beside(): Target | undefined {
    return this.#targets.find((target) => this.#isReady(target));
  }

  /** Takes such a target out. */
  takeBeside(target: Target): Next {
    return this.#taken(once(target), "hedge", target);
  }

  /** The next target, where one is left that may do better than one that failed. */
  following(failed: Target, verdict: Verdict, isFit: (target: Target) => boolean): Next | undefined {
    return this.take("fallback", (next) => isFit(next) && this.#mayBetter(failed, verdict, next));
  }

  #taken(target: Target, why: Why, entry: Target = target): Next {
    this.#targets.splice(this.#targets.indexOf(entry), 1);
    return [why === "probe" ? once(target) : target, why];
  }

  /** Asks nothing of the one probe that a target is due. */
  #isReady(target: Target): boolean {
    const { cooling } = this.#options;
    if (cooling.isIdle) return true;
    const { model, credential } = coolingKeys(this.#call, target);
    return cooling.isReady(credential) && cooling.isReady(model);
  }

  #standing(target: Target): Standing {
    const now = this.#options.clock.now();
    const { model, credential } = coolingKeys(this.#call, target);
    const standing = this.#options.cooling.standing(credential, now);
    return standing === "cooling" ? standing : later(standing, this.#options.cooling.standing(model, now));
  }

  /** Whether another target may do better: not where the call itself is at fault, unless the other is asked otherwise. */
  #mayBetter(target: Target, { course, reason }: Verdict, next: Target): boolean {
    if (course !== "final") return true;
    if (reason === "context-length") return this.#windowOf(next) > this.#windowOf(target);
    return reason === "bad-request" && next.body !== target.body;
  }

  #windowOf(target: Target): number {
    return this.#options.windowOf?.(target) ?? NaN;
  }

  /** What the result says of the target. */
  learn(target: Target, verdict: Verdict | undefined, result: Result): void {
    const { cooling, clock, policy } = this.#options;
    if (verdict === undefined && cooling.isIdle) return;
    // What the gateway itself refuses says nothing of the target: it wasn't asked.
    if (result instanceof GatewayError && result.spec.source !== "upstream") return;
    const { model, credential } = coolingKeys(this.#call, target);
    if (verdict === undefined || !isTargets(verdict.reason) || isQuoted(result, verdict) || isOthers(result, verdict)) {
      cooling.restore(model);
      if (verdict === undefined) cooling.restore(credential);
    } else if (verdict.reason === "no-credit") {
      cooling.blame(credential, verdict, clock.now());
    } else if (verdict.reason !== "timeout" || !(isHurried(target.policy, policy) || this.#isLate())) {
      cooling.blame(model, verdict, clock.now());
    }
  }

  #isLate(): boolean {
    const { deadlineAt = Infinity } = this.#call;
    return this.#options.clock.now() >= deadlineAt;
  }
}

/** The words of a 400 may be the caller's own. */
const isQuoted = (result: Result, { reason }: Verdict): boolean =>
  result instanceof Response && result.status === 400 && reason !== "throttled";

/** What spoils one tenant's credential is no other's affair. */
const isOthers = (result: Result, { reason }: Verdict): boolean => isOfKey(reason) && isPersonal(result);

/** Of two standings of a target, the one that lets it do less. */
const later = (one: Standing, other: Standing): Standing => other === "ready" ? one : other;

/** The same target, asked once only. */
export function once(target: Target): Target {
  return target.policy.maxAttempts === 1 ? target : { ...target, policy: { ...target.policy, maxAttempts: 1 } };
}
