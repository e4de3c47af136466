/**
 * What the script of the ledger is asked, and what it says.
 *
 * @module
 */
import { fromBase64 } from "../base64.ts";
import { holdKeys } from "./keys.ts";
import type { Admission, Ask, Claim, EntryKeys, Found, Standing } from "./store.ts";

/** Where the state of a claim lies: its count, its holds and their lapses. */
export const claimKeys = ({ key }: Claim): string[] => [key, ...holdKeys(key)];

/** Where an answer and what becomes of it lie. */
export const shareKeys = ({ entry, lease, relay }: EntryKeys): string[] => [entry, lease, relay];

/** Keys of a question to `ADMIT`. */
export function askKeys({ claims, entry }: Ask): string[] {
  const keys = claims.flatMap(claimKeys);
  return entry === undefined ? keys : [...keys, ...shareKeys(entry), entry.tags];
}

/** A claim, as scripts read it. */
export interface ClaimText {
  readonly measure: string;
  readonly limit: number;
  readonly window: number;
  readonly edges: readonly number[] | undefined;
  readonly need: number;
  readonly most: number;
  readonly hold: boolean;
  readonly shadow: boolean;
}

/** Puts a claim as scripts read it. */
export const claimText = (
  { measure, limit, windowMs, edges, need, most, isHold, isShadow }: Claim,
): ClaimText => ({
  measure,
  limit,
  window: windowMs,
  edges,
  need,
  most,
  hold: isHold,
  shadow: isShadow,
});

/** The question, as `ADMIT` takes it. */
export function askText({ id, claims, leaseMs, entry }: Ask): string {
  return JSON.stringify({
    id,
    lease: leaseMs,
    claims: claims.map(claimText),
    entry: entry && { under: entry.under, skip: entry.isSkipped, lease: entry.leaseMs },
  });
}

/** As the script answers: numbers come as text or as numbers. */
export type Admitted = readonly [
  granted: unknown,
  standings: readonly (readonly unknown[])[],
  entry: readonly unknown[],
];

/**
 * What the script has said.
 *
 * @throws {Error} Where it can't have said that: then it was no store of ours that answered.
 */
export function admissionOf(ask: Ask, [granted, standings, entry]: Admitted): Admission {
  if (standings.length !== ask.claims.length) throw new Error("The store told of other claims than it was asked for.");
  return { isGranted: number(granted) === 1, standings: standings.map(standingOf), entry: foundOf(ask, entry) };
}

function standingOf([taken, left, isShort, resetMs]: readonly unknown[]): Standing {
  return { taken: number(taken), left: number(left), isShort: number(isShort) === 1, resetMs: number(resetMs) };
}

function number(told: unknown): number {
  const value = typeof told === "string" && told !== "" ? Number(told) : told;
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new Error("The store told something else than a number.");
  }
  return value;
}

/** What somebody else has written in a record's place is no record. */
function recordIn(text: string): Uint8Array<ArrayBuffer> {
  try {
    return fromBase64(text);
  } catch {
    return new Uint8Array();
  }
}

function foundOf({ entry }: Ask, [kind, one, ageMs, ttlMs]: readonly unknown[]): Found | undefined {
  switch (kind) {
    case "hit":
      return { kind, payload: recordIn(String(one)), ageMs: number(ageMs), ttlMs: number(ttlMs) };
    case "follow":
      return { kind, leader: String(one) };
    case "lead": {
      const stamps = (entry?.under ?? []).map((tag, at) => [tag, Number((one as readonly unknown[])[at])] as const);
      return { kind, stamps: Object.fromEntries(stamps) };
    }
    default:
      return undefined;
  }
}
