/** Kept answers, and those on their way, before callers and providers that mean no good. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Outbound } from "../../src/call.ts";
import { chat, completion, house } from "./house.ts";

const JSON_TYPE = { "content-type": "application/json" };

/** A provider that never answers. */
const hanging = ({ signal }: Outbound) =>
  new Promise<Response>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

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

test("who waits for another call's answer waits no longer than for a provider, and goes on to its next target", async () => {
  const built = house((outbound, count) => count === 1 ? hanging(outbound) : completion("second"), {
    gateways: { default: { cache: { ttl: 60 } } },
  });
  const first = new AbortController();
  const step = (model: string) => ({
    provider: "openai",
    endpoint: "chat/completions",
    query: { model, messages: [] },
  });
  const ask = (headers: Record<string, string>, signal?: AbortSignal) =>
    built.ask("/", {
      method: "POST",
      headers: { ...JSON_TYPE, ...headers },
      body: JSON.stringify([step("first"), step("second")]),
      signal: signal ?? null,
    });
  const leader = ask({}, first.signal);
  while (built.sent.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  const follower = await ask({ "cf-aig-request-timeout": "50" });
  assert.equal(follower.status, 200);
  assert.equal(follower.headers.get("cf-aig-step"), "1");
  first.abort();
  await leader;
});

test("a client that leaves while it waits for another call's answer frees its place at once", async () => {
  const built = house(hanging, {
    gateways: { default: { cache: { ttl: 60 }, limits: [{ per: "gateway", concurrent: 2 }] } },
  });
  const leaving = [new AbortController(), new AbortController()] as const;
  const [first, second] = leaving.map(({ signal }) =>
    built.ask("/openai/chat/completions", { ...asking({}), signal })
  ) as [Promise<Response>, Promise<Response>];
  while (built.sent.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  leaving[1].abort();
  assert.equal((await second).status, 499);
  leaving[0].abort();
  await first;
});
