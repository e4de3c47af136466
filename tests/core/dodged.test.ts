/** Ways round limits that must lead nowhere. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Store } from "../../mod.ts";
import { memory } from "../../src/store/memory.ts";
import { completion, house } from "./house.ts";

const JSON_TYPE = { "content-type": "application/json" };

const steps = (...models: string[]) => ({
  method: "POST",
  headers: JSON_TYPE,
  body: JSON.stringify(models.map((model) => ({
    provider: "openai",
    endpoint: "chat/completions",
    query: { model, messages: [] },
  }))),
});

test("a first step that a hard budget can't price is no way round the limits of the call", async () => {
  const built = house(() => completion("priced"), {
    providers: { openai: { prices: { priced: { input: 1, output: 1 } } } },
    gateways: {
      default: {
        limits: [
          { per: "gateway", requests: 1, window: "1h" },
          { per: "gateway", cost: 100, window: "1d", mode: "hard" },
        ],
      },
    },
  });
  const statuses: number[] = [];
  for (let call = 0; call < 3; call++) statuses.push((await built.ask("/", steps("unpriced", "priced"))).status);
  assert.deepEqual(statuses, [200, 429, 429]);
  assert.equal(built.sent.length, 1);
});

for (
  const [provider, path] of [
    ["aws-bedrock", "bedrock-runtime/us-east-1/model/costly/converse"],
    ["google-ai-studio", "v1beta/models/costly:generateContent"],
    ["azure-openai", "resource/costly/chat/completions?api-version=1"],
    ["workers-ai", "@cf/costly"],
  ] as const
) {
  test(`where the path says which model of ${provider} it is, the body can't call it another`, async () => {
    const built = house(() => Response.json({}), {
      gateways: {
        default: { limits: [{ per: "gateway", match: { model: "*costly" }, requests: 1, window: "1h" }] },
      },
    });
    const ask = () =>
      built.ask(`/v1/account/default/${provider}/${path}`, {
        method: "POST",
        headers: { ...JSON_TYPE, authorization: "Bearer sk-client" },
        body: JSON.stringify({ model: "cheap", messages: [] }),
      });
    await ask();
    assert.equal((await ask()).status, 429);
    assert.equal(built.sent.length, 1);
  });
}

test("a target that is asked beside a slow one is no way round the limits of the call", async () => {
  const own = memory();
  const store: Store = {
    ...own,
    kind: "slow",
    async admit(ask) {
      const admission = await own.admit(ask);
      await new Promise((resolve) => setTimeout(resolve, 40));
      return admission;
    },
  };
  const built = house(() => completion(), {
    store,
    storeTimeout: 10_000,
    gateways: {
      default: { hedge: { after: 5, percent: 100 }, limits: [{ per: "gateway", requests: 1, window: "1h" }] },
    },
  });
  const statuses: number[] = [];
  for (let call = 0; call < 3; call++) {
    statuses.push((await built.ask("/", steps("one", "other"))).status);
    await built.records();
  }
  assert.deepEqual(statuses, [200, 429, 429]);
});
