/** What is charged, whatever providers tell and callers do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LimitConfig, Store } from "../../mod.ts";
import { memory } from "../../src/store/memory.ts";
import { chat, completion, house } from "./house.ts";

const TEXT = new TextEncoder();

const event = (data: unknown) => TEXT.encode(`data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`);

const piece = (content: string, finish_reason: string | null = null) =>
  event({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1767225600,
    model: "gpt-x",
    choices: [{ index: 0, delta: { content }, finish_reason }],
  });

const words = (count: number) => Array.from({ length: count }, (_, at) => piece(`${"word".repeat(4)}${at} `));

const END = [piece("", "stop"), event("[DONE]")];

/** A stream of events, as they are read; it breaks off after the last, or waits before one of them. */
function streamed(
  events: readonly Uint8Array[],
  { breaks = false, waitsBefore, until }: { breaks?: boolean; waitsBefore?: number; until?: Promise<void> } = {},
): Response {
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(out) {
      if (at === waitsBefore) await until;
      const next = events[at++];
      if (next !== undefined) return out.enqueue(next);
      if (breaks) return out.error(new Error("broken off"));
      out.close();
    },
  }, { highWaterMark: 0 });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

const steps = (...providers: string[]) => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(providers.map((provider) => ({
    provider,
    endpoint: "chat/completions",
    query: { model: "gpt-x", stream: true, messages: [{ role: "user", content: "hi" }] },
  }))),
});

const TOKENS: LimitConfig = { name: "tokens", per: "gateway", tokens: 1_000_000, window: "1d" };

/** A store that remembers what it was told to charge, by the step that it was for. */
function ledger(): Store & { readonly charged: (readonly [step: string, used: number])[] } {
  const own = memory();
  const charged: [string, number][] = [];
  return {
    ...own,
    charged,
    async settle(accounts) {
      for (const { id, used } of accounts) if (used !== undefined) charged.push([id.slice(id.indexOf("/") + 1), used]);
      await own.settle(accounts);
    },
  };
}

const told = (usage: unknown, model = "gpt-x") => async () =>
  Response.json({ ...await completion(model).json() as object, usage });

test("however much a provider says that it took, a store can count it", async () => {
  const most = Number.MAX_SAFE_INTEGER;
  for (
    const usage of [
      { prompt_tokens: most, completion_tokens: most },
      { prompt_tokens: 1, completion_tokens: 1, cost: 1e300 },
      { prompt_tokens: 1, completion_tokens: 1, cost: -1 },
      { prompt_tokens: -1, completion_tokens: 1e30, cost: "NaN" },
    ]
  ) {
    const store = ledger();
    const built = house(told(usage), {
      store,
      providers: { openrouter: { prices: { "gpt-x": { input: 1000, output: 1000 } } } },
      gateways: { default: { limits: [TOKENS, { ...TOKENS, name: "cost", tokens: undefined, cost: 100 }] } },
    });
    await (await built.ask("/openrouter/chat/completions", chat("gpt-x"))).text();
    await built.records();
    assert.equal(store.charged.length, 2);
    for (const [, used] of store.charged) assert.ok(used >= 0 && used <= 1e15, `${JSON.stringify(usage)}: ${used}`);
  }
});

for (const mode of ["soft", "hard"] as const) {
  test(`calls of one user that take a lot keep no other out of a ${mode} budget of his own`, async () => {
    let output = 50_000;
    const built = house(() => told({ prompt_tokens: 1, completion_tokens: output })(), {
      gateways: { default: { limits: [{ per: "metadata.user", tokens: 10_000, window: "1d", mode }] } },
    });
    const ask = async (user: string) => {
      const { headers, ...rest } = chat("gpt-x");
      const tagged = { ...headers, "cf-aig-metadata": JSON.stringify({ user }) };
      const { status } = await built.ask("/openai/chat/completions", { ...rest, headers: tagged });
      await built.records();
      return status;
    };
    for (let call = 0; call < 10; call++) assert.equal(await ask(`greedy-${call}`), 200);
    assert.equal(await ask("greedy-0"), 402);
    output = 5;
    assert.equal(await ask("modest"), 200);
  });
}

test("a price in the config holds for the model that was asked, whatever name it answers under", async () => {
  const built = house(told({ prompt_tokens: 1000, completion_tokens: 0 }, "gpt-x-2026-01-01"), {
    prices: { cost: () => 0.000_001 },
    providers: { openai: { prices: { "gpt-x": { input: 1000, output: 1000 } } } },
  });
  await (await built.ask("/openai/chat/completions", chat("gpt-x"))).text();
  assert.equal((await built.records())[0]?.costUsd, 1);
});

test("where another target goes on with a broken stream, each is charged for what it brought itself", async () => {
  const store = ledger();
  const built = house(
    (_, count) => count === 1 ? streamed(words(10), { breaks: true }) : streamed([...words(50), ...END]),
    { store, gateways: { default: { midStream: "continue", limits: [TOKENS] } } },
  );
  assert.match(await (await built.ask("/", steps("openai", "openrouter"))).text(), /\[DONE\]/);
  await built.records();
  const [[, broken = NaN] = [], [, whole = NaN] = []] = store.charged;
  // Some twenty tokens are asked, and each event brings one.
  assert.ok(broken < 40 && whole > 60 && whole < 90, JSON.stringify(store.charged));
});

test("what goes on for others after the first client has left is charged to the end", async () => {
  const store = ledger();
  const { promise: until, resolve: go } = signal();
  const built = house(
    () => streamed([...words(60), ...END], { waitsBefore: 2, until }),
    { store, gateways: { default: { cache: { ttl: 60 }, limits: [TOKENS] } } },
  );
  const asking = chat("gpt-x", { stream: true });
  const leaving = new AbortController();
  const first = await built.ask("/openai/chat/completions", { ...asking, signal: leaving.signal });
  const reader = first.body!.getReader();
  await reader.read();
  const second = await built.ask("/openai/chat/completions", asking);
  const text = second.text();
  leaving.abort();
  await reader.cancel().catch(() => {});
  go();
  assert.match(await text, /\[DONE\]/);
  await built.records();
  const used = store.charged.map(([, used]) => used);
  assert.equal(used.length, 1);
  assert.ok(used[0]! > 60, JSON.stringify(store.charged));
});

test("a target that goes on with another's stream is settled, though nobody had accounts when the answer began", async () => {
  const built = house(
    (_, count) => count === 1 ? streamed(words(3), { breaks: true }) : streamed([...words(5), ...END]),
    {
      gateways: {
        default: {
          midStream: "continue",
          limits: [{ per: "provider", match: "openrouter", concurrent: 1 }],
        },
      },
    },
  );
  assert.match(await (await built.ask("/", steps("openai", "openrouter"))).text(), /\[DONE\]/);
  await built.records();
  const next = await built.ask("/", steps("openrouter"));
  assert.equal(next.status, 200);
  await next.text();
});

test("a caller in the same process who leaves and never reads again frees its place", async () => {
  const endless = { pull: (out: ReadableStreamDefaultController) => out.enqueue(words(1)[0]) };
  const built = house(
    () =>
      new Response(new ReadableStream(endless, { highWaterMark: 0 }), {
        headers: { "content-type": "text/event-stream" },
      }),
    { gateways: { default: { limits: [{ per: "gateway", concurrent: 1 }] } } },
  );
  const asking = chat("gpt-x", { stream: true });
  const leaving = new AbortController();
  const first = await built.ask("/openai/chat/completions", { ...asking, signal: leaving.signal });
  const reader = first.body!.getReader();
  await reader.read();
  leaving.abort();
  await built.records();
  const second = await built.ask("/openai/chat/completions", asking);
  assert.equal(second.status, 200);
  await second.body?.cancel();
  await assert.rejects(reader.read());
});

function signal() {
  let resolve = () => {};
  const promise = new Promise<void>((done) => resolve = done);
  return { promise, resolve };
}
