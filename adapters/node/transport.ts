/**
 * The way out over connections of its own, at less than half the cost of `node:http` and a fraction of that of Node's
 * `fetch`.
 *
 * @module
 */
import type { Inbound, Outbound, Transport } from "../../src/call.ts";
import { TransportError } from "./failure.ts";
import { Pool } from "./pool.ts";
import { requestHead } from "./request.ts";

/**
 * Sends attempts over HTTP/1.1 connections that stay open. It rejects with the signal's reason once that fires, and
 * else with a {@link TransportError}.
 */
export function nodeTransport(): Transport {
  const pool = new Pool();
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
