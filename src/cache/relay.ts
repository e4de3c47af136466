/**
 * One answer on its way for callers in several processes: its leader tells the store what has come, and followers ask.
 *
 * @module
 */
import { joined } from "../bytes.ts";
import type { Clock } from "../clock.ts";
import { GatewayError } from "../errors.ts";
import type { Source } from "../flow.ts";
import type { Sealer } from "../seal.ts";
import type { EntryKeys, Followed, Led, News, Stamps, Store } from "../store/store.ts";
import type { Flight } from "./flight.ts";
import { type Chunk, type Head, readRecord, written } from "./record.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** How answers are passed on. */
export interface RelayOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Encrypts what lies in the store; it lies open there if absent. */
  readonly sealer: Sealer | undefined;
}

/** Milliseconds after which a leader that says nothing counts as gone. */
export const LEAD_MS = 3000;
/** Milliseconds between two words of a leader: alone, and where somebody listens. */
const ALONE_MS = 500;
const HEARD_MS = 100;
/** Milliseconds between two questions of a follower, from the first on. */
const FIRST_ASK_MS = 25;
const LAST_ASK_MS = 200;
/** Questions in a row that the store may leave without an answer. */
const PATIENCE = 5;

/** Tells the store of one flight, from its beginning to its end. */
export class Relay {
  readonly #options: RelayOptions;
  readonly #keys: EntryKeys;
  readonly #leader: string;
  readonly #flight: Flight;
  /** Chunks and batches that have been told. */
  #chunks = 0;
  #batches = 0;
  #along: Source | undefined;

  constructor(options: RelayOptions, keys: EntryKeys, leader: string, flight: Flight) {
    this.#options = options;
    this.#keys = keys;
    this.#leader = leader;
    this.#flight = flight;
  }

  /** Shows that the leader is alive, and passes on what comes once somebody listens. Ends with the flight. */
  async run(): Promise<void> {
    const isOver = new AbortController();
    void this.#flight.landed.then(() => isOver.abort());
    for (let waitMs = ALONE_MS;; waitMs = await this.#say() > 0 ? HEARD_MS : ALONE_MS) {
      await this.#options.clock.wait(waitMs, isOver.signal);
      if (this.#flight.hasLanded) return;
    }
  }

  /** The leader's own client has left: whether others still want the answer. */
  async isWanted(): Promise<boolean> {
    return await this.#say() > 0;
  }

  /** The last word: what is kept is found by whoever asks from now on. */
  async keep(head: Head, chunks: readonly Chunk[], of: { stamps: Stamps; ttlMs: number }): Promise<void> {
    try {
      const payload = await sealed(this.#options, written({ head, chunks }), this.#keys.entry);
      await this.#tell("kept", undefined, { payload, ...of });
    } catch {
      // The store doesn't take it: nobody need wait for it.
      await this.fail();
    }
  }

  /** The last word of what isn't kept: those who wait still hear all of it. */
  async pass(): Promise<void> {
    await this.#tell("passed", await this.#batch()).catch(() => {});
  }

  /** The last word of what came to nothing. */
  async fail(): Promise<void> {
    await this.#tell("failed").catch(() => {});
  }

  /** One word; how many listen. */
  async #say(): Promise<number> {
    try {
      const { followers } = await this.#tell("under way", this.#along && await this.#batch());
      if (followers > 0) this.#listen();
      else await this.#rest();
      return followers;
    } catch {
      return 0;
    }
  }

  /** Reads along, from the first byte: for those elsewhere it is read even if nobody here reads any more. */
  #listen(): void {
    if (this.#along !== undefined || this.#flight.chunks === undefined) return;
    const along = this.#along = this.#flight.reader();
    const read = async () => {
      while (await along.read() !== undefined);
    };
    read().catch(() => {});
  }

  /** Nobody listens any more. */
  async #rest(): Promise<void> {
    const along = this.#along;
    this.#along = undefined;
    await along?.cancel(new Error("Nobody listens."));
  }

  async #tell(state: News["state"], batch?: Bytes, entry?: News["entry"]): Promise<Led> {
    const news = { keys: this.#keys, leader: this.#leader, leaseMs: LEAD_MS, batch, state };
    return await this.#options.store.lead(entry === undefined ? news : { ...news, entry });
  }

  /** What has come since the last batch; what is too large to be held can't be told. */
  async #batch(): Promise<Bytes | undefined> {
    const { chunks } = this.#flight;
    if (chunks === undefined || (chunks.length === this.#chunks && this.#batches > 0)) return undefined;
    const { headNow: head } = this.#flight;
    if (head === undefined) return undefined;
    const record = written({ head, chunks: chunks.slice(this.#chunks) });
    this.#chunks = chunks.length;
    return await sealed(this.#options, record, `${this.#keys.relay} ${this.#batches++}`);
  }
}

/** What a follower gets: a head, and a stream of what has come and still comes. */
export interface Passed {
  readonly head: Head;
  readonly source: Source;
}

/**
 * Waits for an answer that another process fetches.
 *
 * @returns `undefined` where nothing came of it.
 */
export async function followed(
  options: RelayOptions,
  keys: EntryKeys,
  leader: string,
  signal: AbortSignal,
): Promise<Passed | undefined> {
  const ear = new Ear(options, keys, leader, signal);
  const head = await ear.head();
  return head && { head, source: { read: () => ear.read(), cancel: async () => ear.close() } };
}

/** One follower. */
class Ear {
  readonly #options: RelayOptions;
  readonly #keys: EntryKeys;
  readonly #leader: string;
  readonly #signal: AbortSignal;
  readonly #queue: Bytes[] = [];
  #head: Head | undefined;
  #batches = 0;
  #bytes = 0;
  #state: "under way" | "over" | "gone" = "under way";
  #waitMs = FIRST_ASK_MS;
  #failures = 0;
  #hasWaited = false;

  constructor(options: RelayOptions, keys: EntryKeys, leader: string, signal: AbortSignal) {
    this.#options = options;
    this.#keys = keys;
    this.#leader = leader;
    this.#signal = signal;
  }

  async head(): Promise<Head | undefined> {
    while (this.#head === undefined && this.#state === "under way") await this.#ask();
    return this.#head;
  }

  async read(): Promise<Bytes | undefined> {
    for (;;) {
      const bytes = this.#queue.shift();
      if (bytes !== undefined) return bytes;
      if (this.#state === "over") return undefined;
      if (this.#state === "gone") throw BROKEN();
      await this.#ask();
    }
  }

  close(): void {
    this.#state = "gone";
  }

  async #ask(): Promise<void> {
    const { clock, store } = this.#options;
    await clock.wait(this.#waitMs, this.#signal);
    if (this.#signal.aborted) return this.close();
    try {
      await this.#hear(await store.follow(this.#keys, this.#leader, this.#batches));
      this.#failures = 0;
    } catch {
      if (++this.#failures >= PATIENCE) this.close();
    }
  }

  async #hear(heard: Followed): Promise<void> {
    this.#waitMs = Math.min(this.#waitMs * 1.5, LAST_ASK_MS);
    // What was over at the first word, and isn't kept, may not be worth being given to who came last.
    if (heard.state === "gone" || (heard.state === "passed" && !this.#hasWaited)) return this.close();
    this.#hasWaited = true;
    if (heard.state === "kept") {
      const answer = readRecord(await opened(this.#options, heard.payload, this.#keys.entry));
      this.#take(answer?.head, joined(answer?.chunks.map(({ bytes }) => bytes) ?? []).subarray(this.#bytes));
      this.#state = answer === undefined ? "gone" : "over";
      return;
    }
    for (const batch of heard.batches) {
      const part = readRecord(await opened(this.#options, batch, `${this.#keys.relay} ${this.#batches++}`));
      // With a piece missing the rest is worth nothing.
      if (part === undefined) return this.close();
      this.#take(part.head, joined(part.chunks.map(({ bytes }) => bytes)));
      this.#waitMs = HEARD_MS;
    }
    if (heard.state === "passed") this.#state = this.#head === undefined ? "gone" : "over";
  }

  #take(head: Head | undefined, bytes: Bytes): void {
    this.#head ??= head;
    this.#bytes += bytes.byteLength;
    if (bytes.byteLength > 0) this.#queue.push(bytes);
  }
}

const BROKEN = () =>
  new GatewayError("upstream_broken", "Try again: the answer was fetched by another process, which has gone.");

/** As it lies in the store. */
async function sealed({ sealer }: RelayOptions, record: Bytes, place: string): Promise<Bytes> {
  return sealer === undefined ? record : await sealer.seal(record, place);
}

/** As it was written; nothing that can be read where it was changed. */
export async function opened({ sealer }: Pick<RelayOptions, "sealer">, record: Bytes, place: string): Promise<Bytes> {
  return sealer === undefined ? record : await sealer.open(record, place) ?? record.subarray(0, 0);
}
