/**
 * The gateway that the command line serves, on whichever runtime.
 *
 * @module
 */
import { admin, memoryVault, upstashVault } from "../src/admin.ts";
import type { Config, StoreConfig } from "../src/config.ts";
import type { Gateway } from "../src/entry.ts";
import { gateway } from "../src/gateway.ts";
import { jwt } from "../src/keys/jwt.ts";
import { prices } from "../src/prices.ts";
import { stock } from "../src/store/ratelimit.ts";
import { upstash } from "../src/store/upstash.ts";
import { demo } from "../src/providers/demo/demo.ts";
import { signers } from "./signers.ts";

/** The gateway of a checked config, with the demo, prices, tokens, the store that it names, and keys that are made over HTTP. */
export function configured({ store, ...config }: Config): Gateway {
  const shared = typeof store === "object" ? store : undefined;
  const where = shared && { ...shared.upstash, timeoutMs: requestMsOf(shared) };
  const isManaged = config.auth?.pepper !== undefined;
  return gateway({
    ...config,
    store: where === undefined ? "memory" : upstash(where, { stock: stock() }),
    storeTimeout: shared?.timeout,
    local: [demo()],
    prices: prices(),
    ...(isManaged ? { admin: admin({ vault: where === undefined ? memoryVault() : upstashVault(where) }) } : {}),
    tokens: jwt,
    signers,
  });
}

const REQUEST_MS = 1000;

/** No request is given up while a call may still wait for it. */
const requestMsOf = ({ timeout = 0 }: StoreConfig): number => Math.max(REQUEST_MS, timeout);
