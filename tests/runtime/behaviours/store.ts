/**
 * The shared store: several processes are one gateway, and none waits for a store that is away.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Fault } from "../../store/faults.ts";
import { CHAT_ANSWER, chunk, DONE, EVENTS, json, STOP_CHUNK, USAGE_CHUNK } from "../answers.ts";
import { dump } from "../dump.ts";
import type { Answered } from "../client.ts";
import {
  answering,
  ask,
  type Asking,
  begin,
  chat,
  CHAT_STREAM,
  nonce,
  settled,
  statuses,
  streamed,
  streaming,
  times,
} from "../governed.ts";
import { area, type Behaviour, type Stage } from "../stage.ts";
import type { Ticket } from "../upstream.ts";
import { pause, until } from "../wait.ts";

const rule = (onStoreFailure: string, more: object) => ({
  per: "metadata.user",
  window: "1h",
  onStoreFailure,
  ...more,
});

const gateways = (all: Readonly<Record<string, object>>) =>
  Object.fromEntries(Object.entries(all).map(([name, more]) => [name, { auth: "off", ...more }])) as NonNullable<
    Behaviour["gateways"]
  >;

/** What a gateway without its store must decide within, on a busy machine: far less than the store's own silence. */
const SOON_MS = 1500;
/** In which a gateway notices that its store is back; it rests a second after the first failures. */
const BACK_MS = 15_000;

/** What `/readyz` says. */
const readiness = async ({ gateway }: Stage): Promise<unknown> =>
  JSON.parse((await gateway.call({ path: "/readyz" })).text) as unknown;

async function ready(stage: Stage): Promise<void> {
  const isReady = async () => JSON.stringify(await readiness(stage)).includes('"ready"');
  await until(isReady, "the store to be noticed", BACK_MS);
}

/** Lets the store be away while something is done, and waits until the gateway knows that it is back. */
async function without(stage: Stage, fault: Fault | "slow", act: () => Promise<void>): Promise<void> {
  const { faults } = stage.rig;
  await ready(stage);
  try {
    if (fault === "slow") faults.latencyMs = 300;
    else await faults.set(fault);
    await act();
  } finally {
    faults.latencyMs = 0;
    await faults.set("none");
    await ready(stage);
  }
}

/** A busy machine may be late for the usual deadline, and what was asked for late may have been taken. */
const isLate = ({ headers }: Answered): boolean => headers.has("cf-aig-store");

/** How many calls pass until one is refused, in the store's own words. */
async function passing(stage: Stage, name: string, ticket: Ticket, asking: Asking): Promise<number> {
  let passed = 0;
  await until(async () => {
    const answered = await ask(stage, name, ticket, asking);
    if (isLate(answered)) return false;
    assert.ok(answered.status === 200 || answered.status === 429, answered.text);
    passed += Number(answered.status === 200);
    return answered.status === 429;
  }, "a refusal");
  return passed;
}

/** Lets a behaviour that a busy machine can spoil be so twice. */
async function retried(run: () => Promise<void>): Promise<void> {
  for (let tries = 2; tries > 0; tries--) {
    const isGood = await run().then(() => true, () => false);
    if (isGood) return;
  }
  await run();
}

/** What the store may do, in words. */
const AWAY: readonly (readonly [Fault | "slow", string])[] = [
  ["refuse", "can't be reached"],
  ["hang", "never answers"],
  ["slow", "is too slow"],
  ["reset", "breaks off its answers"],
  ["error", "fails"],
];

/** Rules and the cache while the store is away. */
async function decides(stage: Stage): Promise<void> {
  const ticket = answering(stage);
  const tags = { user: nonce() };
  const open = await ask(stage, "store-open", ticket, { tags });
  assert.deepEqual([open.status, open.headers.get("cf-aig-store")], [200, "down; policy=open"]);
  const began = performance.now();
  const closed = await ask(stage, "store-closed", ticket, { tags });
  assert.ok(performance.now() - began < SOON_MS);
  assert.deepEqual([closed.status, closed.json().internalCode], [503, 9030], closed.text);
  assert.equal(closed.headers.get("cf-aig-store"), "down; policy=closed");
  assert.ok(Number(closed.headers.get("retry-after")) >= 1 && Number(closed.headers.get("retry-after-ms")) >= 1);
  assert.deepEqual(await statuses(stage, "store-local", ticket, times(3, { tags })), [200, 200, 429]);
  const body = chat(nonce());
  const before = ticket.calls.length;
  for (let round = 0; round < 2; round++) {
    const { status, headers } = await ask(stage, "store-cache", ticket, { body });
    assert.deepEqual([status, headers.get("cf-aig-cache-status")], [200, "MISS"]);
    assert.match(headers.get("cache-status") ?? "", /^headgate; fwd=bypass/);
  }
  assert.equal(ticket.calls.length, before + 2);
  assert.deepEqual(await readiness(stage), { status: "degraded", store: "upstash" });
}

/** The shared store. */
export const store: readonly Behaviour[] = area("store", [
  {
    name: "What one process hands on to another is encrypted in the store, too",
    stores: ["redis"],
    gateways: gateways({ "store-sealed": { cache: { ttl: 60, secret: "a secret of the suite" } } }),
    run: (stage) =>
      retried(async () => {
        const ticket = stage.upstream.ticket();
        const peer = { ...stage, gateway: stage.peer };
        const [word, asking] = [nonce(), { body: streaming(nonce()) }];
        await ready(peer);
        const leader = begin(stage, "store-sealed", ticket, asking);
        const provider = await ticket.next();
        provider.head(200, EVENTS);
        await provider.write(chunk(word));
        await leader.take(chunk(word).length);
        const follower = begin(peer, "store-sealed", ticket, asking);
        assert.equal((await follower.take(chunk(word).length)).toString(), chunk(word));
        const kept = await dump(stage.rig);
        assert.ok(kept.some(({ key }) => key.startsWith("hg1:relay:")));
        assert.ok(!kept.some(({ text }) => text.includes(word)));
        await provider.write(STOP_CHUNK + DONE);
        provider.end();
        assert.ok((await follower.rest()).isWhole && (await leader.rest()).isWhole);
      }),
  },
  {
    name: "Every key in the store has an end, and none holds a credential",
    stores: ["redis"],
    gateways: gateways({
      "store-looked-at": {
        cache: { ttl: 60 },
        limits: [
          rule("closed", { requests: 10 }),
          rule("closed", { tokens: 3000 }),
          { per: "gateway", concurrent: 5 },
        ],
      },
    }),
    async run(stage) {
      const tags = { user: nonce() };
      const ticket = stage.upstream.ticket(streamed(CHAT_STREAM));
      assert.equal((await ask(stage, "store-looked-at", ticket, { tags, body: streaming(nonce()) })).status, 200);
      const kept = await dump(stage.rig);
      assert.ok(kept.length >= 4, `${kept.length}`);
      assert.deepEqual(kept.filter(({ ttlMs }) => ttlMs < 0).map(({ key }) => key), []);
      for (const { key, text } of kept) {
        assert.ok(!/sk-hush|gw-hush/.test(key + text), key);
        assert.match(key, /^hg1:[a-z]+:[\w-]+:[\w-]+/);
      }
    },
  },
  ...AWAY.map(([fault, what], index): Omit<Behaviour, "area"> => ({
    name: `While the store ${what} each rule does what it says, nobody waits long, and all is well again afterwards`,
    // The gateways are the same for all of them.
    ...(index > 0 ? {} : {
      gateways: gateways({
        "store-open": { limits: [rule("open", { requests: 100 })] },
        "store-closed": { limits: [rule("closed", { requests: 100 })] },
        "store-local": { limits: [rule("local", { requests: 2 })] },
        "store-cache": { cache: { ttl: 60 } },
      }),
    }),
    async run(stage) {
      const ticket = answering(stage);
      const tags = { user: nonce() };
      await ready(stage);
      assert.equal((await ask(stage, "store-local", ticket, { tags })).status, 200);
      await without(stage, fault, () => decides(stage));
      const passed = await passing(stage, "store-local", ticket, { tags });
      assert.ok(passed <= 1, "what was counted before is forgotten");
    },
  })),
  {
    name: "While the store is away only the first calls wait for it, however many come",
    gateways: gateways({ "store-spared": { limits: [rule("open", { requests: 100 })] } }),
    run: (stage) =>
      without(stage, "hang", async () => {
        const ticket = answering(stage);
        const all = await Promise.all(
          times(20, { tags: { user: nonce() } }).map((one) => ask(stage, "store-spared", ticket, one)),
        );
        assert.ok(all.every(({ status }) => status === 200));
        const asked = stage.rig.faults.requests;
        assert.deepEqual(await statuses(stage, "store-spared", ticket, times(5, {})), times(5, 200));
        assert.ok(stage.rig.faults.requests - asked <= 1, `${stage.rig.faults.requests - asked}`);
      }),
  },
  {
    name: "A purge that the store can't be told of is refused",
    gateways: gateways({ "store-purged": { cache: { ttl: 60 } } }),
    run: (stage) =>
      without(stage, "refuse", async () => {
        const refused = await stage.gateway.post("/v1/acc/store-purged/cache/purge", '{"all":true}');
        assert.deepEqual([refused.status, refused.json().internalCode], [503, 9030]);
      }),
  },
  {
    name: "A stream that runs while the store goes away and comes back is settled with what it took",
    gateways: gateways({
      "store-settled": { limits: [{ name: "tokens", per: "metadata.user", tokens: 3000, window: "1d" }] },
    }),
    run: (stage) =>
      retried(async () => {
        const tags = { user: nonce() };
        const ticket = stage.upstream.ticket();
        await ready(stage);
        const live = begin(stage, "store-settled", ticket, { tags, body: streaming("Hi") });
        const provider = await ticket.next();
        provider.head(200, EVENTS);
        await provider.write(chunk("one"));
        await live.take(chunk("one").length);
        await without(stage, "refuse", async () => {
          await provider.write(STOP_CHUNK + USAGE_CHUNK + DONE);
          provider.end();
          assert.ok((await live.rest()).isWhole);
          await pause(100);
        });
        await settled(stage, "store-settled", "tokens", 3000 - 34, { tags });
      }),
  },
  {
    name: "A store that has been emptied, and has forgotten its scripts, serves on",
    gateways: gateways({ "store-emptied": { limits: [rule("closed", { requests: 5 })] } }),
    async run(stage) {
      const ticket = answering(stage);
      const asking = { tags: { user: nonce() } };
      await ready(stage);
      for (let round = 0; round < 2; round++) {
        const passed = await passing(stage, "store-emptied", ticket, asking);
        assert.ok(passed >= 1 && passed <= 5, `${passed}`);
        if (round === 0) await stage.rig.restartRedis();
        await ready(stage);
      }
    },
  },
  {
    name: "Several processes count as one, exactly",
    stores: ["redis"],
    gateways: gateways({ "store-shared": { limits: [rule("closed", { requests: 10 })] } }),
    async run(stage) {
      const ticket = answering(stage);
      const asking = { tags: { user: nonce() } };
      const peer = { ...stage, gateway: stage.peer };
      await ready(peer);
      const seen: number[] = [];
      for (let round = 0; round < 6; round++) {
        const both = [stage, peer].map((process) => ask(process, "store-shared", ticket, asking));
        seen.push(...(await Promise.all(both)).map(({ status }) => status));
      }
      // One that was late counts, and so lets one fewer pass.
      const count = (wanted: number) => seen.filter((status) => status === wanted).length;
      assert.ok(count(200) <= 10 && count(200) + count(503) >= 10, seen.join());
    },
  },
  {
    name: "What one process keeps another gives, until either purges it",
    stores: ["redis"],
    gateways: gateways({ "store-kept": { cache: { ttl: 60 } } }),
    async run(stage) {
      const ticket = stage.upstream.ticket(json(CHAT_ANSWER));
      const peer = { ...stage, gateway: stage.peer };
      const asking = { body: chat(nonce()) };
      await ready(peer);
      const seen = async (process: Stage) =>
        (await ask(process, "store-kept", ticket, asking)).headers.get("cf-aig-cache-status");
      assert.equal(await seen(stage), "MISS");
      await until(async () => await seen(peer) === "HIT", "the other's answer");
      const purged = await peer.gateway.post("/v1/acc/store-kept/cache/purge", '{"all":true}');
      assert.deepEqual([purged.status, await seen(stage)], [200, "MISS"]);
    },
  },
  {
    name: "A call that follows one in another process hears its stream while it runs, from the first byte",
    stores: ["redis"],
    gateways: gateways({ "store-followed": { cache: { ttl: 60 } } }),
    run: (stage) =>
      retried(async () => {
        const ticket = stage.upstream.ticket();
        const peer = { ...stage, gateway: stage.peer };
        const asking = { body: streaming(nonce()) };
        await ready(peer);
        const leader = begin(stage, "store-followed", ticket, asking);
        const provider = await ticket.next();
        provider.head(200, EVENTS);
        await provider.write(chunk("one"));
        await leader.take(chunk("one").length);
        const follower = begin(peer, "store-followed", ticket, asking);
        for (const piece of [chunk("one"), chunk(" two"), STOP_CHUNK]) {
          if (piece !== chunk("one")) await provider.write(piece);
          assert.equal((await follower.take(piece.length)).toString(), piece);
        }
        leader.leave("rst");
        await pause(50);
        await provider.write(DONE);
        provider.end();
        const { bytes, isWhole } = await follower.rest();
        assert.deepEqual([bytes.toString(), isWhole, ticket.calls.length], [DONE, true, 1]);
      }),
  },
], { stores: ["frail"], isAlone: true });
