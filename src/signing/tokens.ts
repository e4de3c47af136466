/**
 * Access tokens: minted once for all who wait, kept until shortly before their end.
 *
 * @module
 */
import { textWithin } from "../bytes.ts";
import type { Platform } from "../call.ts";
import { CLOCK, type Clock } from "../clock.ts";
import { digestOf } from "../digest.ts";
import { GatewayError } from "../errors.ts";
import { field } from "../json.ts";
import type { Account } from "../providers/account.ts";

/** Options of every signer. */
export interface SigningOptions {
  readonly clock?: Clock | undefined;
  /** Milliseconds that an issuer of tokens has for an answer; 10 000 if absent. */
  readonly timeoutMs?: number | undefined;
}

/** A question to a token's issuer. */
export interface Question {
  readonly url: URL;
  /** Fields of the form. */
  readonly form: Readonly<Record<string, string>>;
}

/** What is to be minted, and for whom. */
export interface Mint {
  readonly account: Account;
  /** What else the token depends on. */
  readonly purpose: string;
  /** As in messages: the provider's id. */
  readonly provider: string;
  readonly platform: Platform;
  /** Fires when the one who waits has gone. */
  readonly signal: AbortSignal;
  /** @param now Epoch milliseconds by the issuer's clock, as far as it is known. */
  ask(now: number): Promise<Question>;
}

const TIMEOUT_MS = 10_000;
/** A token's last minutes: another is minted meanwhile, and then nobody is shown the old one. */
const STALE_MS = 300_000;
const OVER_MS = 60_000;
/** After a failure, while there still is a good token. */
const REST_MS = 5_000;
/** Clients may bring accounts of their own: the tokens that were minted first go first. */
const MOST = 1000;
/** Of an issuer's answer. */
const MAX_BYTES = 256 * 1024;
/** An issuer's clock is told to the second, and takes a while to arrive. */
const SKEW_MS = 30_000;

interface Minting {
  readonly token: Promise<string>;
  /** Epoch milliseconds: who began it may be gone since, and on some platforms it is then never over. */
  readonly until: number;
}

interface Held {
  readonly token: string;
  /** Epoch milliseconds: until then it is used, and until before that no other is minted. */
  readonly usableUntil: number;
  freshUntil: number;
}

/** The tokens of one kind of account. */
export class Tokens {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #held: Map<string, Held> = new Map();
  readonly #minting: Map<string, Minting> = new Map();
  /** Hashing is dear, and a stored account stays the same object. */
  readonly #digests: WeakMap<Account, Promise<string>> = new WeakMap();
  /** How far the issuer's clock is ahead of ours. */
  #skewMs = 0;

  constructor({ clock = CLOCK, timeoutMs = TIMEOUT_MS }: SigningOptions) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * A token that lasts a minute yet.
   *
   * @throws {GatewayError} `credential_refused` or `credential_unavailable`; or the signal's reason.
   */
  async get(mint: Mint): Promise<string> {
    const id = `${await this.#digest(mint.account)} ${mint.purpose}`;
    const now = this.#clock.now();
    const held = this.#held.get(id);
    if (held !== undefined && now < held.freshUntil) return held.token;
    const minting = this.#minting.get(id);
    const token = minting !== undefined && now < minting.until ? minting.token : this.#begun(id, mint, now);
    if (held !== undefined && now < held.usableUntil) return held.token;
    return await unlessGone(token, mint, this.#timeoutMs);
  }

  /** The provider doesn't take the tokens of an account any more. */
  forget(account: Account): void {
    void this.#digest(account).then((digest) => {
      for (const id of this.#held.keys()) if (id.startsWith(digest)) this.#held.delete(id);
    });
  }

  #digest(account: Account): Promise<string> {
    const known = this.#digests.get(account);
    if (known !== undefined) return known;
    const digest = digestOf(new TextEncoder().encode(JSON.stringify(account)));
    this.#digests.set(account, digest);
    return digest;
  }

  #begun(id: string, mint: Mint, now: number): Promise<string> {
    const token = this.#minted(id, mint).finally(() => {
      if (this.#minting.get(id)?.token === token) this.#minting.delete(id);
    });
    this.#minting.set(id, { token, until: now + this.#timeoutMs });
    // Whoever asked first may leave: the others still wait.
    mint.platform.after(token.catch(() => {}));
    return token;
  }

  async #minted(id: string, mint: Mint): Promise<string> {
    try {
      const { token, lifeMs } = await this.#asked(mint, true);
      const now = this.#clock.now();
      if (this.#held.size >= MOST) this.#held.delete(this.#held.keys().next().value!);
      this.#held.set(id, {
        token,
        usableUntil: now + lifeMs - Math.min(OVER_MS, lifeMs / 4),
        freshUntil: now + lifeMs - Math.min(STALE_MS, lifeMs / 2),
      });
      return token;
    } catch (error) {
      const held = this.#held.get(id);
      if (held !== undefined) held.freshUntil = this.#clock.now() + REST_MS;
      throw error;
    }
  }

  async #asked(mint: Mint, isFirst: boolean): Promise<Token> {
    const { provider } = mint;
    const question = await mint.ask(this.#clock.now() + this.#skewMs);
    const answer = await posted(question, mint.platform, this.#timeoutMs).catch((cause: unknown) => {
      throw unavailable(provider, "couldn't be reached", cause);
    });
    const judged = judge(answer);
    if (typeof judged === "object") return judged;
    if (judged === "unavailable") throw unavailable(provider, `answered with status ${answer.status}`);
    const skewMs = answer.date - this.#clock.now();
    if (isFirst && Math.abs(skewMs - this.#skewMs) > SKEW_MS) {
      this.#skewMs = skewMs;
      return await this.#asked(mint, false);
    }
    throw new GatewayError(
      "credential_refused",
      `Check the account for "${provider}": the issuer refused it a token (${judged}).`,
    );
  }
}

/** What an issuer answered. */
export interface TokenAnswer {
  readonly status: number;
  readonly text: string;
  /** Epoch milliseconds by its clock; NaN where it doesn't say. */
  readonly date: number;
}

interface Token {
  readonly token: string;
  readonly lifeMs: number;
}

/** What OAuth calls a refusal; of what else an answer says nothing is repeated. */
const REFUSALS = [
  "invalid_grant",
  "invalid_client",
  "invalid_scope",
  "unauthorized_client",
  "unsupported_grant_type",
  "access_denied",
  "invalid_request",
];

/** The token; or the name of a refusal, or that there was none just now. Pure. */
export function judge({ status, text }: TokenAnswer): Token | string {
  const said = parsed(text);
  const token = field(said, "access_token");
  if (status === 200 && typeof token === "string" && /^[\x21-\x7e]+$/.test(token)) {
    const life = Number(field(said, "expires_in"));
    return { token, lifeMs: (life > 0 && life < 1e6 ? life : 3600) * 1000 };
  }
  if (status < 400 || status >= 500 || status === 408 || status === 429) return "unavailable";
  return REFUSALS.find((name) => name === field(said, "error")) ?? `status ${status}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Asks an issuer over the platform's own way out; a redirect isn't followed. */
async function posted({ url, form }: Question, { transport }: Platform, timeoutMs: number): Promise<TokenAnswer> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), timeoutMs);
  try {
    const inbound = await transport({
      url,
      method: "POST",
      headers: [
        ["content-type", "application/x-www-form-urlencoded"],
        ["accept", "application/json"],
        ["accept-encoding", "identity"],
      ],
      body: new TextEncoder().encode(new URLSearchParams(form).toString()),
      signal: controller.signal,
    });
    const text = await textWithin(inbound.body, MAX_BYTES) ?? "";
    return { status: inbound.status, text, date: Date.parse(inbound.headers.get("date") ?? "") };
  } finally {
    clearTimeout(timer);
  }
}

const unavailable = (provider: string, what: string, cause?: unknown) =>
  new GatewayError("credential_unavailable", `Try again: the issuer of tokens for "${provider}" ${what}.`, { cause });

/** A promise that others wait for, too: who leaves, or has waited long enough, doesn't end it. */
function unlessGone(token: Promise<string>, { signal, provider }: Mint, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const over = (): undefined => {
      clearTimeout(timer);
      signal.removeEventListener("abort", leave);
    };
    const leave = () => reject(over() ?? signal.reason);
    const timer = setTimeout(() => reject(unavailable(provider, "didn't answer in time")), timeoutMs);
    if (signal.aborted) return leave();
    signal.addEventListener("abort", leave);
    token.then(resolve, reject).finally(over);
  });
}
