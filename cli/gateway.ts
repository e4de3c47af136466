/**
 * The gateway that the command line serves, on whichever runtime.
 *
 * @module
 */
import { admin, memoryVault, upstashVault } from "../src/admin.ts";
import type { Config } from "../src/config.ts";
import type { Gateway } from "../src/entry.ts";
import { gateway } from "../src/gateway.ts";
import { jwt } from "../src/keys/jwt.ts";
import { prices } from "../src/prices.ts";
import { upstash } from "../src/store/upstash.ts";
import { demo } from "../src/providers/demo/demo.ts";

/** The gateway of a checked config, with the demo, prices, tokens, the store that it names, and keys that are made over HTTP. */
export function configured({ store, ...config }: Config): Gateway {
  const isShared = typeof store === "object";
  const vault = () => isShared ? upstashVault(store.upstash) : memoryVault();
  return gateway({
    ...config,
    store: isShared ? upstash(store.upstash) : store,
    storeTimeout: isShared ? store.timeout : undefined,
    local: [demo()],
    prices: prices(),
    ...(config.auth?.pepper === undefined ? {} : { admin: admin({ vault: vault() }) }),
    tokens: jwt,
  });
}
