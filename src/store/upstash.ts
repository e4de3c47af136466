/**
 * The shared store: Upstash Redis over REST, or any Redis or Valkey behind `headgate redis`.
 *
 * @module
 */
import { fromBase64, toBase64 } from "../base64.ts";
import { holdKeys } from "./keys.ts";
import { type Run, scripts, type UpstashEnvironment, type UpstashOptions } from "./redis.ts";
import { ADMIT, SETTLE } from "./scripts/admit.ts";
import { FOLLOW, LEAD, PURGE } from "./scripts/share.ts";
import {
  type Account,
  type Admission,
  type Ask,
  type Claim,
  type EntryKeys,
  type Followed,
  type Found,
  type Led,
  type News,
  PASSED_MS,
  type Standing,
  type Store,
} from "./store.ts";

export type { UpstashEnvironment, UpstashOptions };

/** No answer is kept longer, so neither need it be remembered that some were purged. */
const MAX_TTL_MS = 31 * 24 * 60 * 60 * 1000;

/**
 * State that all processes with the same database share. Does no I/O before the first question.
 *
 * @param where Options, or an environment that holds `UPSTASH_REDIS_REST_URL` and `UPSTASH_REDIS_REST_TOKEN`.
 */
export function upstash(where: UpstashOptions | UpstashEnvironment): Store {
  const [admit, settle, lead, follow, purge] = [ADMIT, SETTLE, LEAD, FOLLOW, PURGE].map(scripts(where)) as [
    Run,
    Run,
    Run,
    Run,
    Run,
  ];
  return {
    kind: "upstash",
    admit: async (ask) => admissionOf(ask, await admit(askKeys(ask), [askText(ask)]) as Admitted),
    async settle(accounts) {
      if (accounts.length === 0) return;
      await settle(accounts.flatMap(({ claim }) => claimKeys(claim)), [accountsText(accounts)]);
    },
    lead: async (news) => ledOf(await lead(shareKeys(news.keys), newsArgs(news)) as readonly unknown[]),
    follow: async (keys, leader, from) =>
      followedOf(await follow(shareKeys(keys), [leader, String(from)]) as [string, string[]]),
    purge: async (tags, tag) => void await purge([tags], [tag, String(MAX_TTL_MS)]),
  };
}

const claimKeys = ({ key }: Claim): string[] => [key, ...holdKeys(key)];

const shareKeys = ({ entry, lease, relay }: EntryKeys): string[] => [entry, lease, relay];

function askKeys({ claims, entry }: Ask): string[] {
  const keys = claims.flatMap(claimKeys);
  return entry === undefined ? keys : [...keys, ...shareKeys(entry), entry.tags];
}

const claimText = ({ measure, limit, windowMs, edges, need, most, isHold, isShadow }: Claim) => ({
  measure,
  limit,
  window: windowMs,
  edges,
  need,
  most,
  hold: isHold,
  shadow: isShadow,
});

function askText({ id, claims, leaseMs, entry }: Ask): string {
  return JSON.stringify({
    id,
    lease: leaseMs,
    claims: claims.map(claimText),
    entry: entry && { under: entry.under, skip: entry.isSkipped, lease: entry.leaseMs },
  });
}

const accountsText = (accounts: readonly Account[]): string =>
  JSON.stringify(accounts.map(({ claim, id, used = null, leaseMs }) => ({
    claim: claimText(claim),
    id,
    used,
    lease: leaseMs,
  })));

function newsArgs({ leader, state, leaseMs, batch, entry }: News): string[] {
  const ms = state === "passed" ? PASSED_MS : leaseMs;
  const head = entry && JSON.stringify({ leader, stamps: entry.stamps }).slice(1);
  return [
    leader,
    state,
    String(ms),
    batch === undefined ? "" : toBase64(batch),
    entry === undefined ? "" : `${head}\n${toBase64(entry.payload)}`,
    String(entry?.ttlMs ?? 0),
  ];
}

/** As the script answers: numbers come as text or as numbers. */
type Admitted = readonly [granted: unknown, standings: readonly (readonly unknown[])[], entry: readonly unknown[]];

function admissionOf(ask: Ask, [granted, standings, entry]: Admitted): Admission {
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

function ledOf([followers]: readonly unknown[]): Led {
  return { followers: Math.max(0, Number(followers)), isLeading: Number(followers) >= 0 };
}

function followedOf([state, list]: readonly [string, readonly string[]]): Followed {
  const [first, ...others] = list.map((text) => fromBase64(text));
  if (state === "kept") return first === undefined ? { state: "gone" } : { state, payload: first };
  if (state !== "under way" && state !== "passed") return { state: "gone" };
  return { state, batches: first === undefined ? [] : [first, ...others] };
}
