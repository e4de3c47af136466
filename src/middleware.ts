/**
 * The one central type, and the fold that turns a line of rooms into a handler.
 *
 * @module
 */
import type { Call } from "./call.ts";

/** Answers a call. The innermost one talks to a provider. */
export type Handler<C = Call> = (call: C) => Promise<Response>;

/**
 * One room of the gateway. It needs some facts on the call, and hands the next room the same call plus what it
 * gives. It may call `next` never (a cache hit), once, or once for each attempt (a fallback).
 */
export interface Middleware<Needs = unknown, Gives = unknown> {
  <C extends Call & Needs>(call: C, next: Handler<C & Gives>): Promise<Response>;
  /** Never set: shows the compiler what `Needs` is, so that a wrong order does not compile. */
  readonly needs?: ((call: Needs) => void) | undefined;
}

/** A line of rooms under construction. `Here` is what the next room may rely on. */
export interface Corridor<Here> {
  /** Adds a room further in. */
  use<Gives>(room: Middleware<Here, Gives>): Corridor<Here & Gives>;
  /** Ends the line and folds it, once. */
  to(handler: Handler<Here>): Handler;
}

/**
 * Starts a line of rooms; the first is the outermost.
 *
 * @example
 * ```ts
 * compose(metadata()).use(plan(settings)).use(fallback()).to(send());
 * ```
 */
export function compose(): Corridor<Call>;
export function compose<Gives>(first: Middleware<unknown, Gives>): Corridor<Call & Gives>;
export function compose(first?: Middleware): Corridor<Call> {
  return corridor(first === undefined ? [] : [first as Room]);
}

/** A room whose needs were checked when it was added. */
type Room = (call: Call, next: Handler) => Promise<Response>;

function corridor<Here>(rooms: readonly Room[]): Corridor<Here> {
  return {
    use: <Gives>(room: Middleware<Here, Gives>) => corridor<Here & Gives>([...rooms, room as unknown as Room]),
    to: (handler) => rooms.reduceRight<Handler>((next, room) => (call) => room(call, next), handler as Handler),
  };
}
