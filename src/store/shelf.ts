/**
 * Kept answers in memory.
 *
 * @module
 */
import {
  type EntryAsk,
  type EntryKeys,
  type Followed,
  type Found,
  type Led,
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
  until: number;
  state: "under way" | "passed";
  readonly batches: Bytes[];
}

/** The answers of one process, within its bytes. */
export class Shelf {
  /** In the order of their last use. */
  readonly #kept = new Map<string, Kept>();
  readonly #leases = new Map<string, Lease>();
  readonly #tags = new Map<string, Map<string, number>>();
  readonly #now: () => number;
  #room: number;

  constructor(now: () => number, maxBytes: number) {
    this.#now = now;
    this.#room = maxBytes;
  }

  find(ask: EntryAsk, id: string, mayLead: boolean): Found | undefined {
    const now = this.#now();
    const lease = this.#lease(ask.lease, now);
    // What isn't kept is for those who have waited for it: they may still have some of it to hear.
    const isPassed = lease?.state === "passed";
    if (!ask.isSkipped) {
      const kept = this.#fresh(ask, now);
      if (kept !== undefined) {
        return { kind: "hit", payload: kept.payload, ageMs: now - kept.at, ttlMs: kept.until - now };
      }
      if (lease !== undefined && !isPassed) {
        lease.followers++;
        return { kind: "follow", leader: lease.leader };
      }
    }
    if (isPassed || !mayLead) return undefined;
    this.#leases.set(ask.lease, {
      leader: id,
      followers: 0,
      until: now + ask.leaseMs,
      state: "under way",
      batches: [],
    });
    return { kind: "lead", stamps: Object.fromEntries(ask.under.map((tag) => [tag, this.#generation(ask.tags, tag)])) };
  }

  lead({ keys, leader, leaseMs, batch, state, entry }: News): Led {
    const now = this.#now();
    const lease = this.#lease(keys.lease, now);
    if (lease?.leader !== leader) return { followers: 0, isLeading: false };
    if (batch !== undefined) lease.batches.push(batch);
    lease.until = now + (state === "passed" ? PASSED_MS : leaseMs);
    if (state === "passed") lease.state = state;
    const isOver = state === "passed" ? lease.followers === 0 : state !== "under way";
    if (isOver) this.#leases.delete(keys.lease);
    if (state === "kept" && entry !== undefined) {
      this.#keep(keys.entry, { ...entry, leader, at: now, until: now + entry.ttlMs });
    }
    return { followers: lease.followers, isLeading: true };
  }

  follow(keys: EntryKeys, leader: string, from: number): Followed {
    const lease = this.#lease(keys.lease, this.#now());
    if (lease?.leader === leader) return { state: lease.state, batches: lease.batches.slice(from) };
    const kept = this.#kept.get(keys.entry);
    return kept?.leader === leader ? { state: "kept", payload: kept.payload } : { state: "gone" };
  }

  purge(tagsKey: string, tag: string): void {
    const tags = this.#tags.get(tagsKey) ?? new Map<string, number>();
    this.#tags.set(tagsKey, tags.set(tag, (tags.get(tag) ?? 0) + 1));
  }

  #generation(tagsKey: string, tag: string): number {
    return this.#tags.get(tagsKey)?.get(tag) ?? 0;
  }

  #fresh({ entry, tags }: EntryKeys, now: number): Kept | undefined {
    const kept = this.#kept.get(entry);
    if (kept === undefined) return undefined;
    const isStale = Object.entries(kept.stamps).some(([tag, stamp]) => stamp !== this.#generation(tags, tag));
    this.#drop(entry, kept);
    if (isStale || kept.until <= now) return undefined;
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
    this.#room -= kept.payload.byteLength;
  }

  #drop(key: string, kept: Kept): void {
    this.#kept.delete(key);
    this.#room += kept.payload.byteLength;
  }
}
