/**
 * Prices that the config names, before those of a list.
 *
 * @module
 */
import type { PriceConfig, ProviderConfig } from "./config.ts";
import type { Prices, Usage } from "./usage.ts";

const PER_MILLION = 1e6;

/** What models cost; the same list where no provider has prices of its own. */
export function tariff(
  providers: Readonly<Record<string, ProviderConfig>> | undefined,
  list: Prices | undefined,
): Prices | undefined {
  if (providers === undefined || !Object.values(providers).some(({ prices }) => prices !== undefined)) return list;
  return {
    cost(usage, of) {
      const prices = providers[of.provider]?.prices;
      // Who asks for one name may be answered under another, as by a dated version of it.
      const name = [of.asked, of.model].find((name) => prices && name !== undefined && Object.hasOwn(prices, name));
      const own = name === undefined ? undefined : prices?.[name];
      return own === undefined ? list?.cost(usage, of) : costOf(usage, own);
    },
    window: (of) => list?.window?.(of),
  };
}

function costOf({ input, output, cachedInput = 0 }: Usage, price: PriceConfig): number {
  const cached = Math.min(cachedInput, input);
  const { cachedInput: each = price.input } = price;
  return ((input - cached) * price.input + cached * each + output * price.output) / PER_MILLION;
}
