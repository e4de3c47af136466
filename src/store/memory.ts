/**
 * The embedded store: the same meaning as the shared one, for one process.
 *
 * @module
 */
import { add, type Count, emptyCount, isOpen, read, type Reading } from "./count.ts";
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
  /** Until when word of its call is waited for, or its late truth. */
  readonly until: number;
}

interface Line {
  readonly count: Count;
  /** Of calls that are under way. */
  readonly live: Map<string, Hold>;
  /** Of calls that were never heard of again, in the order in which they are forgotten. */
  readonly lapsed: Map<string, Hold>;
  /** Calls whose truth is counted, and until when that is remembered, in that order: no call looks through them. */
  readonly settled: Map<string, number>;
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

/** Milliseconds in which the same truth may be told again: nothing gets lost on the way within a process. */
const SETTLED_MS = 60_000;

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
    const line = { count: emptyCount(), live: new Map(), lapsed: new Map(), settled: new Map(), until: 0 };
    this.#lines.set(key, line);
    return line;
  }

  #draft(claim: Claim, id: string, now: number): Draft {
    const line = this.#line(claim.key);
    if (claim.isHold) lapse(line, claim, now);
    const reading = read(line.count, claim, now);
    const isHeld = claim.isHold ? isKnown(line, id) : line.count.holders.has(id);
    return { claim, line, reading, isHeld, isShort: !isHeld && reading.used + claim.need > claim.limit };
  }

  #take({ claim, line, reading }: Draft, { id, leaseMs }: Ask, now: number): number {
    const available = claim.limit - reading.used;
    const taken = Math.min(claim.most, Math.max(claim.need, Math.floor(available / 2)));
    line.until = Math.max(line.until, now + 2 * claim.windowMs + (claim.isHold ? REMEMBERED_MS : 0));
    if (claim.measure === "concurrent") line.count.holders.set(id, now + leaseMs);
    else add(line.count, claim, reading.slot, taken, true);
    if (claim.isHold) {
      line.live.set(id, { slot: reading.slot, taken, need: claim.need, until: now + leaseMs });
    }
    return taken;
  }

  settle({ claim, id, used, leaseMs }: Account): void {
    const now = this.#now();
    const line = this.#line(claim.key);
    if (claim.measure === "concurrent") return freed(line, id, used, now + leaseMs);
    const { live, lapsed, settled } = line;
    const hold = live.get(id) ?? lapsed.get(id);
    if (used === undefined) {
      if (hold !== undefined && live.has(id)) live.set(id, { ...hold, until: now + leaseMs });
      return;
    }
    if (settled.has(id)) return;
    const reading = read(line.count, claim, now);
    const amount = used - (hold?.taken ?? 0);
    // What a call took beyond its hold is lost in no window, be that its own is over.
    const isLate = hold === undefined || (amount > 0 && !isOpen(line.count, claim, hold.slot, reading));
    const slot = isLate ? reading.slot : hold.slot;
    add(line.count, claim, slot, amount, isLate);
    live.delete(id);
    lapsed.delete(id);
    settled.set(id, now + SETTLED_MS);
    line.until = Math.max(line.until, now + 2 * claim.windowMs + REMEMBERED_MS);
  }

  #sweep(now: number): void {
    for (const [key, { until }] of this.#lines) if (until < now) this.#lines.delete(key);
  }
}

const isKnown = ({ live, lapsed, settled }: Line, id: string): boolean =>
  live.has(id) || lapsed.has(id) || settled.has(id);

/** Holds whose calls have gone silent count with what such calls usually use. */
function lapse({ count, live, lapsed, settled }: Line, claim: Claim, now: number): void {
  for (const [id, until] of settled) {
    if (until > now) break;
    settled.delete(id);
  }
  for (const [id, { until }] of lapsed) {
    if (until > now) break;
    lapsed.delete(id);
  }
  for (const [id, hold] of live) {
    if (hold.until > now) continue;
    add(count, claim, hold.slot, hold.need - hold.taken, false);
    live.delete(id);
    lapsed.set(id, { ...hold, taken: hold.need, until: now + REMEMBERED_MS });
  }
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
