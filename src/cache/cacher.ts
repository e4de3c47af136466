/**
 * The cache at work on one call: a kept answer is replayed, one under way is shared, and a new one is kept once it is
 * whole.
 *
 * @module
 */
import { wholeAnswer, wholeBody } from "../answer.ts";
import { joined } from "../bytes.ts";
import type { Call, Identified, Planned, Tagged, Target } from "../call.ts";
import type { Clock } from "../clock.ts";
import { GatewayError } from "../errors.ts";
import { flowing, type Source, through } from "../flow.ts";
import { field, parsedJson } from "../json.ts";
import * as HEADER from "../names.ts";
import { Patience } from "../patience.ts";
import type { WireId } from "../providers/provider.ts";
import { finishReader, finishReasons, isWholeFinish } from "../providers/wires/finish.ts";
import { wireOf } from "../providers/wires/table.ts";
import type { Sealer } from "../seal.ts";
import type { EntryAsk, EntryKeys, Found, Store } from "../store/store.ts";
import { Flight } from "./flight.ts";
import { type KeyOptions, type Lookup, lookupOf } from "./key.ts";
import { type Chunk, type Head, headOf, readRecord } from "./record.ts";
import { followed, LEAD_MS, opened, type Passed, Relay, type RelayOptions } from "./relay.ts";

/** How answers are kept. */
export interface CacheSettings extends KeyOptions {
  /** Answers that are larger aren't kept; 4 MiB if absent. */
  readonly maxBytes?: number | undefined;
  /** Whether a stream is replayed at once or as it first came; at once if absent. */
  readonly pace?: "instant" | "recorded" | undefined;
  /** Encrypts what is kept. */
  readonly sealer?: Sealer | undefined;
}

/** A call that the cache may concern. */
export type Cached = Call & Planned & Partial<Identified & Tagged>;

const MAX_BYTES = 4 * 1024 * 1024;
/** Where a caller names a key and nobody a time to live. */
const NAMED_TTL_SECONDS = 300;
/** In one process a leader can't vanish unseen. */
const LOCAL_LEAD_MS = 3_600_000;

/** Answers under way in this process, by their leader; those of one store belong together. */
const FLIGHTS = new WeakMap<Store, Map<string, UnderWay>>();

interface UnderWay {
  readonly flight: Flight;
  /** Resolves when the store knows what came of it. */
  readonly over: Promise<void>;
}

/** The cache of one gateway. */
export class Cacher {
  readonly #settings: CacheSettings;
  readonly #relay: RelayOptions;
  readonly #flights: Map<string, UnderWay>;
  readonly #maxBytes: number;

  constructor(settings: CacheSettings, store: Store, clock: Clock) {
    this.#settings = settings;
    this.#relay = { store, clock, sealer: settings.sealer };
    this.#flights = FLIGHTS.get(store) ?? new Map();
    FLIGHTS.set(store, this.#flights);
    this.#maxBytes = settings.maxBytes ?? MAX_BYTES;
  }

  /** Where a call's answer would be kept; `undefined` where the cache isn't in play. */
  lookUp(call: Cached, target: Target): Promise<Lookup> | undefined {
    return ttlMsOf(target) > 0 && isCacheable(call, target) ? lookupOf(call, target, this.#settings) : undefined;
  }

  /**
   * What is asked of the store.
   *
   * @param isUnread Whether what is kept was looked at already, and can't be read: another takes its place.
   */
  ask({ keys, under }: Lookup, { policy }: Target, isUnread: boolean): EntryAsk {
    return { ...keys, under, isSkipped: policy.skipsCache || isUnread, leaseMs: this.#leadMs };
  }

  get #leadMs(): number {
    return this.#relay.store.kind === "memory" ? LOCAL_LEAD_MS : LEAD_MS;
  }

  /** A kept answer; `undefined` where it can't be read. */
  async replayed(call: Cached, { keys }: Lookup, hit: Extract<Found, { kind: "hit" }>): Promise<Response | undefined> {
    const answer = readRecord(await opened(this.#relay, hit.payload, keys.entry));
    if (answer === undefined) return undefined;
    const { head, chunks } = answer;
    // A clock may have been set back since.
    const [age, ttl] = [Math.floor(hit.ageMs / 1000), Math.ceil(hit.ttlMs / 1000)].map((time) => Math.max(0, time));
    const told = statusOf(`hit; ttl=${ttl}`, "HIT");
    const headers: [string, string][] = [...pairs(head), ...told, ["age", String(age)]];
    const init = { status: head.status, headers };
    if (this.#settings.pace !== "recorded" || chunks.length < 2) {
      return wholeAnswer(joined(chunks.map(({ bytes }) => bytes)), init, call.platform);
    }
    return flowing(paced(chunks, this.#relay.clock, call.signal), init);
  }

  /**
   * An answer that another call is fetching; `undefined` where nothing came of that.
   *
   * @throws {GatewayError} `upstream_timeout` where it doesn't begin in the time that this call gives a provider.
   */
  async shared(call: Cached, target: Target, { keys }: Lookup, leader: string): Promise<Response | undefined> {
    const waiting = new AbortController();
    const patience = new Patience(() => waiting.abort(), undefined);
    patience.expect(this.#headMs(call, target));
    const leave = () => waiting.abort(call.signal.reason);
    call.signal.addEventListener("abort", leave);
    if (call.signal.aborted) leave();
    const passed = await joinedTo(this.#flights.get(leader) ?? this.#followed(call, keys, leader), waiting.signal)
      .finally(() => {
        patience.end();
        call.signal.removeEventListener("abort", leave);
      });
    if (patience.isLost && passed === undefined) throw LATE();
    if (passed === undefined) return undefined;
    const { head, source } = passed;
    call.signal.addEventListener("abort", () => void source.cancel(call.signal.reason));
    const headers = [...pairs(head), ...statusOf("fwd=miss; collapsed", "HIT")];
    return flowing(source, { status: head.status, headers });
  }

  /** Milliseconds in which an answer must begin. */
  #headMs({ deadlineAt }: Cached, { policy }: Target): number | undefined {
    const { headersTimeoutMs = Infinity, firstTokenTimeoutMs = Infinity, totalTimeoutMs = Infinity } = policy;
    const leftMs = deadlineAt === undefined ? Infinity : Math.max(deadlineAt - this.#relay.clock.now(), 1);
    const ms = Math.min(headersTimeoutMs, firstTokenTimeoutMs, totalTimeoutMs, leftMs);
    return ms === Infinity ? undefined : ms;
  }

  /** What another process fetches, heard once for all calls of this one. */
  #followed(call: Cached, keys: EntryKeys, leader: string): UnderWay {
    const controller = new AbortController();
    const flight = new Flight(this.#maxBytes, (reason) => {
      flight.abandon(reason);
      controller.abort(reason);
    });
    const listen = async () => {
      try {
        const passed = await followed(this.#relay, keys, leader, controller.signal);
        if (passed === undefined) flight.land({ kind: "failed", error: undefined });
        else await flight.fly(passed.head, passed.source);
      } catch (error) {
        flight.land({ kind: "failed", error });
      } finally {
        this.#flights.delete(leader);
      }
    };
    const underWay = { flight, over: listen() };
    this.#flights.set(leader, underWay);
    call.platform.after(underWay.over);
    return underWay;
  }

  /**
   * Fetches an answer that others may wait for, and keeps it if it is worth it.
   *
   * @param next Fetches it, until its signal fires: not when this call's client leaves while others wait.
   * @returns The answer, and a promise of the end of all work for it.
   */
  async lead(
    call: Cached,
    target: Target,
    lookup: Lookup,
    { id, stamps }: { readonly id: string; readonly stamps: Extract<Found, { kind: "lead" }>["stamps"] },
    next: (signal: AbortSignal) => Promise<Response>,
  ): Promise<Lead> {
    const controller = new AbortController();
    const isLocal = this.#relay.store.kind === "memory";
    const flight = new Flight(this.#maxBytes, async (reason) => {
      if (!isLocal && await relay.isWanted()) return;
      flight.abandon(reason);
      controller.abort(reason);
    });
    const relay = new Relay(this.#relay, lookup.keys, id, flight);
    if (!isLocal) void relay.run();
    const own = flight.reader();
    const leave = () => void own.cancel(call.signal.reason);
    call.signal.addEventListener("abort", leave);
    if (call.signal.aborted) leave();
    const over = this.#kept(flight, relay, target, stamps).finally(() => {
      this.#flights.delete(id);
      call.signal.removeEventListener("abort", leave);
    });
    this.#flights.set(id, { flight, over });
    call.platform.after(over);
    try {
      const answer = await next(controller.signal);
      tellMiss(answer, target.policy.skipsCache ? "fwd=request" : "fwd=miss");
      return { answer: flown(answer, flight, own), over };
    } catch (error) {
      flight.land({ kind: "failed", error });
      throw error;
    }
  }

  /** Leaves it to another call to fetch an answer for all. */
  async forgo({ keys }: Lookup, id: string): Promise<void> {
    await this.#relay.store.lead({ keys, leader: id, leaseMs: this.#leadMs, batch: undefined, state: "failed" });
  }

  /** Waits for the end, and tells the store what came of it. */
  async #kept(flight: Flight, relay: Relay, target: Target, stamps: Readonly<Record<string, number>>): Promise<void> {
    const landing = await flight.landed;
    const head = await flight.head;
    if (landing.kind === "failed" || head === undefined) return await relay.fail();
    const { chunks } = flight;
    const ttlMs = ttlMsOf(target);
    // What is too large to be held couldn't be told to those elsewhere: they mustn't take what they have for all of it.
    if (chunks === undefined) return await relay.fail();
    if (isGood(head, chunks, target)) return await relay.keep(head, chunks, { stamps, ttlMs });
    await relay.pass();
  }
}

/** Lets an answer be heard by all who wait for it. */
function flown(answer: Response, flight: Flight, own: Source): Response {
  const whole = wholeBody(answer);
  if (!answer.ok || (whole === undefined && answer.body === null)) {
    // What one call was refused, another may be given.
    flight.land({ kind: "failed", error: undefined });
    return answer;
  }
  if (whole !== undefined) {
    flight.bring(headOf(answer), whole);
    return answer;
  }
  return through(answer, (source) => {
    void flight.fly(headOf(answer), source);
    return own;
  });
}

/** An answer that is being fetched. */
export interface Lead {
  readonly answer: Response;
  /** Resolves when nothing more is done for it. */
  readonly over: Promise<void>;
}

/** Milliseconds that an answer is kept for; 0 where it isn't. */
function ttlMsOf({ policy: { cacheTtlSeconds, cacheKey } }: Target): number {
  return (cacheTtlSeconds ?? (cacheKey === undefined ? 0 : NAMED_TTL_SECONDS)) * 1000;
}

/** Requests whose answer depends on what the client has already aren't. */
const isCacheable = ({ method, headers }: Call, { body }: Target): boolean =>
  method === "POST" && body.kind === "json" && !headers.has("range") && !headers.has("if-none-match");

/**
 * Whether an answer that came to its end is worth being given to others: one that the model cut short, or withheld, isn't.
 * Nor is what can't be looked into, a web page, or an error, whatever status it came with.
 */
function isGood({ headers, status }: Head, chunks: readonly Chunk[], { provider, path }: Target): boolean {
  const wire = wireOf(provider, path);
  const header = (wanted: string) => headers.find(([name]) => name === wanted)?.[1] ?? "";
  const type = header("content-type");
  if (status === 206 || /html/i.test(type) || !/^(identity)?$/i.test(header("content-encoding"))) return false;
  const reader = wire && finishReader(wire, type);
  for (const { bytes } of chunks) reader?.chunk(bytes);
  const document = reader === undefined ? documentIn(chunks) : undefined;
  if (field(document, "error")) return false;
  const reasons = reader === undefined ? finishReasons(document) : reader.reasons();
  if (reasons.length === 0 && wire !== undefined && TELLING.includes(wire.id)) return false;
  return isWholeFinish(reasons) && chunks.some(({ bytes }) => bytes.byteLength > 0);
}

/** Formats that always tell why a model stopped: an answer that doesn't isn't whole. */
const TELLING: readonly WireId[] = [
  "openai-chat",
  "openai-responses",
  "anthropic-messages",
  "gemini",
  "bedrock-converse",
];

const documentIn = (chunks: readonly Chunk[]): unknown =>
  parsedJson(new TextDecoder().decode(joined(chunks.map(({ bytes }) => bytes))));

/** Says that an answer is no kept one, and why: in the words of RFC 9211. */
export function tellMiss({ headers }: Response, why: string): void {
  for (const [name, value] of statusOf(why, "MISS")) headers.set(name, value);
}

/** RFC 9211's field, and Cloudflare's. */
const statusOf = (status: string, cloudflares: "HIT" | "MISS"): [string, string][] => [
  [HEADER.cacheStatus, cloudflares],
  ["cache-status", `headgate; ${status}`],
];

const pairs = ({ headers }: Head): [string, string][] => headers.map(([name, value]) => [name, value]);

/** A stream as it first came. */
function paced(chunks: readonly Chunk[], clock: Clock, signal: AbortSignal): Source {
  const began = clock.now();
  let at = 0;
  return {
    async read() {
      const chunk = chunks[at++];
      if (chunk === undefined) return undefined;
      await clock.wait(began + chunk.atMs - clock.now(), signal);
      return chunk.bytes;
    },
    cancel: async () => void (at = chunks.length),
  };
}

/**
 * Waits for what another call does. A runtime may give up a call that waits for nothing of its own; a timer is its own.
 */
async function patient<T>(promise: Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, 1000);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
  }
}

const fired = (signal: AbortSignal) =>
  new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener("abort", () => resolve(undefined));
  });

const LATE = () =>
  new GatewayError("upstream_timeout", "Try again: another call asked the same, and wasn't answered in time.");

/** Waits for the head of an answer that is fetched in this process. */
async function joinedTo({ flight, over }: UnderWay, signal: AbortSignal): Promise<Passed | undefined> {
  if (flight.chunks === undefined) return undefined;
  // It has come, and whether it is kept will be known in a moment: it may not be worth being given to others.
  if (flight.hasLanded) return void await patient(over.catch(() => {}));
  const source = flight.reader(patient);
  const head = await patient(Promise.race([flight.head, fired(signal)]));
  if (head !== undefined && !signal.aborted) return { head, source };
  return void await source.cancel(signal.reason);
}
