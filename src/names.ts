/**
 * Header names as the gateway itself writes them.
 *
 * @module
 */

/** A client's gateway key; the provider's own stays in its own header. */
export const authorization = "cf-aig-authorization";
/** Which target of the plan answered, from 0. */
export const step = "cf-aig-step";
/** Id of the call, under both names that clients look for. */
export const logId = "cf-aig-log-id";
export const requestId = "cf-aig-request-id";
/** As the client set it, else the id of the call. */
export const eventId = "cf-aig-event-id";
/** Who answered, and what was asked of it. */
export const provider = "cf-aig-provider";
export const model = "cf-aig-model";
/** `HIT` or `MISS`, where the cache is in play. */
export const cacheStatus = "cf-aig-cache-status";
/** That the shared store didn't answer in time, and what was decided without it. */
export const store = "cf-aig-store";
/** The story of a call that took more than one attempt, or asked for it. */
export const attempts = "cf-aig-attempts";
/** `false` once the gateway's own attempts are spent. */
export const shouldRetry = "x-should-retry";
/** Milliseconds that the gateway itself added. */
export const serverTiming = "server-timing";
