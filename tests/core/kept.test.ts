/** Kept answers, and those on their way, before callers and providers that mean no good. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { chat, completion, house } from "./house.ts";

const JSON_TYPE = { "content-type": "application/json" };

const asking = (headers: Record<string, string>) => {
  const { headers: own, ...rest } = chat("gpt-x");
  return { ...rest, headers: { ...own, ...headers } };
};

test("callers without a tenant that bring other keys in the query have other answers, whatever key of the cache's they name", async () => {
  const built = house((_, count) =>
    Response.json({
      candidates: [{ content: { parts: [{ text: String(count) }] }, finishReason: "STOP" }],
      usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1 },
    })
  );
  const ask = async (key: string) => {
    const answer = await built.ask(`/google-ai-studio/v1beta/models/g:generateContent?key=${key}`, {
      method: "POST",
      headers: { ...JSON_TYPE, "cf-aig-cache-key": "mine" },
      body: "{}",
    });
    await answer.text();
    await built.records();
    return answer.headers.get("cf-aig-cache-status");
  };
  assert.deepEqual([await ask("one"), await ask("other"), await ask("one")], ["MISS", "MISS", "HIT"]);
});

