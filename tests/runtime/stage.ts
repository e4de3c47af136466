/**
 * What a behaviour is, and what it finds on the stage.
 *
 * @module
 */
import type { GatewayConfig } from "../../src/config.ts";
import type { Rig } from "../store/rig.ts";
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
  | "limits"
  | "budgets"
  | "cache"
  | "store"
  | "identity"
  | "management"
  | "credentials"
  | "hostile input";

/**
 * Where a gateway keeps its state:
 *
 * - `memory`: in its process
 * - `redis`: in a real Redis, by Upstash's protocol, with time enough for a busy machine
 * - `frail`: there, too, with the usual deadline, by a way with faults
 */
export type Keeping = "memory" | "redis" | "frail";

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
  /** The stores that it is played with, each in turn; memory alone if absent. */
  readonly stores?: readonly Keeping[];
  /** Gateways of its own, by name, with their settings. */
  readonly gateways?: Readonly<Record<string, GatewayConfig>>;
  run(stage: Stage): Promise<void>;
}

/** What a behaviour finds. */
export interface Stage {
  readonly gateway: Gateway;
  /** Another process with the same shared store; it is in nobody's way only where a behaviour is alone. */
  readonly peer: Gateway;
  readonly upstream: Upstream;
  readonly runtime: Runtime;
  readonly store: Keeping;
  /** What the state lies in, and the faults on the way there. */
  readonly rig: Rig;
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

/**
 * A list of behaviours of one area.
 *
 * @param common What holds for those that don't say otherwise.
 */
export function area(
  name: Area,
  list: readonly Omit<Behaviour, "area">[],
  common: Partial<Behaviour> = {},
): readonly Behaviour[] {
  return list.map((behaviour) => ({ ...common, ...behaviour, area: name }));
}
