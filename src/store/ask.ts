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

/** What the script has said. */
export function admissionOf(ask: Ask, [granted, standings, entry]: Admitted): Admission {
  return { isGranted: Number(granted) === 1, standings: standings.map(standingOf), entry: foundOf(ask, entry) };
}

function standingOf([taken, left, isShort, resetMs]: readonly unknown[]): Standing {
  return { taken: Number(taken), left: Number(left), isShort: Number(isShort) === 1, resetMs: Number(resetMs) };
}

function foundOf({ entry }: Ask, [kind, one, ageMs, ttlMs]: readonly unknown[]): Found | undefined {
  switch (kind) {
    case "hit":
      return { kind, payload: fromBase64(String(one)), ageMs: Number(ageMs), ttlMs: Number(ttlMs) };
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
