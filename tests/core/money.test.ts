/** What is charged, whatever providers tell and callers do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LimitConfig, Store } from "../../mod.ts";
import { memory } from "../../src/store/memory.ts";
import { chat, completion, house } from "./house.ts";

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
