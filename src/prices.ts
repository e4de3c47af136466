/**
 * What tokens cost, from the open price list of `@pydantic/genai-prices`. An entry of its own, `headgate/prices`: the
 * gateway itself holds no prices, and who needs none bundles none.
 *
 * @module
 */
import { calcPrice, findProvider, type ModelPrice, type Provider } from "@pydantic/genai-prices";
import type { Priced, Prices, Usage } from "./usage.ts";

export type { Priced, Prices } from "./usage.ts";

/**
 * Prices of the list that the installed version of the library carries. Nothing is fetched.
 *
 * @example
 * ```ts
 * const cost = prices().cost({ input: 1000, output: 500 }, { provider: "openai", model: "gpt-4o-mini", at: Date.now() });
 * console.log(cost); // 0.00045
 * ```
 */
export function prices(): Prices {
  const providers = new Map<string, Provider | undefined>();
  return {
    cost(usage, of) {
      const id = of.priceId ?? of.provider;
      if (!providers.has(id) && providers.size < 1000) providers.set(id, providerOf(id));
      const provider = providers.get(id);
      return provider && costOf(usage, of, provider);
    },
  };
}

/** Only the very id: the library's own search would take `custom-openai` for OpenAI. */
function providerOf(id: string): Provider | undefined {
  const provider = findProvider({ providerId: id });
  return provider?.id === id ? provider : undefined;
}

function costOf(usage: Usage, { model, at }: Priced, provider: Provider): number | undefined {
  try {
    const price = calcPrice(counted(usage), bare(model), { provider, timestamp: new Date(at) });
    if (price === null || !coversAll(price.model_price, usage)) return undefined;
    return Number.isFinite(price.total_price) && price.total_price >= 0 ? price.total_price : undefined;
  } catch {
    return undefined; // the library refuses counts that contradict each other
  }
}

/** Without the resource path that Google puts before a model's name. */
const bare = (model: string) => model.replace(/^.*models\//, "");

/** A model that is paid by the second or the page would cost 0 by the token. */
function coversAll(price: ModelPrice, { input, output }: Usage): boolean {
  return (input === 0 || price["input_mtok"] !== undefined) && (output === 0 || price["output_mtok"] !== undefined);
}

/** The library's words. */
function counted(usage: Usage): Record<string, number | undefined> {
  return {
    input_tokens: usage.input,
    output_tokens: usage.output,
    cache_read_tokens: usage.cachedInput,
    cache_write_tokens: usage.cacheWriteInput,
    cache_write_1h_tokens: usage.longCacheWriteInput,
    input_audio_tokens: usage.audioInput,
    cache_audio_read_tokens: cachedAudio(usage),
    input_image_tokens: usage.imageInput,
    cache_image_read_tokens: cachedImages(usage),
    output_reasoning_tokens: usage.reasoningOutput,
    output_audio_tokens: usage.audioOutput,
    output_image_tokens: usage.imageOutput,
  };
}

/** Where a provider does not say what of the cached input was audio, text is taken to be cached first. */
function cachedAudio({ input, cachedInput, audioInput, cachedAudioInput }: Usage): number | undefined {
  if (cachedAudioInput !== undefined || cachedInput === undefined || audioInput === undefined) return cachedAudioInput;
  return Math.min(audioInput, Math.max(0, cachedInput - (input - audioInput)));
}

/** As for audio, which goes before pictures. */
function cachedImages(usage: Usage): number | undefined {
  const { input, cachedInput, audioInput = 0, imageInput } = usage;
  if (cachedInput === undefined || imageInput === undefined) return undefined;
  const others = input - audioInput - imageInput + (cachedAudio(usage) ?? 0);
  return Math.min(imageInput, Math.max(0, cachedInput - others));
}
