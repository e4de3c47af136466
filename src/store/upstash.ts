/**
 * The shared store: Upstash Redis over REST, or any Redis or Valkey behind `headgate redis`.
 *
 * @module
 */
import { Redis } from "@upstash/redis/cloudflare";
import { fromBase64, toBase64 } from "../base64.ts";
import { admissionOf, type Admitted, askKeys, askText, claimKeys, claimText, shareKeys } from "./ask.ts";
import { ADMIT, SETTLE } from "./scripts/admit.ts";
import { FOLLOW, LEAD, PURGE } from "./scripts/share.ts";
import {
  type Account,
  type Admission,
  ALL,
  type Ask,
  type Claim,
  type Followed,
  type Led,
  MAX_TTL_MS,
  MOST_TAGS,
  type News,
  PASSED_MS,
  type Standing,
  type Store,
} from "./store.ts";

/** Where the store is, and what opens it. */
export interface UpstashOptions {
  readonly url: string;
  readonly token: string;
  /** Milliseconds after which a request is given up; 1000 if absent. What a call waits for is far less: `storeTimeout`. */
  readonly timeoutMs?: number | undefined;
}

/** The usual variables of Upstash's own clients. */
export interface UpstashEnvironment {
  readonly UPSTASH_REDIS_REST_URL: string;
  readonly UPSTASH_REDIS_REST_TOKEN: string;
}

/**
 * Counts a claim with somebody else's algorithm over the store's own connection, and tells how its limit stands then.
 * Rejects where the store can't be asked: what becomes of the call is never its to decide.
 */
export type Stock = (redis: Redis) => (claim: Claim) => Promise<Standing>;

/** What a store may be given besides its place. */
export interface UpstashExtras {
  /**
   * Counts rules whose `algorithm` begins with `upstash-`: `stock()` of `headgate/ratelimit`. Without it they are counted
   * with our own algorithm of the same shape.
   */
  readonly stock?: Stock | undefined;
}

const TIMEOUT_MS = 1000;

/**
 * State that all processes with the same database share. Does no I/O before the first question.
 *
 * @param where Options, or an environment that holds `UPSTASH_REDIS_REST_URL` and `UPSTASH_REDIS_REST_TOKEN`.
 */
export function upstash(where: UpstashOptions | UpstashEnvironment, { stock }: UpstashExtras = {}): Store {
  const { url, token, timeoutMs = TIMEOUT_MS } = "url" in where
    ? where
    : { url: where.UPSTASH_REDIS_REST_URL, token: where.UPSTASH_REDIS_REST_TOKEN };
  const redis = new Redis({
    url,
    token,
    // What timed out may have been done: it is never asked for twice unseen.
    retry: { retries: 0 },
    signal: () => AbortSignal.timeout(timeoutMs),
    automaticDeserialization: false,
    enableAutoPipelining: false,
    enableTelemetry: false,
    readYourWrites: false,
  });
  const [admit, settle, lead, follow, purge] = [ADMIT, SETTLE, LEAD, FOLLOW, PURGE].map((text) => {
    const script = redis.createScript(text);
    // Sent whole until it is known to be there: no question takes two round trips, unless Redis has been emptied.
    let isThere = false;
    return async (keys: string[], args: string[]): Promise<unknown> => {
      const result = await (isThere ? script.exec(keys, args) : script.eval(keys, args));
      isThere = true;
      return result;
    };
  }) as [Run, Run, Run, Run, Run];
  const own = async (ask: Ask) => admissionOf(ask, await admit(askKeys(ask), [askText(ask)]) as Admitted);
  const take = stock?.(redis);
  return {
    kind: "upstash",
    admit: (ask) => take === undefined ? own(ask) : stocked(ask, take, own),
    async settle(accounts) {
      if (accounts.length === 0) return;
      await settle(accounts.flatMap(({ claim }) => claimKeys(claim)), [accountsText(accounts)]);
    },
    lead: async (news) => ledOf(await lead(shareKeys(news.keys), newsArgs(news)) as readonly unknown[]),
    follow: async (keys, leader, from) =>
      followedOf(await follow(shareKeys(keys), [leader, String(from)]) as [string, string[]]),
    purge: async (tags, tag) => void await purge([tags], [tag, String(MAX_TTL_MS), ALL, String(MOST_TAGS)]),
  };
}

/** Of a claim that nobody was asked about, since another had been refused already. */
const UNKNOWN: Standing = { taken: 0, left: 0, isShort: false, resetMs: 0, isUnknown: true };

/**
 * Asks the stock for what it counts, all of it at the same time, and then our own script for the rest; not at all where the
 * stock has refused. What the stock has counted stays counted, whoever refuses: its algorithms can't give back exactly.
 */
async function stocked(
  ask: Ask,
  take: ReturnType<Stock>,
  own: (ask: Ask) => Promise<Admission>,
): Promise<Admission> {
  const rest = ask.claims.filter(({ isStock }) => isStock !== true);
  if (rest.length === ask.claims.length) return await own(ask);
  const theirs = await Promise.all(ask.claims.map((claim) => claim.isStock === true ? take(claim) : undefined));
  const isRefused = ask.claims.some(({ isShadow }, at) => !isShadow && theirs[at]?.isShort === true);
  const isAll = rest.length === 0 && ask.entry === undefined;
  const { standings, ...admission }: Admission = isRefused || isAll
    ? { isGranted: !isRefused, standings: [] }
    : await own({ ...ask, claims: rest });
  const ours = [...standings];
  return { ...admission, standings: theirs.map((standing) => standing ?? ours.shift() ?? UNKNOWN) };
}

type Run = (keys: string[], args: string[]) => Promise<unknown>;

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

function ledOf([followers]: readonly unknown[]): Led {
  return { followers: Math.max(0, Number(followers)), isLeading: Number(followers) >= 0 };
}

function followedOf([state, list]: readonly [string, readonly string[]]): Followed {
  const [first, ...others] = list.map((text) => fromBase64(text));
  if (state === "kept") return first === undefined ? { state: "gone" } : { state, payload: first };
  if (state !== "under way" && state !== "passed") return { state: "gone" };
  return { state, batches: first === undefined ? [] : [first, ...others] };
}
