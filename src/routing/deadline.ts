/**
 * By when a call must have begun to be answered. Pure.
 *
 * @module
 */
import type { Call } from "../call.ts";
import type { Policy } from "./policy.ts";

/** In which the official clients say, in seconds, how long they will wait. */
const STATED = ["x-stainless-timeout", "x-server-timeout"];

/** Epoch milliseconds: the earlier of what the policy and what the client says; `undefined` where neither does. */
export function deadlineOf(
  { startedAt, heard }: Pick<Call, "startedAt" | "heard">,
  { totalTimeoutMs }: Policy,
): number | undefined {
  let ms = totalTimeoutMs ?? Infinity;
  for (const [name, value] of heard.common) {
    if (STATED.includes(name) && Number(value) > 0) ms = Math.min(ms, Number(value) * 1000);
  }
  return ms === Infinity ? undefined : startedAt + ms;
}
