/**
 * The gateway that the command line serves, on whichever runtime.
 *
 * @module
 */
import type { Config } from "../src/config.ts";
import type { Gateway } from "../src/entry.ts";
import { gateway } from "../src/gateway.ts";
import { prices } from "../src/prices.ts";
import { signers } from "./signers.ts";
import { upstash } from "../src/store/upstash.ts";
import { demo } from "../src/providers/demo/demo.ts";

/** The gateway of a checked config, with the demo, prices, and the store that it names. */
export function configured({ store, ...config }: Config): Gateway {
  const isShared = typeof store === "object";
  return gateway({
    ...config,
    store: isShared ? upstash(store.upstash) : store,
    storeTimeout: isShared ? store.timeout : undefined,
    local: [demo()],
    prices: prices(),
    signers,
  });
}
