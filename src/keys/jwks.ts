/**
 * The keys that an identity provider publishes, fetched from one address and no other.
 *
 * @module
 */
import { textWithin } from "../bytes.ts";
import type { Clock } from "../clock.ts";
import { GatewayError } from "../errors.ts";
import { isObject, parsedJson } from "../json.ts";

/** A set of keys as RFC 7517 has it. */
export interface KeySet {
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

/** Options of {@link Published}. */
export interface PublishedOptions {
  readonly url: string;
  readonly clock: Clock;
  /** Milliseconds between two requests, whatever tokens ask for. */
  readonly cooldownMs: number;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
}

/** Milliseconds after which keys are fetched anew, and after which old ones are trusted no more. */
const STALE_MS = 600_000;
const LOST_MS = 3_600_000;
const TIMEOUT_MS = 5_000;
const MAX_BYTES = 256 * 1024;
const MAX_KEYS = 64;

/** Fetches a key set when it is needed, at most once a cooldown. */
export class Published {
  readonly #options: PublishedOptions;
  #set: { readonly keys: KeySet; readonly at: number } | undefined;
  #askedAt = -Infinity;
  #pending: Promise<void> | undefined;

  constructor(options: PublishedOptions) {
    this.#options = options;
  }

  /**
   * The newest set there is.
   *
   * @param known A set that didn't have the key that is looked for: a newer one is fetched if it may be.
   * @returns The same set, if there is no newer one.
   * @throws {GatewayError} `store_unavailable`, where there is none.
   */
  async newest(known?: KeySet): Promise<KeySet> {
    const { clock } = this.#options;
    const age = clock.now() - (this.#set?.at ?? -Infinity);
    // A clock that was set back says nothing of how old they are.
    if (age < 0 || age >= STALE_MS || (known !== undefined && known === this.#set?.keys)) await this.#refreshed();
    if (this.#set === undefined || clock.now() - this.#set.at >= LOST_MS) throw unavailable();
    return this.#set.keys;
  }

  async #refreshed(): Promise<void> {
    const { clock, cooldownMs } = this.#options;
    const now = clock.now();
    const isResting = now >= this.#askedAt && now - this.#askedAt < cooldownMs;
    if (this.#pending === undefined || !isResting) {
      if (isResting) return;
      this.#askedAt = now;
      const pending = this.#fetched().finally(() => {
        if (this.#pending === pending) this.#pending = undefined;
      });
      this.#pending = pending;
    }
    // Some runtimes drop what a request has begun when its client leaves: nobody waits for that for ever.
    const over = new AbortController();
    await Promise.race([this.#pending, clock.wait(TIMEOUT_MS, over.signal)]);
    over.abort();
  }

  /** Keeps what it had, where nothing comes. */
  async #fetched(): Promise<void> {
    try {
      const answer = await this.#options.fetch(this.#options.url, {
        headers: { accept: "application/jwk-set+json, application/json" },
        redirect: "manual",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const keys = answer.status === 200 ? keySetIn(await textWithin(answer.body, MAX_BYTES)) : undefined;
      if (answer.status !== 200) await answer.body?.cancel();
      if (keys !== undefined) this.#set = { keys, at: this.#options.clock.now() };
    } catch {
      // Whoever needs a key finds that there is none.
    }
  }
}

const unavailable = () =>
  new GatewayError("store_unavailable", "Try again: the keys that tokens are checked with can't be fetched now.", {
    headers: { "retry-after": "5" },
  });

/** A key set, if a text is one. */
export function keySetIn(text: string | undefined): KeySet | undefined {
  const value = text === undefined ? undefined : parsedJson(text);
  const keys = isObject(value) ? value["keys"] : undefined;
  if (!Array.isArray(keys) || keys.length > MAX_KEYS || !keys.every(isObject)) return undefined;
  return { keys };
}
