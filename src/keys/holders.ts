/**
 * Holders: from a credential to whose it is. The one place where credentials are looked up.
 *
 * @module
 */
import type { Identity } from "../call.ts";
import { CLOCK, type Clock } from "../clock.ts";
import { hexOf } from "../digest.ts";
import { GatewayError } from "../errors.ts";
import { recalled } from "../recall.ts";
import { type Finding, type Holder, isTokenLike, type Tokens } from "./holder.ts";
import type { GatewayKey, KeyRecord, Keyring } from "./key.ts";

export type { GatewayKey };
import { Remembered } from "./remembered.ts";
import { hashOf, isSecret, PREFIX } from "./secret.ts";

/** Where credentials are looked up. */
export interface HolderOptions {
  readonly keys?: readonly GatewayKey[] | undefined;
  /** Keys that are made, changed and revoked while the gateway runs. */
  readonly keyring?: Keyring | undefined;
  /** What hashes the keyring's keys; needed with one. */
  readonly pepper?: string | undefined;
  readonly tokens?: Tokens | undefined;
  readonly clock?: Clock | undefined;
}

/** For so long a key or token that was revoked may still be taken. */
const KNOWN_MS = 30_000;
/** For so long one that is nobody's isn't looked up again. */
const UNKNOWN_MS = 5_000;
const MOST_KNOWN = 10_000;
/** Apart, so that made-up keys drive no real one out. */
const MOST_UNKNOWN = 1_000;
/** Milliseconds that a keyring has for its answer. */
const KEYRING_MS = 2_000;
/** Characters of a credential; servers take no more of a header. */
const LONGEST = 16 * 1024;

/**
 * Looks credentials up by their SHA-256: none is ever compared with another. Those of a config are known for ever, others
 * for 30 seconds, by the hash of the whole credential.
 */
export class Holders {
  /** Keys that are configured as they are. */
  readonly plain: readonly string[];
  readonly #options: HolderOptions;
  readonly #clock: Clock;
  readonly #found = new Remembered<Exclude<Finding, undefined>>(MOST_KNOWN);
  readonly #missed = new Remembered<{ readonly finding: Finding }>(MOST_UNKNOWN);
  /** Hashes of the plain keys are taken on the first call: making a gateway does no work. */
  #configured: Promise<ReadonlyMap<string, Finding>> | undefined;

  constructor(options: HolderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? CLOCK;
    this.plain = (options.keys ?? []).flatMap(({ key }) => key === undefined ? [] : [key]);
  }

  /** Whether no credential can be anybody's. */
  get isEmpty(): boolean {
    const { keys = [], keyring, tokens } = this.#options;
    return keys.length === 0 && keyring === undefined && tokens === undefined;
  }

  /** Epoch milliseconds. */
  now(): number {
    return this.#clock.now();
  }

  /**
   * Whose a credential is. That it has expired, or opens something else, is for the caller to see.
   *
   * @throws {GatewayError} `store_unavailable`, where it can't be looked up now.
   */
  async find(credential: string): Promise<Finding> {
    if (credential.length > LONGEST) return undefined;
    const hash = await sha256(credential);
    const configured = (await (this.#configured ??= byHash(this.#options.keys ?? []))).get(hash);
    if (configured !== undefined) return configured;
    const now = this.now();
    const found = this.#found.get(hash, now);
    if (found !== undefined) return found;
    const missed = this.#missed.get(hash, now);
    return missed === undefined ? this.#lookUp(credential, hash, now) : missed.finding;
  }

  /** Counts from before it asks: what is revoked meanwhile isn't known for longer. */
  async #lookUp(credential: string, hash: string, now: number): Promise<Finding> {
    const { tokens, keyring } = this.#options;
    if (tokens !== undefined && isTokenLike(credential)) {
      return this.#kept(hash, await tokens.read(credential), now);
    }
    if (!credential.startsWith(PREFIX)) return undefined;
    if (!isSecret(credential)) return { kind: "refused", fault: "damaged", isOurs: false };
    return keyring === undefined ? undefined : this.#kept(hash, await this.#inKeyring(keyring, credential), now);
  }

  #kept(hash: string, finding: Finding, now: number): Finding {
    if (finding?.kind === "holder") this.#found.set(hash, finding, now, KNOWN_MS);
    else this.#missed.set(hash, { finding }, now, UNKNOWN_MS);
    return finding;
  }

  async #inKeyring(keyring: Keyring, credential: string): Promise<Finding> {
    const hash = await hashOf(credential, this.#options.pepper ?? "");
    const record = await this.#inTime(Promise.resolve(hash).then((hash) => keyring.find(hash)));
    const secret = record?.secrets.find((secret) => secret.hash === hash);
    // A keyring that answers with another's key is believed as little as one that has none.
    return record === undefined || secret === undefined ? UNKNOWN : kept(holderOf(record, secret.expiresAt));
  }

  /** A keyring that says nothing is as good as one that is down. */
  async #inTime(asked: Promise<KeyRecord | undefined>): Promise<KeyRecord | undefined> {
    const over = new AbortController();
    const late = this.#clock.wait(KEYRING_MS, over.signal).then(() => Promise.reject(new Error("late")));
    try {
      return await Promise.race([asked, late]);
    } catch (cause) {
      throw new GatewayError("store_unavailable", "Try again: gateway keys can't be looked up now.", {
        cause,
        headers: { "retry-after": "1" },
      });
    } finally {
      over.abort();
    }
  }
}

/** It has the form of the keyring's keys, all of it: one that was revoked looks the same, and goes to nobody. */
const UNKNOWN: Finding = { kind: "refused", fault: "unknown", isOurs: true };

const kept = (holder: Holder): Finding => ({ kind: "holder", holder });

function holderOf({ id, tenant, roles, grants, expiresAt }: KeyRecord, secretExpiresAt: number | undefined): Holder {
  const end = Math.min(expiresAt ?? Infinity, secretExpiresAt ?? Infinity);
  return {
    identity: identityOf({ key: id, tenant, roles, grants }, expiresAt),
    grants,
    expiresAt: end === Infinity ? undefined : end,
  };
}

const identityOf = (identity: Identity, expiresAt: number | undefined): Identity =>
  expiresAt === undefined ? identity : { ...identity, expiresAt };

async function byHash(keys: readonly GatewayKey[]): Promise<ReadonlyMap<string, Finding>> {
  const entries = keys.map(async ({ id, key, sha256: hash, tenant, roles = ["caller"], grants = {}, expires }) => {
    const expiresAt = expires === undefined ? undefined : Date.parse(expires);
    const identity = identityOf({ key: id, tenant, roles, grants }, expiresAt);
    return [hash?.toLowerCase() ?? await sha256(key ?? ""), kept({ identity, grants, expiresAt })] as const;
  });
  return new Map(await Promise.all(entries));
}

/** In hex. A hash is dearer than all other rooms: what comes again is hashed once. */
const sha256: (text: string) => Promise<string> = recalled(async (text) =>
  hexOf(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)))
);
