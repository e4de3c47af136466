/**
 * How one count in memory grows and shrinks: the same sums as in the script of the Upstash store.
 *
 * @module
 */
import { A_WHILE_MS, type Claim, PARTS } from "./store.ts";

/** What is counted in one window, or one part of it. */
type Slots = Map<number, number>;

/** A count as it stands. */
export interface Count {
  /** Amounts by number of window or part, or by the edge at which a period began. */
  readonly slots: Slots;
  /** Of a bucket: what is in it, and since when that hasn't been looked at. */
  level: number;
  at: number;
  /** Who is there, and until when without another word. */
  readonly holders: Map<string, number>;
}

export const emptyCount = (): Count => ({ slots: new Map(), level: 0, at: 0, holders: new Map() });

/** How a count stands for a claim. */
export interface Reading {
  readonly used: number;
  /** Where something taken now is counted. */
  readonly slot: number;
  /** Milliseconds until so much is free. */
  freeIn(amount: number): number;
  /** Milliseconds after which what is counted now counts no more. */
  readonly resetMs: number;
}

/** Reads a count, and lets go of what is over. */
export function read(count: Count, claim: Claim, now: number): Reading {
  switch (claim.measure) {
    case "fixed":
      return readFixed(count, claim, now);
    case "sliding":
      return readSliding(count, claim, now);
    case "bucket":
      return readBucket(count, claim, now);
    case "concurrent":
      return readConcurrent(count, claim, now);
  }
}

function readFixed({ slots }: Count, { windowMs, edges }: Claim, now: number): Reading {
  const [slot, end] = periodOf(now, windowMs, edges);
  for (const other of slots.keys()) if (other < slot) slots.delete(other);
  return { used: slots.get(slot) ?? 0, slot, freeIn: () => end - now, resetMs: end - now };
}

/** The window that a moment lies in, and when it ends. */
function periodOf(now: number, windowMs: number, edges: readonly number[] | undefined): readonly [number, number] {
  if (edges === undefined) {
    const slot = Math.floor(now / windowMs);
    return [slot, (slot + 1) * windowMs];
  }
  const next = edges.findIndex((edge) => edge > now);
  return [edges[next - 1] ?? 0, edges[next] ?? now + windowMs];
}

function readSliding({ slots }: Count, { windowMs, limit }: Claim, now: number): Reading {
  const width = Math.ceil(windowMs / PARTS);
  const slot = Math.floor(now / width);
  let used = 0;
  for (const [part, amount] of slots) {
    // What lies more than a window ahead was counted by a clock that has been set back since.
    if (Math.abs(part - slot) > PARTS) slots.delete(part);
    else used += amount;
  }
  const freeIn = (amount: number) => {
    let left = limit - used;
    for (const [part, freed] of [...slots].sort(([one], [other]) => one - other)) {
      left += freed;
      if (left >= amount) return (part + PARTS + 1) * width - now;
    }
    return windowMs;
  };
  return { used, slot, freeIn, resetMs: windowMs };
}

function readBucket(count: Count, { windowMs, limit }: Claim, now: number): Reading {
  const perMs = limit / windowMs;
  count.level = Math.max(0, count.level - Math.max(0, now - count.at) * perMs);
  count.at = now;
  const used = count.level;
  const freeIn = (amount: number) => Math.max(0, Math.ceil((amount - limit + used) / perMs));
  return { used, slot: 0, freeIn, resetMs: windowMs };
}

function readConcurrent({ holders }: Count, _: Claim, now: number): Reading {
  for (const [id, until] of holders) if (until <= now) holders.delete(id);
  return { used: holders.size, slot: 0, freeIn: () => A_WHILE_MS, resetMs: 0 };
}

/** Counts an amount, which may be negative. What is over isn't counted any more. */
export function add(count: Count, { measure }: Claim, slot: number, amount: number, isNew: boolean): void {
  if (measure === "bucket") count.level = Math.max(0, count.level + amount);
  else if (isNew || count.slots.has(slot)) count.slots.set(slot, (count.slots.get(slot) ?? 0) + amount);
}
