/** What lies in the shared store may be anybody's, and what providers tell must fit into it. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { House } from "../core/house.ts";
import { chat, completion, house } from "../core/house.ts";
import { memory } from "../../src/store/memory.ts";
import type { Claim } from "../../src/store/store.ts";
import { upstash } from "../../src/store/upstash.ts";
import { openRig, type Rig } from "./rig.ts";

let rig: Rig;
before(async () => void (rig = await openRig()));
after(() => rig.stop());

const store = () => upstash({ url: rig.front.url, token: rig.token, timeoutMs: 30_000 });

async function redis(...command: string[]): Promise<unknown> {
  const headers = { authorization: `Bearer ${rig.token}` };
  const answer = await fetch(rig.front.url, { method: "POST", headers, body: JSON.stringify(command) });
  return (await answer.json() as { result: unknown }).result;
}

async function asked({ ask, records }: House, extra: Record<string, unknown> = {}, headers = {}): Promise<Response> {
  const { headers: own, ...rest } = chat("gpt-x", extra);
  const answer = await ask("/openai/chat/completions", { ...rest, headers: { ...own, ...headers } });
  await answer.text();
  await records();
  return answer;
}

test("what somebody else has written in an answer's place is fetched anew and replaced, and takes no other call along", async () => {
  const built = house(() => completion(), {
    store: store(),
    storeTimeout: 10_000,
    gateways: { default: { cache: { ttl: 60 }, limits: [{ per: "gateway", tokens: 1e9, window: "1d" }] } },
  });
  await asked(built);
  const [place = ""] = await redis("KEYS", "hg1:answer:*") as string[];
  const [head = ""] = String(await redis("GET", place)).split("\n");
  const record = (head: unknown) => `\n${btoa(`${JSON.stringify(head)}\nabc`)}`;
  for (
    const text of [
      "",
      "garbage",
      "{x\nAAAA",
      '{"at":1}\nAAAA',
      '{"at":"x","stamps":{}}\nAAAA',
      "[]\nAAAA",
      "1\n",
      `${head}\n!!!`,
      `${head}\n${btoa("no record\n")}`,
      head + record({ status: 200, headers: [], chunks: [null] }),
      head + record({ status: 200, headers: [], chunks: [[1e9, 0]] }),
      head + record({ status: 200, headers: [null], chunks: [[3, 0]] }),
      head + record({ status: 200, headers: [["set-cookie", "a=b"]], chunks: [[3, 0]] }),
      head + record({ status: 200, headers: [["content-type", "a\r\nb"]], chunks: [[3, 0]] }),
      head + record({ status: 204, headers: [], chunks: [[3, 0]] }),
      head + record({ status: 99, headers: [], chunks: [[3, 0]] }),
      head + record({ headers: [], chunks: [[3, 0]] }),
    ]
  ) {
    await redis("SET", place, text, "PX", "60000");
    const anew = await asked(built);
    assert.deepEqual([anew.status, anew.headers.get("cf-aig-cache-status")], [200, "MISS"], text);
    assert.equal((await asked(built)).headers.get("cf-aig-cache-status"), "HIT", text);
  }
});

for (const kind of ["memory", "upstash"]) {
  test(`${kind}: however many tags are purged, few are remembered, and nothing that was purged comes back`, async () => {
    const one = kind === "memory" ? memory() : store();
    const keys = { entry: "many:answer", lease: "many:lease", relay: "many:relay", tags: "many:tags" };
    const ask = (id: string) =>
      one.admit({
        id,
        claims: [],
        leaseMs: 1000,
        entry: { ...keys, under: ["*", "t"], isSkipped: false, leaseMs: 5000 },
      });
    const keep = async (id: string) => {
      const { entry } = await ask(id);
      assert.equal(entry?.kind, "lead");
      const stamps = entry?.kind === "lead" ? entry.stamps : {};
      const payload = new Uint8Array([1]);
      await one.lead({
        keys,
        leader: id,
        leaseMs: 5000,
        batch: undefined,
        state: "kept",
        entry: { payload, stamps, ttlMs: 60_000 },
      });
      assert.equal((await ask("again")).entry?.kind, "hit");
    };
    await keep("first");
    await one.purge(keys.tags, "t");
    await keep("second");
    if (kind === "memory") { for (let tag = 0; tag < 10_000; tag++) await one.purge(keys.tags, `x${tag}`); }
    else await redis("EVAL", "for i = 1, 9999 do redis.call('HSET', KEYS[1], 'x' .. i, 1) end", "1", keys.tags);
    await one.purge(keys.tags, "one more");
    await keep("third");
    if (kind === "upstash") assert.equal(await redis("HLEN", keys.tags), 1);
    await one.purge(keys.tags, "t");
    await keep("fourth");
  });
}

const SLIDING: Claim = {
  key: "set:back",
  measure: "sliding",
  limit: 1,
  windowMs: 60_000,
  need: 1,
  most: 1,
  isHold: false,
  isShadow: false,
};

test("memory: a clock that is set back by more than a window refuses nobody for longer", async () => {
  let now = 1_767_225_600_000;
  const one = memory({ now: () => now });
  await one.admit({ id: "before", claims: [SLIDING], leaseMs: 1000 });
  now -= 3_600_000;
  assert.equal((await one.admit({ id: "after", claims: [SLIDING], leaseMs: 1000 })).isGranted, true);
});

test("upstash: a clock that is set back by more than a window refuses nobody for longer", async () => {
  await redis("HSET", SLIDING.key, String(Math.floor(Date.now() / 1000) + 3600), "1");
  assert.equal((await store().admit({ id: "after", claims: [SLIDING], leaseMs: 1000 })).isGranted, true);
});

test("a usage that no store could count keeps no other call from being settled", async () => {
  let input = Number.MAX_SAFE_INTEGER;
  const built = house(
    async () =>
      Response.json({ ...await completion().json() as object, usage: { prompt_tokens: input, completion_tokens: 1 } }),
    {
      store: store(),
      storeTimeout: 10_000,
      providers: { openai: { prices: { "gpt-x": { input: 10, output: 10 } } } },
      gateways: { default: { limits: [{ per: "metadata.user", cost: 1, window: "1d" }] } },
    },
  );
  const ask = (user: string) => asked(built, {}, { "cf-aig-metadata": JSON.stringify({ user }) });
  await ask("greedy");
  input = 0;
  await ask("modest");
  const { headers } = await ask("modest");
  // What the first call of the two held is free again but for the ten millionths that it took.
  const held = (await ask("another")).headers.get("ratelimit")!;
  const left = (text: string) => Number(/r=(\d+)/.exec(text)![1]);
  assert.ok(left(held) - left(headers.get("ratelimit")!) <= 20, `${held} ${headers.get("ratelimit")}`);
});
