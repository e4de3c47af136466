/**
 * The trail: who did what to which key. Rows are only ever appended, and each is chained to the one before.
 *
 * @module
 */
import { CLOCK, type Clock } from "../clock.ts";
import { hexOf } from "../digest.ts";
import { GatewayError } from "../errors.ts";
import { isObject, parsedJson } from "../json.ts";
import { type Change, HASH_LENGTH, type Head, START, type Vault, type Written } from "../keys/vault.ts";

/** One row, before it is given its place. */
export interface Deed {
  readonly by: Doer;
  /** `keys.create`, `keys.rotate` ... */
  readonly action: string;
  /** The key that it was done to, and its tenant where the doer may know it. */
  readonly on?: { readonly key?: string | undefined; readonly tenant?: string | undefined } | undefined;
  readonly outcome: "done" | "refused";
  /** Why it was refused. */
  readonly code?: string | undefined;
  /** What was set. Never a secret. */
  readonly set?: unknown;
  /** Refusals of the same doer just before, of which no row tells. */
  readonly untold?: number | undefined;
}

/** Who did it. */
export interface Doer {
  /** Id of a key, or `anonymous`. */
  readonly key: string;
  readonly tenant?: string | undefined;
  readonly ip?: string | undefined;
  /** Id of the call, as in its log record. */
  readonly call: string;
}

/** One row with its place in the trail. */
export interface Row extends Deed {
  /** From 1. */
  readonly seq: number;
  /** ISO 8601. */
  readonly at: string;
}

/** A row and its hash: SHA-256 of the hash before and of the row's text, in hex. */
export interface Link {
  readonly row: Row;
  readonly hash: string;
}

/** What came of a check of the chain. */
export interface Check {
  readonly isIntact: boolean;
  /** Rows that were checked. */
  readonly checked: number;
  /** The first row that isn't what it was. */
  readonly brokenAt?: number | undefined;
  /** The last row that was checked, and its hash: whoever notes it down can tell later whether rows are missing. */
  readonly head: Head;
  /** Where to go on; `undefined` at the end. */
  readonly next?: number | undefined;
}

/** Milliseconds for which a row is tried again that others are faster than. */
const PATIENCE_MS = 5000;
const LONGEST_WAIT_MS = 40;
const PAGE = 500;

/** Writes and reads the trail of a vault. */
export class Trail {
  readonly #vault: Vault;
  readonly #clock: Clock;
  /** As this process has seen it last; a wrong guess costs a round trip. */
  #head: Head = START;

  constructor(vault: Vault, clock: Clock = CLOCK) {
    this.#vault = vault;
    this.#clock = clock;
  }

  /**
   * Appends a row, and makes the change that it tells of: both, or neither.
   *
   * @returns Whether it was; `false` where the key has changed since it was read.
   * @throws {GatewayError} `store_unavailable`.
   */
  async write(deed: Deed, change?: Change): Promise<boolean> {
    const until = this.#clock.now() + PATIENCE_MS;
    for (let tries = 0; this.#clock.now() < until; tries++) {
      const head = this.#head;
      const { line, next } = await this.#linked(deed, head);
      const written = await this.#told({ head, line, change });
      if (written.kind === "outdated") return false;
      this.#head = written.kind === "moved" ? written.head : next;
      if (written.kind === "written") return true;
      // The first try may only have guessed wrong.
      if (tries > 0) await this.#clock.wait(this.#clock.random() * LONGEST_WAIT_MS, NEVER);
    }
    throw new GatewayError("store_unavailable", "Try again: nothing was changed, as too much else was at once.");
  }

  async #told(entry: Parameters<Vault["write"]>[0]): Promise<Written> {
    try {
      return await this.#vault.write(entry);
    } catch (cause) {
      throw new GatewayError(
        "store_unavailable",
        "Look whether it was done before you try again: the store didn't answer.",
        { cause },
      );
    }
  }

  async #linked(deed: Deed, { count, hash: before }: Head): Promise<{ readonly line: string; readonly next: Head }> {
    const row: Row = { seq: count + 1, at: new Date(this.#clock.now()).toISOString(), ...deed };
    const text = JSON.stringify(row);
    const hash = await linkHash(before, text);
    return { line: hash + text, next: { count: count + 1, hash } };
  }

  /** Rows before one, newest first, and how many there are. */
  async before(seq: number | undefined, limit: number): Promise<readonly Link[]> {
    const from = seq === undefined ? -limit : Math.max(0, seq - 1 - limit);
    const { lines } = await this.#rows(from, seq === undefined ? limit : seq - 1 - from);
    return lines.flatMap((line) => linkOf(line) ?? []).reverse();
  }

  /** Checks the chain from a row on, at most so many rows. */
  async check(from: number, limit: number): Promise<Check> {
    const before = from <= 1 ? [] : (await this.#rows(from - 2, 1)).lines;
    let head: Head = from <= 1 ? START : { count: from - 1, hash: (before[0] ?? START.hash).slice(0, HASH_LENGTH) };
    let checked = 0;
    while (checked < limit) {
      const { lines, count } = await this.#rows(head.count, Math.min(PAGE, limit - checked));
      for (const line of lines) {
        const seq = head.count + 1;
        const text = line.slice(HASH_LENGTH);
        const hash = await linkHash(head.hash, text);
        const isSound = line.startsWith(hash) && linkOf(line)?.row.seq === seq;
        if (!isSound) return { isIntact: false, checked, brokenAt: seq, head };
        head = { count: seq, hash };
        checked++;
      }
      if (lines.length === 0 || head.count >= count) return { isIntact: true, checked, head };
    }
    return { isIntact: true, checked, head, next: head.count + 1 };
  }

  async #rows(from: number, limit: number): Promise<Awaited<ReturnType<Vault["rows"]>>> {
    try {
      return limit <= 0 ? { count: 0, lines: [] } : await this.#vault.rows(from, limit);
    } catch (cause) {
      throw new GatewayError("store_unavailable", "Try again: the store didn't answer.", { cause });
    }
  }
}

const NEVER = new AbortController().signal;

const linkHash = async (before: string, text: string): Promise<string> =>
  hexOf(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(before + text)));

function linkOf(line: string): Link | undefined {
  const row = parsedJson(line.slice(HASH_LENGTH));
  return isObject(row) ? { row: row as unknown as Row, hash: line.slice(0, HASH_LENGTH) } : undefined;
}
