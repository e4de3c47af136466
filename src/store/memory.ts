/**
 * The embedded store: the same meaning as the shared one, for one process.
 *
 * @module
 */
import { add, type Count, emptyCount, read, type Reading } from "./count.ts";
import { Shelf } from "./shelf.ts";
import {
  type Account,
  type Admission,
  type Ask,
  type Claim,
  type Found,
  REMEMBERED_MS,
  type Standing,
  type Store,
} from "./store.ts";

/** Options of {@link memory}. */
export interface MemoryOptions {
  /** Of all kept answers together; those not asked for the longest go first. 64 MiB if absent. */
  readonly maxBytes?: number | undefined;
  /** Epoch milliseconds. */
  readonly now?: (() => number) | undefined;
}

/** State of one process: gone when it ends, and not shared with another. */
export function memory({ maxBytes = 64 * 1024 * 1024, now = Date.now }: MemoryOptions = {}): Store {
  const ledger = new Ledger(now);
  const shelf = new Shelf(now, maxBytes);
  return {
    kind: "memory",
    admit: (ask) =>
      Promise.resolve(ledger.admit(ask, (mayLead) => ask.entry && shelf.find(ask.entry, ask.id, mayLead))),
    settle: async (accounts) => accounts.forEach((account) => ledger.settle(account)),
    lead: (news) => Promise.resolve(shelf.lead(news)),
    follow: (keys, leader, from) => Promise.resolve(shelf.follow(keys, leader, from)),
    purge: async (tags, tag) => shelf.purge(tags, tag),
  };
}

/** An amount taken beforehand. */
interface Hold {
  readonly slot: number;
  readonly taken: number;
  readonly need: number;
  /** What is expected of it at `until`: word of its call, or nothing any more. */
  readonly state: "live" | "lapsed" | "settled";
  readonly until: number;
}

interface Line {
  readonly count: Count;
  /** Of calls that are under way. */
  readonly live: Map<string, Hold>;
  /** Of all others, in the order in which they are forgotten: however many there are, no call looks through them. */
  readonly past: Map<string, Hold>;
  until: number;
}

/** What a claim would take. */
interface Draft {
  readonly claim: Claim;
  readonly line: Line;
  readonly reading: Reading;
  readonly isHeld: boolean;
  readonly isShort: boolean;
}

const SWEPT_AFTER = 1000;

class Ledger {
  readonly #lines = new Map<string, Line>();
  readonly #now: () => number;
  #asked = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  admit(ask: Ask, find: (mayLead: boolean) => Found | undefined): Admission {
    const now = this.#now();
    if (++this.#asked % SWEPT_AFTER === 0) this.#sweep(now);
    const drafts = ask.claims.map((claim) => this.#draft(claim, ask.id, now));
    const isRefused = (isHold: boolean) =>
      drafts.some(({ claim, isShort }) => isShort && !claim.isShadow && claim.isHold === isHold);
    if (isRefused(false)) return refused(drafts);
    // What is kept, or on its way, costs nothing: it is served though a budget is spent.
    const isSpent = isRefused(true);
    const entry = find(!isSpent);
    const isServed = entry?.kind === "hit" || entry?.kind === "follow";
    if (isSpent && !isServed) return refused(drafts);
    const standings = drafts.map((draft) => {
      const takes = !draft.isShort && !draft.isHeld && !(isServed && draft.claim.isHold);
      return standingOf(draft, takes ? this.#take(draft, ask, now) : 0);
    });
    return { isGranted: true, standings, entry };
  }

  #line(key: string): Line {
    const found = this.#lines.get(key);
    if (found !== undefined) return found;
    const line = { count: emptyCount(), live: new Map(), past: new Map(), until: 0 };
    this.#lines.set(key, line);
    return line;
  }

  #draft(claim: Claim, id: string, now: number): Draft {
    const line = this.#line(claim.key);
    if (claim.isHold) lapse(line, claim, now);
    const reading = read(line.count, claim, now);
    const isHeld = claim.isHold ? line.live.has(id) || line.past.has(id) : line.count.holders.has(id);
    return { claim, line, reading, isHeld, isShort: !isHeld && reading.used + claim.need > claim.limit };
  }

  #take({ claim, line, reading }: Draft, { id, leaseMs }: Ask, now: number): number {
    const available = claim.limit - reading.used;
    const taken = Math.min(claim.most, Math.max(claim.need, Math.floor(available / 2)));
    line.until = Math.max(line.until, now + 2 * claim.windowMs + (claim.isHold ? REMEMBERED_MS : 0));
    if (claim.measure === "concurrent") line.count.holders.set(id, now + leaseMs);
    else add(line.count, claim, reading.slot, taken, true);
    if (claim.isHold) {
      line.live.set(id, { slot: reading.slot, taken, need: claim.need, state: "live", until: now + leaseMs });
    }
    return taken;
  }

  settle({ claim, id, used, leaseMs }: Account): void {
    const now = this.#now();
    const line = this.#line(claim.key);
    if (claim.measure === "concurrent") return freed(line, id, used, now + leaseMs);
    const hold = line.live.get(id) ?? line.past.get(id);
    if (used === undefined) {
      if (hold?.state === "live") line.live.set(id, { ...hold, until: now + leaseMs });
      return;
    }
    if (hold?.state === "settled") return;
    const reading = read(line.count, claim, now);
    const slot = hold?.slot ?? reading.slot;
    add(line.count, claim, slot, used - (hold?.taken ?? 0), hold === undefined);
    putAway(line, id, { slot, taken: used, need: used, state: "settled", until: now + REMEMBERED_MS });
    line.until = Math.max(line.until, now + 2 * claim.windowMs + REMEMBERED_MS);
  }

  #sweep(now: number): void {
    for (const [key, { until }] of this.#lines) if (until < now) this.#lines.delete(key);
  }
}

/** Holds whose calls have gone silent count with what such calls usually use. */
function lapse(line: Line, claim: Claim, now: number): void {
  const { count, live, past } = line;
  for (const [id, { until }] of past) {
    if (until > now) break;
    past.delete(id);
  }
  for (const [id, hold] of live) {
    if (hold.until > now) continue;
    add(count, claim, hold.slot, hold.need - hold.taken, false);
    putAway(line, id, { ...hold, taken: hold.need, state: "lapsed", until: now + REMEMBERED_MS });
  }
}

/** Nothing more is expected of a hold but, perhaps, its truth. */
function putAway({ live, past }: Line, id: string, hold: Hold): void {
  live.delete(id);
  past.delete(id);
  past.set(id, hold);
}

function freed({ count: { holders } }: Line, id: string, used: number | undefined, until: number): void {
  if (used !== undefined) holders.delete(id);
  else if (holders.has(id)) holders.set(id, until);
}

function refused(drafts: readonly Draft[]): Admission {
  return { isGranted: false, standings: drafts.map((draft) => standingOf(draft, 0)) };
}

function standingOf({ claim, reading, isShort }: Draft, taken: number): Standing {
  const left = Math.max(0, Math.floor(claim.limit - reading.used) - taken);
  return { taken, left, isShort, resetMs: isShort ? reading.freeIn(claim.need) : reading.resetMs };
}
