/**
 * Cache: answers that are kept, and calls that are made once for many.
 *
 * @module
 */
import type { CacheSettings } from "../cache/cacher.ts";
import type { Aimed, Identified, Planned, Tagged } from "../call.ts";
import type { Middleware } from "../middleware.ts";
import { admit, type AdmitOptions } from "./admit.ts";

/** Options of {@link cache}. */
export interface CacheOptions extends CacheSettings, Pick<AdmitOptions, "store" | "clock"> {}

/**
 * Answers from what is kept; of calls that ask the same at the same time one is made. Only what came whole is kept. How
 * long is said by `cf-aig-cache-ttl`, or by the policy that `plan` is given.
 */
export function cache(
  { store, clock, ...settings }: CacheOptions = {},
): Middleware<Planned & Aimed & Partial<Identified & Tagged>> {
  return admit({ store, clock, cache: settings });
}
