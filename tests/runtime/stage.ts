/**
 * What a behaviour is, and what it finds on the stage.
 *
 * @module
 */
import type { Gateway, Runtime } from "./harness.ts";
import type { Upstream } from "./upstream.ts";

/** Groups of the matrix. */
export type Area =
  | "native"
  | "streaming"
  | "leaving"
  | "universal"
  | "unified"
  | "errors"
  | "headers"
  | "logs"
  | "hostile input"
  | "credentials";

/** One promise that holds on every runtime. */
export interface Behaviour {
  /** A sentence; the row of the matrix. */
  readonly name: string;
  readonly area: Area;
  /** Number of the Cloudflare compatibility check that this is. */
  readonly check?: number;
  /** Whether it measures something that others would disturb: it then runs by itself. */
  readonly isAlone?: boolean;
  /** Why a platform can't; its run then asserts what happens there instead. */
  readonly limits?: Partial<Record<Runtime, string>>;
  run(stage: Stage): Promise<void>;
}

/** What a behaviour finds. */
export interface Stage {
  readonly gateway: Gateway;
  readonly upstream: Upstream;
  readonly runtime: Runtime;
  /** Whether this behaviour has a limit on this runtime. */
  readonly isLimited: boolean;
  /** Puts down a duration for the docs. */
  measure(name: string, ms: number): void;
}

/** What came of one behaviour on one runtime. */
export interface Result {
  readonly name: string;
  readonly area: Area;
  readonly verdict: "holds" | "limited" | "fails";
  /** The limit's reason, or what went wrong. */
  readonly reason?: string;
}

/** What came of the whole suite on one runtime. */
export interface Run {
  readonly runtime: Runtime;
  readonly startMs: number;
  readonly results: readonly Result[];
  /** Durations by name, in milliseconds. */
  readonly measured: Readonly<Record<string, readonly number[]>>;
}

/** A list of behaviours of one area. */
export function area(name: Area, list: readonly Omit<Behaviour, "area">[]): readonly Behaviour[] {
  return list.map((behaviour) => ({ ...behaviour, area: name }));
}
