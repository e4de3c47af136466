/**
 * The way out over HTTP/1.1 connections of its own, at a fraction of the cost of a runtime's `fetch`.
 *
 * @module
 */
import type { Inbound, Outbound, Transport } from "../../src/call.ts";
import { TransportError } from "./failure.ts";
import type { Undo } from "./inbound.ts";
import { Pool } from "./pool.ts";
import { requestHead } from "./request.ts";
import type { Dial } from "./socket.ts";

/** What a runtime brings. */
export interface Means {
  readonly dial: Dial;
  readonly undo: Undo;
  /** Lets the process end although the timer is running. */
  unref(timer: ReturnType<typeof setInterval>): void;
}

/**
 * Sends attempts over connections that stay open. It rejects with the signal's reason once that fires, and else with a
 * {@link TransportError}.
 */
export function httpTransport(means: Means): Transport {
  const pool = new Pool(means);
  return (outbound) => dispatch(pool, outbound);
}

async function dispatch(pool: Pool, outbound: Outbound): Promise<Inbound> {
  if (outbound.signal.aborted) throw outbound.signal.reason;
  const head = headOf(outbound);
  return await pool.take(outbound.url).send(head, outbound);
}

function headOf(outbound: Outbound): string {
  try {
    return requestHead(outbound);
  } catch (error) {
    throw new TransportError(error);
  }
}
