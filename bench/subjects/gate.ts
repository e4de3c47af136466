/** The gateway with every room on: metadata, fallback, retry, a timeout, usage, prices, and a record with bodies for each call. */
import { gateway, memoryJournal } from "../../mod.ts";
import { prices } from "../../src/prices.ts";

declare const UPSTREAM: string;

export const gate = gateway({
  journal: memoryJournal(),
  prices: prices(),
  providers: { openai: { origin: `${UPSTREAM}/v1`, allowPrivate: true, key: "sk-stored" } },
  gateways: { default: {}, bench: { retry: { attempts: 3 }, timeouts: { headers: 10_000 } } },
});
