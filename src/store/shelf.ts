/**
 * Kept answers in memory.
 *
 * @module
 */
import {
  ALL,
  type EntryAsk,
  type EntryKeys,
  type Followed,
  type Found,
  type Led,
  LISTENING_MS,
  MAX_TTL_MS,
  MOST_TAGS,
  type News,
  PASSED_MS,
  type Stamps,
} from "./store.ts";

type Bytes = Uint8Array<ArrayBuffer>;

interface Kept {
  readonly payload: Bytes;
  readonly leader: string;
  readonly stamps: Stamps;
  readonly at: number;
  readonly until: number;
}

interface Lease {
  readonly leader: string;
  followers: number;
  /** When one of them last asked. */
  heardAt: number;
  until: number;
  readonly stamps: Stamps;
  state: "under way" | "passed";
  readonly batches: Bytes[];
}

const SWEPT_AFTER = 1000;

/** The answers of one process, within its bytes. */
export class Shelf {
  /** In the order of their last use. */
  readonly #kept = new Map<string, Kept>();
  readonly #leases = new Map<string, Lease>();
  readonly #tags = new Map<string, { readonly generations: Map<string, number>; readonly until: number }>();
  #asked = 0;
  readonly #now: () => number;
  #room: number;

  constructor(now: () => number, maxBytes: number) {
    this.#now = now;
    this.#room = maxBytes;
  }

  find(ask: EntryAsk, id: string, mayLead: boolean): Found | undefined {
    const now = this.#now();
    if (++this.#asked % SWEPT_AFTER === 0) this.#sweep(now);
    const lease = this.#lease(ask.lease, now);
    if (!ask.isSkipped) {
      const kept = this.#fresh(ask, now);
      if (kept !== undefined) {
        return { kind: "hit", payload: kept.payload, ageMs: now - kept.at, ttlMs: kept.until - now };
      }
      if (lease?.state === "under way" && this.#isFresh(lease.stamps, ask)) {
        lease.followers++;
        lease.heardAt = now;
        return { kind: "follow", leader: lease.leader };
      }
    }
    // While another is under way nobody takes its place: some may have heard a part of it.
    if (lease !== undefined || !mayLead) return undefined;
    const stamps = Object.fromEntries(ask.under.map((tag) => [tag, this.#generation(ask.tags, tag)]));
    this.#leases.set(ask.lease, {
      leader: id,
      followers: 0,
      heardAt: 0,
      until: now + ask.leaseMs,
      state: "under way",
      stamps,
      batches: [],
    });
    return { kind: "lead", stamps };
  }

  lead({ keys, leader, leaseMs, batch, state, entry }: News): Led {
    const now = this.#now();
    const lease = this.#lease(keys.lease, now);
    if (lease?.leader !== leader) return { followers: 0, isLeading: false };
    if (batch !== undefined) lease.batches.push(batch);
    lease.until = now + (state === "passed" ? PASSED_MS : leaseMs);
    if (state === "passed") lease.state = state;
    const followers = now - lease.heardAt < LISTENING_MS ? lease.followers : 0;
    const isOver = state === "passed" ? followers === 0 : state !== "under way";
    if (isOver) this.#leases.delete(keys.lease);
    if (state === "kept" && entry !== undefined) {
      this.#keep(keys.entry, { ...entry, leader, at: now, until: now + entry.ttlMs });
    }
    return { followers, isLeading: true };
  }

  follow(keys: EntryKeys, leader: string, from: number): Followed {
    const now = this.#now();
    const lease = this.#lease(keys.lease, now);
    if (lease?.leader === leader) {
      lease.heardAt = now;
      return { state: lease.state, batches: lease.batches.slice(from) };
    }
    const kept = this.#kept.get(keys.entry);
    return kept?.leader === leader ? { state: "kept", payload: kept.payload } : { state: "gone" };
  }

  purge(tagsKey: string, tag: string): void {
    const tags = this.#tags.get(tagsKey)?.generations ?? new Map<string, number>();
    const isOne = tags.size < MOST_TAGS || tags.has(tag);
    // All that is purged is the less to be remembered one by one.
    const generations = isOne ? tags : new Map([[ALL, tags.get(ALL) ?? 0]]);
    const purged = isOne ? tag : ALL;
    generations.set(purged, (generations.get(purged) ?? 0) + 1);
    this.#tags.set(tagsKey, { generations, until: this.#now() + MAX_TTL_MS });
  }

  #generation(tagsKey: string, tag: string): number {
    return this.#tags.get(tagsKey)?.generations.get(tag) ?? 0;
  }

  /** Lets go of what nobody asks for any more. */
  #sweep(now: number): void {
    for (const [key, kept] of this.#kept) if (kept.until <= now) this.#drop(key, kept);
    for (const [key, { until }] of this.#leases) if (until <= now) this.#leases.delete(key);
    for (const [key, { until }] of this.#tags) if (until <= now) this.#tags.delete(key);
  }

  /** Whether nothing was purged since. */
  #isFresh(stamps: Stamps, { tags }: Pick<EntryKeys, "tags">): boolean {
    return Object.entries(stamps).every(([tag, stamp]) => stamp === this.#generation(tags, tag));
  }

  #fresh({ entry, tags }: EntryKeys, now: number): Kept | undefined {
    const kept = this.#kept.get(entry);
    if (kept === undefined) return undefined;
    this.#drop(entry, kept);
    if (kept.until <= now || !this.#isFresh(kept.stamps, { tags })) return undefined;
    this.#put(entry, kept);
    return kept;
  }

  #lease(key: string, now: number): Lease | undefined {
    const lease = this.#leases.get(key);
    if (lease === undefined || lease.until > now) return lease;
    this.#leases.delete(key);
    return undefined;
  }

  #keep(key: string, kept: Kept): void {
    const old = this.#kept.get(key);
    if (old !== undefined) this.#drop(key, old);
    this.#put(key, kept);
    for (const [oldest, dropped] of this.#kept) {
      if (this.#room >= 0) return;
      this.#drop(oldest, dropped);
    }
  }

  #put(key: string, kept: Kept): void {
    this.#kept.set(key, kept);
    this.#room -= sizeOf(key, kept);
  }

  #drop(key: string, kept: Kept): void {
    this.#kept.delete(key);
    this.#room += sizeOf(key, kept);
  }
}

/** What an answer takes beside its bytes, roughly. */
const AROUND_BYTES = 1024;

const sizeOf = (key: string, { payload }: Kept): number => AROUND_BYTES + key.length + payload.byteLength;
