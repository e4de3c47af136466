/** Tokens of one answer. Every count includes its parts: `input` holds cached and audio input, `output` reasoning and audio. */
export interface Usage {
  readonly input: number;
  readonly output: number;
  /** Of `input`: read from the provider's prompt cache. */
  readonly cachedInput?: number | undefined;
  /** Of `input`: written to the provider's prompt cache. */
  readonly cacheWriteInput?: number | undefined;
  /** Of `input`. */
  readonly audioInput?: number | undefined;
  /** Of `cachedInput`. */
  readonly cachedAudioInput?: number | undefined;
  /** Of `output`. */
  readonly reasoningOutput?: number | undefined;
  /** Of `output`. */
  readonly audioOutput?: number | undefined;
}

/** Where prices come from; `headgate/prices` has one. */
export interface Prices {
  /** US dollars; `undefined` for a model without a known price, never 0. */
  cost(usage: Usage, of: Priced): number | undefined;
}

/** What a price depends on. */
export interface Priced {
  /** Slug of the provider. */
  readonly provider: string;
  /** The provider's id in the price library, where that differs. */
  readonly priceId?: string | undefined;
  readonly model: string;
  /** Epoch milliseconds: prices change with time. */
  readonly at: number;
}
