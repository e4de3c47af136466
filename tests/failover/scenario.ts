/**
 * What a scenario is, what is seen of it, and what it comes to.
 *
 * @module
 */
import type { LogRecord } from "../../src/logs/record.ts";
import type { Gateway, Runtime } from "../runtime/harness.ts";
import type { DialectId } from "../wall/dialects/dialect.ts";
import type { Reading } from "../wall/reading.ts";
import type { Visit } from "../wall/visit.ts";
import type { Wall } from "../wall/wall.ts";
import type { GatewayName } from "./config.ts";

/**
 * What a scenario comes to, as the public catalogue has it. `pass`: the caller is served, or told, as is right.
 * `partial`: so, but with a fault in the conduct. `safe`: not served, but told so honestly and in time. `fail`: a hang,
 * something untrue, or conduct that isn't allowed.
 */
export type Verdict = "pass" | "partial" | "safe" | "fail";

/** Verdicts, best first. */
export const VERDICTS: readonly Verdict[] = ["pass", "partial", "safe", "fail"];

/** Groups of the scorecard. */
export type Group =
  | "catalogue"
  | "before the first output"
  | "waiting and hints"
  | "after the first output"
  | "going on elsewhere"
  | "clients";

/** One scenario. */
export interface Scenario {
  /** `S..` is the public catalogue's, `F..` our own. */
  readonly id: string;
  readonly group: Group;
  /** A row of the scorecard. */
  readonly title: string;
  /** What would be best for the caller: the whole answer, an honest error, the provider's own bytes, or as `checks` say. */
  readonly ideal: "answer" | "error" | "verbatim" | "conduct";
  readonly ask: Ask | ((pace: Pace) => Ask);
  readonly checks?: readonly Check[];
  /** What a runtime can't do, whoever asks it: a failure there is told, and counts as half a success. */
  readonly limits?: { readonly [Name in Runtime]?: string };
  /** Plays something else than one call. */
  readonly play?: (stage: Stage, scenario: Scenario) => Promise<Seen>;
}

/** One call: a universal request with one step for each model. */
export interface Ask {
  /** `chat` if absent. */
  readonly dialect?: DialectId;
  /** Streamed if absent. */
  readonly stream?: boolean;
  /** Faults of the wall, the primary first; with a dialect of its own where it has one. */
  readonly models: readonly (string | readonly [fault: string, dialect: DialectId])[];
  /** `wall` if absent. */
  readonly gateway?: GatewayName;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds of the catalogue after which the call counts as hung; 45 000 if absent. */
  readonly hangsAfter?: number;
  /** Whether the gateway's log record is looked at. */
  readonly wantsRecord?: boolean;
  /** Whether a healthy call is made afterwards. */
  readonly probes?: boolean;
}

/** Time, as the catalogue and as this run has it. */
export interface Pace {
  /** This run's milliseconds for one of the catalogue's. */
  readonly scale: number;
  /** Milliseconds of this run for a bound of the catalogue's, with some for a busy machine where times are short. */
  bound(ms: number): number;
  /** Whole seconds, which HTTP's hints come in, for some of the catalogue's: never none. */
  seconds(seconds: number): number;
}

/** Where scenarios are played. */
export interface Stage {
  readonly runtime: Runtime;
  readonly gateway: Gateway;
  readonly wall: Wall;
  readonly pace: Pace;
}

/** What was seen of a scenario, from the caller's side and from the provider's. */
export interface Seen {
  readonly pace: Pace;
  /** Nothing had come to an end when patience was over. */
  readonly isHung: boolean;
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly bytes: Buffer;
  /** Whether the body came to its proper end. */
  readonly isWhole: boolean;
  readonly reading: Reading;
  /** Milliseconds from the request to the end of its answer. */
  readonly ms: number;
  /** The models that were asked for, the primary first. */
  readonly models: readonly string[];
  /** All attempts that the wall saw. */
  readonly visits: readonly Visit[];
  readonly record: LogRecord | undefined;
  /** Whether a healthy call succeeded afterwards; `undefined` where none was made. */
  readonly isAlive: boolean | undefined;
  /** What else a scenario saw that is wrong; empty where all is well. */
  readonly complaints: readonly string[];
}

/** One thing that has to be so. */
export interface Check {
  readonly name: string;
  /** Whether the verdict is `partial` and not `fail` where it isn't so. */
  readonly isAdvisory?: boolean;
  /** What is wrong; `undefined` where nothing is. */
  complaint(seen: Seen): string | undefined;
}

/** What a scenario came to on one runtime. */
export interface Score {
  readonly id: string;
  readonly runtime: Runtime;
  readonly verdict: Verdict;
  /** Why it isn't a pass. */
  readonly reason: string | undefined;
  /** Attempts that the wall saw at the primary, and at all others. */
  readonly attempts: readonly [primary: number, others: number];
  readonly seconds: number;
}

/** A list of scenarios of one group. */
export function group(name: Group, list: readonly Omit<Scenario, "group">[]): readonly Scenario[] {
  return list.map((scenario) => ({ ...scenario, group: name }));
}

/** Attempts at the primary. */
export function primary({ visits, models }: Seen): readonly Visit[] {
  return visits.filter(({ model }) => model === models[0]);
}

/** Attempts at all others. */
export function others({ visits, models }: Seen): readonly Visit[] {
  return visits.filter(({ model }) => model !== models[0]);
}
