import assert from "node:assert/strict";
import { test } from "node:test";
import { completion, house } from "./house.ts";

test("with the store in memory limits, budgets and the cache leave the process for nothing", async () => {
  const built = house(() => completion("m"), {
    gateways: {
      default: {
        cache: { ttl: 60 },
        limits: [{ per: "gateway", requests: 10, window: "1m" }, { per: "gateway", tokens: 100_000, window: "1d" }],
      },
    },
  });
  const own = globalThis.fetch;
  let fetched = 0;
  globalThis.fetch = () => Promise.reject(new Error(`asked the network ${++fetched} times`));
  try {
    const told: (string | null)[] = [];
    for (let call = 0; call < 2; call++) {
      const answer = await built.ask("/v1/acc/default/openai/chat/completions", {
        method: "POST",
        headers: { "content-type": "application/json", authorization: "Bearer sk-client" },
        body: JSON.stringify({ model: "m", messages: [] }),
      });
      await answer.text();
      told.push(answer.headers.get("cf-aig-cache-status"));
    }
    assert.deepEqual([told, built.sent.length, fetched], [["MISS", "HIT"], 1, 0]);
  } finally {
    globalThis.fetch = own;
  }
});
