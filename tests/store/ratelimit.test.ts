import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { type Duration, Ratelimit } from "@upstash/ratelimit";
import { Redis, type RedisConfigNodejs } from "@upstash/redis";
import type { LimitConfig } from "../../src/limits/rule.ts";
import { exact, type Limiter, stock } from "../../src/store/ratelimit.ts";
import { upstash } from "../../src/store/upstash.ts";
import { chat, completion, type House, house } from "../core/house.ts";
import { openRig, type Rig } from "./rig.ts";

let rig: Rig;
before(async () => rig = await openRig());
after(() => rig.stop());
afterEach(() => rig.faults.set("none"));

const client = (options: Pick<RedisConfigNodejs, "automaticDeserialization"> = {}) =>
  new Redis({ url: rig.url, token: rig.token, enableTelemetry: false, retry: false, ...options });

let prefixes = 0;
const fresh = () => `rl${process.pid}-${++prefixes}`;

interface Made {
  readonly prefix?: string;
  readonly cache?: Map<string, number>;
  readonly timeout?: number;
  readonly dynamicLimits?: boolean;
  readonly redis?: Redis;
}

const limiter = (
  algorithm: Limiter,
  { prefix = fresh(), cache, timeout = 0, dynamicLimits = false, redis = client() }: Made = {},
) =>
  new Ratelimit({
    redis,
    prefix,
    limiter: algorithm,
    ephemeralCache: cache ?? false,
    timeout,
    dynamicLimits,
    enableTelemetry: false,
  });

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Begins something on an isolate whose clock goes wrong: the library looks at it before it waits for anything. */
function skewed<T>(epochMs: number, begin: () => T): T {
  const { now } = Date;
  Date.now = () => epochMs;
  try {
    return begin();
  } finally {
    Date.now = now;
  }
}

/** Calls from isolates whose clocks say different things, all at once; tells how many passed. */
async function passed(limiters: readonly Ratelimit[], clocks: readonly number[], calls: number): Promise<number> {
  const answers = Array.from(
    { length: calls },
    (_, call) => skewed(clocks[call % clocks.length]!, () => limiters[call % limiters.length]!.limit("somebody")),
  );
  return (await Promise.all(answers)).filter(({ success }) => success).length;
}

const EDGE = Math.ceil(Date.now() / 60_000) * 60_000;

describe("exact", () => {
  it("lets exactly its tokens pass of 500 calls at once over several instances, whatever their clocks say", async () => {
    const prefix = fresh();
    const many = Array.from({ length: 5 }, () => limiter(exact(50, "1 m"), { prefix }));
    // The script is sent once, not five hundred times.
    await many[0]!.limit("else");
    const clocks = [0, 2000, -2000, 61_000, 259_000].map((skewMs) => Date.now() + skewMs);
    assert.equal(await passed(many, clocks, 500), 50);
  });

  it("lets no more pass where clocks lie on both sides of an edge; the library's fixed window lets twice as many", async () => {
    const clocks = [EDGE - 1, EDGE + 1];
    const both = (algorithm: Limiter) => {
      const prefix = fresh();
      return [limiter(algorithm, { prefix }), limiter(algorithm, { prefix })];
    };
    assert.equal(await passed(both(exact(50, "1 m")), clocks, 200), 50);
    assert.equal(await passed(both(Ratelimit.fixedWindow(50, "1 m")), clocks, 200), 100);
  });

  it("lets no more pass over edges that come in truth", async () => {
    const [windowMs, limit] = [600, 20];
    const one = limiter(exact(limit, `${windowMs} ms`));
    const passedAt: number[] = [];
    const end = performance.now() + 4 * windowMs;
    while (performance.now() < end) {
      const askedAt = performance.now();
      const answers = await Promise.all(Array.from({ length: 10 }, () => one.limit("somebody")));
      // A call is counted between these two moments: the stretch is told too long, never too short.
      const answeredAt = performance.now();
      for (const { success } of answers) if (success) passedAt.push(askedAt, answeredAt);
      await pause(5);
    }
    const pairs = passedAt.flatMap((at, index) => index % 2 === 0 ? [[at, passedAt[index + 1]!] as const] : []);
    for (const [at] of pairs) {
      const within = pairs.filter(([other, until]) => other >= at && until < at + windowMs - 1);
      assert.ok(within.length <= limit, `${within.length} in one window`);
    }
    assert.ok(pairs.length >= 2 * limit, `only ${pairs.length} passed`);
  });

  it("takes nothing of a call that it denies, whatever that weighs", async () => {
    const one = limiter(exact(10, "1 h"));
    const heavy = await one.limit("somebody", { rate: 8 });
    assert.deepEqual([heavy.success, heavy.remaining, heavy.limit], [true, 2, 10]);
    const denied = await one.limit("somebody", { rate: 5 });
    assert.deepEqual([denied.success, denied.remaining], [false, 2]);
    const all = await Promise.all(Array.from({ length: 20 }, () => one.limit("somebody", { rate: 7 })));
    assert.ok(all.every(({ success }) => !success));
    assert.equal((await one.limit("somebody", { rate: 2 })).success, true);
    assert.equal((await one.limit("somebody")).success, false);
  });

  it("gives nothing back, and refuses what is no amount before Redis is asked", async () => {
    const one = limiter(exact(10, "1 h"), { cache: new Map() });
    await one.limit("somebody", { rate: 10 });
    const before = rig.faults.requests;
    for (const rate of [-1, -100, NaN, Infinity, 1.5, 2 ** 53, "1" as unknown as number]) {
      await assert.rejects(one.limit("somebody", { rate }), RangeError);
    }
    assert.equal(rig.faults.requests, before);
    assert.equal((await one.limit("somebody")).success, false);
    for (const tokens of [-1, NaN, 0.5]) assert.throws(() => exact(tokens, "1 m"), RangeError);
    for (const window of ["", "0 s", "-1 s", "1 y", "1", "NaN s"]) {
      assert.throws(() => exact(1, window as Duration), RangeError);
    }
  });

  it("tells what is left and when, writing nothing", async () => {
    const prefix = fresh();
    const one = limiter(exact(10, "1 h"), { prefix });
    const unused = await one.getRemaining("somebody");
    assert.deepEqual([unused.remaining, unused.limit], [10, 10]);
    assert.ok(unused.reset <= Date.now());
    assert.deepEqual(await client().keys(`${prefix}*`), []);
    await one.limit("somebody", { rate: 3 });
    const used = await one.getRemaining("somebody");
    assert.equal(used.remaining, 7);
    const hours = (used.reset - Date.now()) / 3_600_000;
    assert.ok(hours > 0.99 && hours <= 61 / 60, `${hours} h`);
    assert.equal((await one.getRemaining("somebody")).remaining, 7);
  });

  it("forgets what one identifier has used, and nobody else's", async () => {
    const one = limiter(exact(1, "1 h"), { cache: new Map() });
    for (const who of ["a", "a:b", "*"]) await one.limit(who);
    assert.equal((await one.limit("a")).success, false);
    await one.resetUsedTokens("*");
    await one.resetUsedTokens("a");
    assert.equal((await one.limit("a")).success, true);
    assert.equal((await one.limit("a:b")).success, false);
  });

  it("has room again at the reset that it told, by the caller's own clock", async () => {
    const one = limiter(exact(2, "1 s"));
    await one.limit("somebody", { rate: 2 });
    const denied = await one.limit("somebody");
    assert.equal(denied.success, false);
    assert.ok(denied.reset > Date.now() - 1000);
    await pause(Math.max(0, denied.reset - Date.now()) + 20);
    assert.equal((await one.limit("somebody")).success, true);
    assert.equal((await one.blockUntilReady("somebody", 5000)).success, true);
  });

  it("gives every key a time to live", async () => {
    const prefix = fresh();
    const one = limiter(exact(3, "1 m"), { prefix });
    await Promise.all(["a", "b"].map((who) => one.limit(who, { rate: 0 })));
    await Promise.all(["a", "c", "c"].map((who) => one.limit(who, { rate: 2 })));
    const redis = client();
    const keys = await redis.keys(`${prefix}*`);
    assert.deepEqual(keys.toSorted(), ["a", "b", "c"].map((who) => `${prefix}:${who}:exact:60000`));
    for (const key of keys) assert.ok(await redis.pttl(key) > 60_000, key);
  });

  it("keeps prefixes, identifiers and windows apart", async () => {
    const prefix = fresh();
    const all = [
      limiter(exact(1, "1 m"), { prefix }),
      limiter(exact(1, "1 h"), { prefix }),
      limiter(exact(1, "1 m"), { prefix: `${prefix}:x` }),
    ];
    for (const one of all) assert.equal((await one.limit("somebody")).success, true);
    for (const one of all) assert.equal((await one.limit("somebody")).success, false);
    assert.equal((await all[0]!.limit("else")).success, true);
  });

  it("asks the class's cache first, which blocks only where not even one token is left", async () => {
    const one = limiter(exact(10, "1 h"), { cache: new Map() });
    await one.limit("somebody", { rate: 8 });
    assert.equal((await one.limit("somebody", { rate: 5 })).success, false);
    assert.equal((await one.limit("somebody", { rate: 2 })).success, true);
    const denied = await one.limit("somebody");
    assert.deepEqual([denied.success, denied.reason], [false, undefined]);
    const before = rig.faults.requests;
    const blocked = await one.limit("somebody");
    assert.deepEqual([blocked.success, blocked.reason, blocked.reset], [false, "cacheBlock", denied.reset]);
    assert.equal(rig.faults.requests, before);
  });

  it("is one round trip, and two where the limit is the class's dynamic one", async () => {
    const redis = client();
    const [plain, dynamic] = [
      limiter(exact(5, "1 m"), { redis }),
      limiter(exact(5, "1 m"), { redis, dynamicLimits: true }),
    ];
    await plain.limit("warm");
    let before = rig.faults.requests;
    await plain.limit("somebody");
    assert.equal(rig.faults.requests - before, 1);
    await dynamic.setDynamicLimit({ limit: 2 });
    before = rig.faults.requests;
    const answer = await dynamic.limit("somebody");
    assert.equal(rig.faults.requests - before, 2);
    assert.deepEqual([answer.limit, answer.remaining], [2, 1]);
    assert.equal((await dynamic.getRemaining("somebody")).limit, 2);
    await dynamic.setDynamicLimit({ limit: false });
    assert.equal((await dynamic.limit("somebody")).limit, 5);
  });

  it("runs on a Redis that has just begun anew, and over a client that leaves answers as they are", async () => {
    const plain = limiter(exact(2, "1 h"), { redis: client({ automaticDeserialization: false }) });
    await plain.limit("somebody");
    await client().scriptFlush();
    const answer = await plain.limit("somebody");
    assert.deepEqual([answer.success, answer.limit, answer.remaining], [true, 2, 0]);
    assert.equal((await plain.limit("somebody")).success, false);
  });

  it("rejects where Redis can't be asked; that a slow one lets calls pass is the class's own timeout", async () => {
    const one = limiter(exact(5, "1 m"));
    for (const fault of ["refuse", "error"] as const) {
      await rig.faults.set(fault);
      await assert.rejects(one.limit("somebody"));
    }
    await rig.faults.set("hang");
    const open = await limiter(exact(5, "1 m"), { timeout: 50 }).limit("somebody");
    assert.deepEqual([open.success, open.reason], [true, "timeout"]);
  });
});

describe("stock algorithms in the gateway's rules", () => {
  const RULE: LimitConfig = { name: "each", per: "gateway", requests: 5, window: "1h", algorithm: "upstash-sliding" };

  let gateways = 0;
  /** A gateway with a name of its own, and so with counts of its own. */
  function guarded(limits: readonly LimitConfig[], storeTimeout = 20_000): Asked {
    const name = `${fresh()}-${++gateways}`;
    const store = upstash({ url: rig.url, token: rig.token, timeoutMs: 20_000 }, { stock: stock() });
    const made = house(() => completion(), { store, storeTimeout, gateways: { [name]: { limits } } });
    const ask = () => made.ask(`/v1/acc/${name}/openai/chat/completions`, chat("gpt-x"));
    return { ...made, call: ask };
  }
  interface Asked extends House {
    call(): Promise<Response>;
  }

  for (const algorithm of ["upstash-fixed", "upstash-sliding", "upstash-bucket"] as const) {
    it(`lets exactly its limit pass, and tells whom it refuses how long to wait: ${algorithm}`, async () => {
      const gw = guarded([{ ...RULE, algorithm }]);
      const answers = await Promise.all(Array.from({ length: 20 }, gw.call));
      assert.equal(answers.filter(({ status }) => status === 200).length, 5);
      assert.equal(gw.sent.length, 5);
      const refused = answers.filter(({ status }) => status === 429);
      assert.equal(refused.length, 15);
      for (const { headers } of refused) {
        const waitMs = Number(headers.get("retry-after-ms"));
        // Five in an hour: a bucket has one more after a fifth of it.
        const most = algorithm === "upstash-bucket" ? 720_000 : 3_600_000;
        assert.ok(waitMs > 0 && waitMs <= most, `${waitMs} ms`);
        assert.equal(headers.get("retry-after"), String(Math.ceil(waitMs / 1000)));
        assert.equal(headers.get("ratelimit-policy"), '"each";q=5;w=3600');
        assert.match(headers.get("ratelimit") ?? "", /^"each";r=0;t=\d+$/);
      }
    });
  }

  it("tells until when, as the library does: an edge of its window", async () => {
    const gw = guarded([{ ...RULE, requests: 1, algorithm: "upstash-fixed" }]);
    assert.match((await gw.call()).headers.get("ratelimit") ?? "", /^"each";r=0;t=\d+$/);
    const before = Date.now();
    const waitMs = Number((await gw.call()).headers.get("retry-after-ms"));
    const edge = Math.ceil(before / 3_600_000) * 3_600_000;
    assert.ok(waitMs <= edge - before && waitMs >= edge - Date.now(), `${waitMs} ms`);
  });

  it("takes limits that aren't a whole part of the window, and none at all", async () => {
    const odd = guarded([{ ...RULE, requests: 7, algorithm: "upstash-bucket" }]);
    const answers = await Promise.all(Array.from({ length: 12 }, odd.call));
    assert.equal(answers.filter(({ ok }) => ok).length, 7);
    for (const algorithm of ["upstash-fixed", "upstash-sliding", "upstash-bucket"] as const) {
      assert.equal((await guarded([{ ...RULE, requests: 0, algorithm }]).call()).status, 429);
    }
  });

  it("is a round trip more for each rule, beside the one of all our own; and the only one where it stands alone", async () => {
    const own: LimitConfig = { name: "ours", per: "gateway", requests: 100, window: "1h" };
    const trips = async (limits: readonly LimitConfig[]) => {
      const gw = guarded(limits);
      // Scripts are sent once.
      await gw.call();
      await gw.records();
      const before = rig.faults.requests;
      assert.equal((await gw.call()).status, 200);
      const asked = rig.faults.requests - before;
      await gw.records();
      return asked;
    };
    assert.equal(await trips([own]), 1);
    assert.equal(await trips([RULE]), 1);
    assert.equal(await trips([RULE, own]), 2);
    const bucket: LimitConfig = { ...RULE, name: "even", algorithm: "upstash-bucket" };
    assert.equal(await trips([RULE, bucket, own]), 3);
  });

  it("is asked first: where it refuses, our own rules aren't asked, count nothing and are told nothing of", async () => {
    const own: LimitConfig = { name: "ours", per: "gateway", requests: 4, window: "1h" };
    const gw = guarded([own, { ...RULE, requests: 2 }]);
    assert.equal((await gw.call()).headers.get("ratelimit")?.replaceAll(/t=\d+/g, "t"), '"ours";r=3;t, "each";r=1;t');
    await gw.call();
    const before = rig.faults.requests;
    const refused = await gw.call();
    assert.equal(refused.status, 429);
    assert.equal(rig.faults.requests - before, 1);
    assert.equal(refused.headers.get("ratelimit-policy"), '"each";q=2;w=3600');
  });

  it("where our own rule refuses, the call is refused with both told of", async () => {
    const gw = guarded([{ name: "ours", per: "gateway", requests: 1, window: "1h" }, RULE]);
    await gw.call();
    const refused = await gw.call();
    assert.equal(refused.status, 429);
    assert.match(refused.headers.get("ratelimit") ?? "", /^"ours";r=0;t=\d+, "each";r=3;t=\d+$/);
  });

  it("in shadow it is counted and refuses nothing", async () => {
    const gw = guarded([{ ...RULE, requests: 1, mode: "shadow" }]);
    const answers = [await gw.call(), await gw.call(), await gw.call()];
    assert.deepEqual(answers.map(({ status }) => status), [200, 200, 200]);
    const short = { rule: "each", isShadow: true };
    assert.deepEqual((await gw.records()).map(({ limited }) => limited), [[], [short], [short]]);
  });

  for (const fault of ["hang", "error", "refuse"] as const) {
    it(`where Redis can't be asked, the rule says what becomes of the call: ${fault}`, async () => {
      const open = guarded([{ ...RULE, requests: 2, onStoreFailure: "open" }], 100);
      const closed = guarded([{ ...RULE, requests: 2, onStoreFailure: "closed" }], 100);
      const local = guarded([{ ...RULE, requests: 2, onStoreFailure: "local" }], 100);
      await rig.faults.set(fault);
      const statuses = async (
        gw: Asked,
      ) => [(await gw.call()).status, (await gw.call()).status, (await gw.call()).status];
      assert.deepEqual(await statuses(open), [200, 200, 200]);
      assert.deepEqual(await statuses(closed), [503, 503, 503]);
      assert.deepEqual(await statuses(local), [200, 200, 429]);
      assert.equal(closed.sent.length, 0);
    });
  }

  it("gives every key a time to live, and the keys are the gateway's", async () => {
    const redis = client();
    const left = (await redis.keys("*")).filter((key) => !key.endsWith(":dynamic:global"));
    const ours = left.filter((key) => key.startsWith("hg1:count:"));
    assert.ok(ours.length > 10, `${ours.length} keys`);
    for (const key of left) assert.notEqual(await redis.pttl(key), -1, key);
  });
});
