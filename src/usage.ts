/**
 * Tokens and money of one answer.
 *
 * @module
 */

/**
 * Tokens of one answer. Every count includes its parts: `input` holds cached, audio and image input, `output` holds
 * reasoning, audio and images. A part that the provider does not tell is `undefined`: unknown, never 0. An answer
 * that tells no usage has no `Usage` at all.
 */
export interface Usage {
  /** All tokens that went into the model. */
  readonly input: number;
  /** All tokens that came out of the model; 0 where a model has none, as for embeddings. */
  readonly output: number;
  /** Of `input`: read from the provider's prompt cache. */
  readonly cachedInput?: number | undefined;
  /** Of `input`: written to the provider's prompt cache. */
  readonly cacheWriteInput?: number | undefined;
  /** Of `cacheWriteInput`: kept for an hour instead of five minutes, which costs more. */
  readonly longCacheWriteInput?: number | undefined;
  /** Of `input`. */
  readonly audioInput?: number | undefined;
  /** Of `cachedInput`. */
  readonly cachedAudioInput?: number | undefined;
  /** Of `input`: images and document pages. */
  readonly imageInput?: number | undefined;
  /** Of `output`. */
  readonly reasoningOutput?: number | undefined;
  /** Of `output`. */
  readonly audioOutput?: number | undefined;
  /** Of `output`. */
  readonly imageOutput?: number | undefined;
}

/** What tokens cost. A structural type, so that the core needs no price list; `headgate/prices` holds one. */
export interface Prices {
  /** US dollars; `undefined` where the provider or the model has no known price. Never throws, and never guesses 0. */
  cost(usage: Usage, of: Priced): number | undefined;
  /** Tokens that a model takes in; `undefined` where that isn't known. */
  window?(of: Pick<Priced, "provider" | "priceId" | "model">): number | undefined;
}

/** What was used, for its price. */
export interface Priced {
  /** Id of the provider. */
  readonly provider: string;
  /** The provider's id in the price list, where that differs. */
  readonly priceId?: string | undefined;
  /** The model that answered, as the provider names it. */
  readonly model: string;
  /** The same as the request named it, where that is known. */
  readonly asked?: string | undefined;
  /** Epoch milliseconds: prices change, and some by the hour of the day. */
  readonly at: number;
}

/** Tokens of two answers together; of a part that either tells. */
export function sum(one: Usage, other: Usage): Usage {
  const total: Record<string, number> = {};
  for (const [part, count] of [...Object.entries(one), ...Object.entries(other)]) {
    if (count !== undefined) total[part] = (total[part] ?? 0) + count;
  }
  return total as unknown as Usage;
}
