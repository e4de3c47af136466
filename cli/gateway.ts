/**
 * The gateway that the command line serves, on whichever runtime.
 *
 * @module
 */
import type { Config } from "../src/config.ts";
import type { Gateway } from "../src/entry.ts";
import { gateway } from "../src/gateway.ts";
import { prices } from "../src/prices.ts";
import { demo } from "../src/providers/demo/demo.ts";

/** The gateway of a checked config, with the demo and prices. */
export function configured(config: Config): Gateway {
  return gateway({ ...config, local: [demo()], prices: prices() });
}
