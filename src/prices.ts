/**
 * What tokens cost, from the open price list of `@pydantic/genai-prices`. An entry of its own, `headgate/prices`: the
 * gateway itself holds no prices, and who needs none bundles none.
 *
 * @module
 */
import { calcPrice, findProvider, type ModelPrice, type Provider } from "@pydantic/genai-prices";
import { recalled } from "./recall.ts";
import type { Prices, Usage } from "./usage.ts";

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
  const found = recalled((line) => {
    const end = line.indexOf("\n");
    return { only: narrowed(line.slice(0, end), line.slice(end + 1)) };
  });
  return {
    cost(usage, { provider, priceId = provider, model, at }) {
      if (model.length > LONGEST_NAME) return undefined;
      try {
        const name = bare(model);
        const { only } = found(`${priceId}\n${name}`);
        return only && (plainCost(usage, only) ?? costOf(usage, name, at, only));
      } catch {
        return undefined; // the library refuses counts that contradict each other
      }
    },
    window({ provider, priceId = provider, model }) {
      if (model.length > LONGEST_NAME) return undefined;
      return found(`${priceId}\n${bare(model)}`).only?.models[0]?.context_window;
    },
  };
}

const LONGEST_NAME = 256;

/**
 * A provider with the one model in its list, so that the list is searched once. Only the very id counts: the library's
 * own search would take `custom-openai` for OpenAI.
 */
function narrowed(id: string, model: string): Provider | undefined {
  const provider = findProvider({ providerId: id });
  if (provider?.id !== id) return undefined;
  const price = calcPrice({ input_tokens: 0, output_tokens: 0 }, model, { provider });
  return price === null ? undefined : { ...price.provider, models: [price.model] };
}

/**
 * Text in and out at one fixed price each, by far the commonest case: worked out here, for a tenth of what the library
 * takes. `undefined` for anything else.
 */
function plainCost(usage: Usage, { models: [model] }: Provider): number | undefined {
  const price = model?.prices;
  if (price === undefined || Array.isArray(price) || !isPlain(usage)) return undefined;
  const { input_mtok: input, output_mtok: output, cache_read_mtok: cached = input } = price as Record<string, unknown>;
  if (typeof input !== "number" || typeof output !== "number" || typeof cached !== "number") return undefined;
  if ("requests_kcount" in price) return undefined;
  const read = usage.cachedInput ?? 0;
  return read > usage.input ? undefined : ((usage.input - read) * input + read * cached + usage.output * output) / 1e6;
}

/** Whether nothing but text was counted, and nothing written to a cache. */
function isPlain(usage: Usage): boolean {
  return !usage.audioInput && !usage.imageInput && !usage.audioOutput && !usage.imageOutput && !usage.cacheWriteInput &&
    !usage.longCacheWriteInput && !usage.cachedAudioInput && !usage.reasoningOutput;
}

function costOf(usage: Usage, model: string, at: number, provider: Provider): number | undefined {
  const price = calcPrice(counted(usage), model, { provider, timestamp: new Date(at) });
  if (price === null || !coversAll(price.model_price, usage)) return undefined;
  return Number.isFinite(price.total_price) && price.total_price >= 0 ? price.total_price : undefined;
}

/** Without the resource path that Google puts before a model's name. */
function bare(model: string): string {
  const at = model.lastIndexOf("models/");
  return at < 0 ? model : model.slice(at + 7);
}

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
