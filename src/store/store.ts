/**
 * Shared state: what a call may take of its limits and budgets, and answers that are kept. A port with five verbs, so
 * that everything a call must know beforehand is one question.
 *
 * @module
 */

/** Parts of a sliding window. One more is counted: the part in which the window began. */
export const PARTS = 60;

/** Milliseconds for which a hold is remembered that was settled, or whose call was never heard of again: its truth may still come. */
export const REMEMBERED_MS = 3_600_000;

/** Milliseconds after which who followed an answer, and hasn't asked for it since, counts as gone. */
export const LISTENING_MS = 2000;

/** No answer is kept for more milliseconds, so neither need it be remembered longer that some were purged. */
export const MAX_TTL_MS: number = 31 * 86_400_000;

/** Milliseconds that followers have to fetch the rest of an answer that isn't kept. */
export const PASSED_MS = 10_000;

/** The tag on every answer. */
export const ALL = "*";

/** Tags of one owner that are remembered to have been purged; one more purges all. */
export const MOST_TAGS = 10_000;

/** Milliseconds until a place among concurrent calls is asked for again: nobody knows when a call ends. */
export const A_WHILE_MS = 1000;

/** Where shared state lives. All of it is kept under keys of `keys.ts`; every key has a time to live. */
export interface Store {
  /** As `/readyz` names it: `memory`, `upstash`. */
  readonly kind: string;
  /**
   * Takes what a call claims, all of it or nothing, and looks for a kept answer; one round trip. Asking again with the
   * same id takes no hold twice. A hold is not taken where an answer is kept or under way already.
   */
  admit(ask: Ask): Promise<Admission>;
  /** Corrects holds to what was used, frees what is concurrent, or keeps both alive. Told twice, it counts once. */
  settle(accounts: readonly Account[]): Promise<void>;
  /** Tells what has come of an answer that others may be waiting for, and that its leader is alive. */
  lead(news: News): Promise<Led>;
  /** What has come of an answer under way elsewhere. */
  follow(of: EntryKeys, leader: string, from: number): Promise<Followed>;
  /** Makes every answer kept under a tag unfindable, at once. */
  purge(tags: EntryKeys["tags"], tag: string): Promise<void>;
}

/** How an amount is counted. */
export type Measure =
  /** In windows that begin at fixed times, or at the edges of a calendar. */
  | "fixed"
  /** In the time just past, in sixtieths of the window; never more than the limit in any window. */
  | "sliding"
  /** In a bucket that holds the limit and is refilled once in a window, evenly. */
  | "bucket"
  /** Of calls at the same time. */
  | "concurrent";

/** What a call wants of one limit. Amounts are whole: requests, tokens, billionths of a dollar. */
export interface Claim {
  readonly key: string;
  readonly measure: Measure;
  /** Whether a store that has somebody else's algorithms of this shape counts with those; for whole calls only. */
  readonly isStock?: boolean | undefined;
  readonly limit: number;
  readonly windowMs: number;
  /** Epoch milliseconds at which periods of the calendar begin, of which the store's own clock picks one. */
  readonly edges?: readonly number[] | undefined;
  /** Without so much left the call is refused. */
  readonly need: number;
  /** At most so much is taken, but no more than half of what is left, or what is needed. */
  readonly most: number;
  /** Whether the amount is an estimate that {@link Store.settle} corrects. */
  readonly isHold: boolean;
  /** Whether it is told, and never refuses. */
  readonly isShadow: boolean;
}

/** Everything that a call must know beforehand. */
export interface Ask {
  /** Of the attempt. */
  readonly id: string;
  readonly claims: readonly Claim[];
  /** Milliseconds after which a holder that says nothing counts as gone. */
  readonly leaseMs: number;
  readonly entry?: EntryAsk | undefined;
}

/** Where a kept answer lies. */
export interface EntryKeys {
  readonly entry: string;
  /** Who is fetching it. */
  readonly lease: string;
  /** What has come of it so far. */
  readonly relay: string;
  /** Generations of the tags of its owner: a purge counts one up. */
  readonly tags: string;
}

/** Asks for a kept answer, and for the right to fetch it where there is none. */
export interface EntryAsk extends EntryKeys {
  /** Tags that the answer would be kept under. */
  readonly under: readonly string[];
  /** Not to be read, nor waited for: it is fetched anew. */
  readonly isSkipped: boolean;
  readonly leaseMs: number;
}

/** What a call was given. */
export interface Admission {
  readonly isGranted: boolean;
  /** Of each claim, in their order. */
  readonly standings: readonly Standing[];
  /** Absent, too, where an answer has just come that isn't kept, and others still fetch it: it is to be fetched anew, and not kept. */
  readonly entry?: Found | undefined;
}

/** How one limit stands now. */
export interface Standing {
  /** 0 where nothing was taken. */
  readonly taken: number;
  readonly left: number;
  /** Whether less was left than was needed. */
  readonly isShort: boolean;
  /** Whether it was never looked at, since another claim had been refused already; the rest then says nothing. */
  readonly isUnknown?: boolean | undefined;
  /** Milliseconds until there is enough, where it is short; else until all of it is free again. */
  readonly resetMs: number;
}

/** What is known of an answer. */
export type Found =
  | { readonly kind: "hit"; readonly payload: Uint8Array<ArrayBuffer>; readonly ageMs: number; readonly ttlMs: number }
  /** Fetch it; the generations of its tags are as they are now. */
  | { readonly kind: "lead"; readonly stamps: Stamps }
  /** Somebody fetches it. */
  | { readonly kind: "follow"; readonly leader: string };

/** Generations by tag. */
export type Stamps = Readonly<Record<string, number>>;

/** What became of one claim. */
export interface Account {
  readonly claim: Claim;
  /** As in {@link Ask.id}. */
  readonly id: string;
  /** What was used; `undefined` keeps the claim alive for another lease. */
  readonly used: number | undefined;
  readonly leaseMs: number;
}

/** What a leader tells. */
export interface News {
  readonly keys: EntryKeys;
  readonly leader: string;
  readonly leaseMs: number;
  /** What has come since the last time; only where somebody follows. */
  readonly batch: Uint8Array<ArrayBuffer> | undefined;
  /** `under way`; `kept`: whole, and to be kept; `passed`: whole, and only for those who have waited; `failed`: nothing will come of it. */
  readonly state: "under way" | "kept" | "passed" | "failed";
  /** Of a `kept` one. */
  readonly entry?: { readonly payload: Uint8Array<ArrayBuffer>; readonly stamps: Stamps; readonly ttlMs: number };
}

/** What a leader hears. */
export interface Led {
  /** How many have asked for the same answer since the lead was taken; none where nobody has been heard for a while. */
  readonly followers: number;
  /** Whether the lead is still its own. */
  readonly isLeading: boolean;
}

/** What a follower hears. */
export type Followed =
  | { readonly state: "under way" | "passed"; readonly batches: readonly Uint8Array<ArrayBuffer>[] }
  | { readonly state: "kept"; readonly payload: Uint8Array<ArrayBuffer> }
  | { readonly state: "gone" };
