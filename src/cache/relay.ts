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
import type { EntryKeys, Followed, News, Stamps, Store } from "../store/store.ts";
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
  #head: Head | undefined;
  /** What has come and isn't told yet. */
  #chunks: Chunk[] = [];
  #told = 0;
  #isReading = false;

  constructor(options: RelayOptions, keys: EntryKeys, leader: string) {
    this.#options = options;
    this.#keys = keys;
    this.#leader = leader;
  }

  /** Shows that the leader is alive, and passes on what comes once somebody listens. Ends with the flight. */
  async run(flight: Flight): Promise<void> {
    const { clock } = this.#options;
    const isOver = new AbortController();
    const over = flight.landed.then(() => isOver.abort());
    let waitMs = ALONE_MS;
    for (;;) {
      await clock.wait(waitMs, isOver.signal);
      if (flight.hasLanded) break;
      waitMs = await this.#say(flight) > 0 ? HEARD_MS : ALONE_MS;
    }
    await over;
  }

  /** One word; how many listen. */
  async #say(flight: Flight): Promise<number> {
    try {
      const { followers } = await this.#tell("under way");
      if (followers > 0) this.#listen(flight);
      return followers;
    } catch {
      return 0;
    }
  }

  /** The leader's own client has left: whether others still want the answer. */
  async isWanted(flight: Flight): Promise<boolean> {
    return await this.#say(flight) > 0;
  }

  /** Reads along, from the first byte: it is read for those elsewhere even if nobody here reads any more. */
  #listen(flight: Flight): void {
    if (this.#isReading || flight.chunks === undefined) return;
    this.#isReading = true;
    void (async () => {
      this.#head = await flight.head;
      const began = performance.now();
      const source = flight.reader();
      try {
        for (let bytes = await source.read(); bytes !== undefined; bytes = await source.read()) {
          this.#chunks.push({ bytes, atMs: performance.now() - began });
        }
      } catch {
        // It is told as failed when it has landed.
      }
    })();
  }

  /** The last word. What is kept is found by whoever asks from now on; what isn't is only heard by those who wait. */
  async end(state: "kept" | "passed" | "failed", entry?: News["entry"]): Promise<void> {
    await this.#tell(state, entry).catch(() => {});
  }

  /** Keeps a whole answer. */
  async keep(
    head: Head,
    chunks: readonly Chunk[],
    { stamps, ttlMs }: { stamps: Stamps; ttlMs: number },
  ): Promise<void> {
    const payload = await sealed(this.#options, written({ head, chunks }), this.#keys.entry);
    await this.end("kept", { payload, stamps, ttlMs });
  }

  async #tell(state: News["state"], entry?: News["entry"]): Promise<{ readonly followers: number }> {
    const { store } = this.#options;
    const batch = state === "kept" || state === "failed" ? undefined : await this.#batch();
    const news = { keys: this.#keys, leader: this.#leader, leaseMs: LEAD_MS, batch, state };
    return await store.lead(entry === undefined ? news : { ...news, entry });
  }

  async #batch(): Promise<Bytes | undefined> {
    if (this.#head === undefined || (this.#chunks.length === 0 && this.#told > 0)) return undefined;
    const record = written({ head: this.#head, chunks: this.#chunks });
    this.#chunks = [];
    return await sealed(this.#options, record, `${this.#keys.relay} ${this.#told++}`);
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
    if (heard.state === "gone") return this.close();
    if (heard.state === "kept") {
      const answer = readRecord(await opened(this.#options, heard.payload, this.#keys.entry));
      this.#take(answer?.head, joined(answer?.chunks.map(({ bytes }) => bytes) ?? []).subarray(this.#bytes));
      this.#state = answer === undefined ? "gone" : "over";
      return;
    }
    for (const batch of heard.batches) {
      const part = readRecord(await opened(this.#options, batch, `${this.#keys.relay} ${this.#batches++}`));
      this.#take(part?.head, joined(part?.chunks.map(({ bytes }) => bytes) ?? []));
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
