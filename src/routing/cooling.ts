/**
 * Targets that are throttled or down, and until when. Each process knows what it has seen itself; hints may be shared.
 *
 * @module
 */
import type { Reason, Verdict } from "./verdict.ts";

/** That a target had better be left alone. A hint, never a rule: it may come late, or not at all. */
export interface Hint {
  /** Which target, and with whose credential. Holds no secret. */
  readonly key: string;
  /** Epoch milliseconds. */
  readonly until: number;
}

/** Passes hints between processes. */
export interface Hints {
  /** Tells the others; what goes wrong with that is nobody's affair. */
  tell(hint: Hint): void;
  /** Calls back with each hint of the others. */
  hear(take: (hint: Hint) => void): void;
}

/** Whether a target may be asked: as ever, not now, or by this one call, to see whether it is back. */
export type Standing = "ready" | "cooling" | "probe";

/** Failures in a row after which a target is left alone, where it doesn't say itself for how long. */
const PATIENCE = 5;
const COOLING_MS = 250;
/** A target that is back is found out within this time; one whose failures take long is asked less often. */
const MAX_COOLING_MS = 1_000;
const MAX_SILENT_MS = 15_000;
const MAX_TOLD_MS = 60_000;
const REFUSED_MS = 30_000;
/** A probe that has not come back after this time is followed by another. */
const PROBE_MS = 15_000;
const MAX_KEYS = 10_000;

interface Entry {
  failures: number;
  /** Epoch milliseconds. */
  until: number;
}

/** What one process knows of the targets that fail. */
export class Cooling {
  /** Only of targets whose last answer was a failure: mostly there is none. */
  readonly #entries = new Map<string, Entry>();
  readonly #hints: Hints | undefined;

  constructor(hints?: Hints) {
    this.#hints = hints;
    hints?.hear(({ key, until }) => this.#cool(key, this.#entries.get(key)?.failures ?? 0, until));
  }

  /** Whether anything is known at all. */
  get isIdle(): boolean {
    return this.#entries.size === 0;
  }

  /** Whether a target may be asked as ever. */
  isReady(key: string): boolean {
    return this.restsUntil(key) === 0;
  }

  /** Says whether a target may be asked now; of those who ask when its time is over, one is told to probe. */
  standing(key: string, now: number): Standing {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.isReady(key)) return "ready";
    if (now < entry.until) return "cooling";
    entry.until = now + PROBE_MS;
    return "probe";
  }

  /** The target answers again. */
  restore(key: string): void {
    this.#entries.delete(key);
  }

  /** The target failed. */
  blame(key: string, { reason, retryAfterMs }: Pick<Verdict, "reason" | "retryAfterMs">, now: number): void {
    const failures = (this.#entries.get(key)?.failures ?? 0) + 1;
    const ms = coolingMs(reason, failures, retryAfterMs);
    if (ms > 0) this.rest(key, ms, now);
    else this.#cool(key, failures, 0);
  }

  /** The target, or a key, is to be left alone for so many milliseconds. */
  rest(key: string, ms: number, now: number): void {
    this.#cool(key, (this.#entries.get(key)?.failures ?? 0) + 1, now + ms);
    this.#hints?.tell({ key, until: now + ms });
  }

  /** Until when it is left alone, in epoch milliseconds; 0 where nothing is known of it. */
  restsUntil(key: string): number {
    return this.#entries.get(key)?.until ?? 0;
  }

  #cool(key: string, failures: number, until: number): void {
    if (this.#entries.size >= MAX_KEYS && !this.#entries.has(key)) this.#entries.clear();
    this.#entries.set(key, { failures, until });
  }
}

/** For how long a target that failed so many times in a row is left alone; 0 for not at all. Pure. */
export function coolingMs(reason: Reason, failures: number, retryAfterMs: number | undefined): number {
  if (!isTargets(reason)) return 0;
  if (retryAfterMs !== undefined) return Math.min(retryAfterMs, MAX_TOLD_MS);
  if (failures < PATIENCE) return 0;
  if (reason === "no-credit" || reason === "unauthorized") return REFUSED_MS;
  const most = reason === "timeout" ? MAX_SILENT_MS : MAX_COOLING_MS;
  return Math.min(COOLING_MS * 2 ** Math.min(failures - PATIENCE, 10), most);
}

const TARGETS: ReadonlySet<Reason> = new Set<Reason>(
  ["throttled", "overloaded", "unavailable", "timeout", "no-credit", "unauthorized"],
);

/** Whether a failure tells something of the target, and not of the call. */
export const isTargets = (reason: Reason): boolean => TARGETS.has(reason);
