/**
 * Three tenants at one gateway, each of which knows what is its own and nothing of the others.
 *
 * Runs in a thread of its own: what the test runner does to learn of every promise would take longer than the calls.
 *
 * @module
 */
import assert from "node:assert/strict";
import { isMainThread, parentPort, workerData } from "node:worker_threads";
import { type Gateway, gateway } from "../../mod.ts";
import type { Inbound, Platform } from "../../src/call.ts";
import { ruleOf } from "../../src/limits/rule.ts";
import { countKey } from "../../src/store/keys.ts";
import { memory } from "../../src/store/memory.ts";
import type { Store } from "../../src/store/store.ts";
import { upstash, type UpstashOptions } from "../../src/store/upstash.ts";

const TENANTS = ["acme", "globex", "initech"] as const;
const GATEWAYS = ["one", "two"] as const;
const PLENTY = 1_000_000_000;

type Tenant = typeof TENANTS[number];

const PER_TENANT = { name: "all", per: "tenant", requests: PLENTY, window: "7d" } as const;
const PER_USER = { name: "user", per: "metadata.user", requests: PLENTY, window: "7d" } as const;
const TOKENS = { name: "tokens", per: "tenant", tokens: PLENTY, window: "7d" } as const;

const options = (store: Store) => ({
  store,
  storeTimeout: 10_000,
  auth: { keys: TENANTS.map((tenant) => ({ id: tenant, key: `gw-${tenant}-key-0123456789`, tenant })) },
  gateways: Object.fromEntries(GATEWAYS.map((name) => [name, {
    limits: [PER_TENANT, PER_USER, TOKENS],
    cache: { ttl: 3600 },
  }])),
});

/** Numbers that look random and come again with the same seed. */
function dice(seed: number) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    below: (count: number) => Math.floor(next() * count),
    of: <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!,
  };
}

/** An answer that is kept, as the tenant's own calls say. */
interface Kept {
  readonly text: string;
  readonly tags: readonly string[];
}

/**
 * One tenant that knows what is its own, and nothing of the others: whatever they do to it contradicts what it expects.
 * All say the same words, with the same credentials for the provider, and call themselves by the others' names.
 */
class Actor {
  readonly tenant: Tenant;
  readonly #gateway: Gateway;
  readonly #dice: ReturnType<typeof dice>;
  readonly #kept = new Map<string, Kept>();
  readonly #counts = new Map<string, number>();
  readonly #work: Promise<unknown>[] = [];
  readonly tokens = new Map<string, number>();
  #answers = 0;
  counts = { calls: 0, hits: 0, purges: 0 };

  constructor(tenant: Tenant, own: Gateway, seed: number) {
    this.tenant = tenant;
    this.#gateway = own;
    this.#dice = dice(seed);
  }

  async act(): Promise<void> {
    if (this.#dice.below(40) === 0) await this.#purge();
    else await this.#ask();
  }

  async #purge(): Promise<void> {
    const name = this.#dice.of(GATEWAYS);
    const [what, tag] = this.#dice.of(
      [
        [{ key: "k1" }, "key k1"],
        [{ key: "k2" }, "key k2"],
        [{ tag: "t1" }, "tag t1"],
        [{ tag: "t2" }, "tag t2"],
        [{ all: true }, "all"],
      ] as const,
    );
    const answer = await this.#send(`/v1/acc/${name}/cache/purge`, {}, JSON.stringify(what));
    assert.equal(answer.status, 200, await answer.text());
    for (const [key, { tags }] of this.#kept) {
      if (key.startsWith(name) && tags.includes(tag)) this.#kept.delete(key);
    }
    this.counts.purges++;
  }

  async #ask(): Promise<void> {
    const { of, below } = this.#dice;
    const name = of(GATEWAYS);
    const user = of([...TENANTS, "nobody"]);
    const key = of(["k1", "k2", undefined, undefined]);
    const tag = of(["t1", "t2", undefined]);
    const skips = below(12) === 0;
    const credential = of(["sk-1", "sk-2"]);
    // Now and then it claims to be another, which is refused and counted nowhere.
    const claimed = below(8) === 0 ? of(TENANTS) : this.tenant;
    const body = JSON.stringify({
      model: of(["m1", "m2"]),
      messages: [{ role: "user", content: of(["Who am I?", "What is mine?", "Tell me all."]) }],
      ...(below(2) === 0 ? { stream: true } : {}),
    });
    const answer = await this.#send(`/v1/acc/${name}/openai/chat/completions`, {
      "authorization": `Bearer ${credential}`,
      "user-agent": `agent/${below(1000)}`,
      "cf-aig-metadata": JSON.stringify({ user, tenant: claimed, n: below(100) }),
      ...(key === undefined ? {} : { "cf-aig-cache-key": key }),
      ...(tag === undefined ? {} : { "cf-aig-cache-tags": tag }),
      ...(skips ? { "cf-aig-skip-cache": "true" } : {}),
    }, body);
    const text = await answer.text();
    while (this.#work.length > 0) await this.#work.shift();
    if (claimed !== this.tenant) return assert.equal(answer.status, 403, text);
    const place = `${name} ${key ?? `${credential} ${body}`}`;
    const kept = skips ? undefined : this.#kept.get(place);
    assert.equal(answer.status, 200, text);
    assert.ok(text.includes(`it is ${this.tenant}`), `${this.tenant} was told: ${text}`);
    assert.equal(answer.headers.get("cf-aig-cache-status"), kept === undefined ? "MISS" : "HIT", place);
    if (kept !== undefined) assert.equal(text, kept.text);
    else this.#kept.set(place, { text, tags: ["all", `key ${key}`, `tag ${tag}`] });
    if (kept === undefined) this.tokens.set(name, (this.tokens.get(name) ?? 0) + 3 + this.#answers % 50);
    this.counts.calls++;
    if (kept !== undefined) this.counts.hits++;
    const left = new Map(
      [...(answer.headers.get("ratelimit") ?? "").matchAll(/"(\w+)";r=(\d+)/g)].map(([, rule, r]) => [rule, Number(r)]),
    );
    assert.equal(left.get("all"), PLENTY - this.#count(`${name} all`));
    assert.equal(left.get("user"), PLENTY - this.#count(`${name} user ${user}`));
  }

  #count(what: string): number {
    const count = (this.#counts.get(what) ?? 0) + 1;
    this.#counts.set(what, count);
    return count;
  }

  #send(path: string, headers: Readonly<Record<string, string>>, body: string): Promise<Response> {
    const request = new Request(`http://gateway.test${path}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "cf-aig-authorization": `Bearer gw-${this.tenant}-key-0123456789`,
        ...headers,
      },
      body,
    });
    return this.#gateway.handle(request, this.#platform);
  }

  /** The provider sees whose call it is by the way that it came: nothing in the request tells it. */
  readonly #platform: Platform = {
    runtime: "script",
    after: (promise) => void this.#work.push(promise),
    clientAddress: () => undefined,
    transport: async ({ body }) => {
      const isStream = body !== null && new TextDecoder().decode(body as Uint8Array).includes('"stream":true');
      return answered(`it is ${this.tenant}, ${++this.#answers}`, this.#answers % 50, isStream) as Inbound;
    },
  };
}

function answered(content: string, output: number, isStream: boolean): Response {
  const usage = { prompt_tokens: 3, completion_tokens: output, total_tokens: 3 + output };
  if (!isStream) {
    return Response.json({ choices: [{ index: 0, message: { content }, finish_reason: "stop" }], usage });
  }
  const events = [
    { choices: [{ index: 0, delta: { content }, finish_reason: null }] },
    { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
    { choices: [], usage },
  ].map((event) => `data: ${JSON.stringify(event)}\n\n`);
  return new Response([...events, "data: [DONE]\n\n"].join(""), { headers: { "content-type": "text/event-stream" } });
}

/** What is played. */
export interface Play {
  /** Absent: the memory store. */
  readonly redis?: UpstashOptions;
  readonly operations: number;
  readonly seed: number;
}

/** @throws {AssertionError} Where a tenant was told or counted what isn't its own. */
async function play({ redis, operations, seed }: Play): Promise<Figures> {
  const store = redis === undefined ? memory() : upstash(redis);
  const own = gateway(options(store));
  const actors = TENANTS.map((tenant, index) => new Actor(tenant, own, seed + index));
  const startedAt = performance.now();
  let left = operations;
  await Promise.all(actors.map(async (actor) => {
    while (left-- > 0) await actor.act();
  }));
  const sum = (name: "calls" | "hits" | "purges") => actors.reduce((all, { counts }) => all + counts[name], 0);
  const seconds = (performance.now() - startedAt) / 1000;
  for (const { tenant, tokens } of actors) {
    for (const name of GATEWAYS) assert.equal(await usedOf(store, name, tenant), tokens.get(name) ?? 0, tenant);
  }
  return { seed, operations, calls: sum("calls"), hits: sum("hits"), purges: sum("purges"), seconds };
}

/** What came of it. */
export type Figures = Readonly<Record<string, number>>;

/** Tokens that are counted for a tenant. */
async function usedOf(store: Store, name: string, tenant: Tenant): Promise<number> {
  const rule = ruleOf(TOKENS);
  const key = await countKey({ gateway: name, tenant }, rule.id, JSON.stringify([tenant]));
  const { measure, windowMs, amount: limit } = rule;
  const claim = { key, measure, windowMs, limit, need: 0, most: 0, isHold: false, isShadow: true };
  const { standings: [standing] } = await store.admit({ id: "look", claims: [claim], leaseMs: 1 });
  return PLENTY - (standing?.left ?? 0);
}

if (!isMainThread) parentPort?.postMessage(await play(workerData as Play));
