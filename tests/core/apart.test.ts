/** What one caller, or one target, does to itself concerns no other. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Options } from "../../mod.ts";
import type { Outbound } from "../../src/call.ts";
import { chat, completion, house } from "./house.ts";

const HEDGED: Options = { gateways: { gw: { hedge: { after: 10, percent: 100 } } } };
const step = (model: string, provider = "openai") => ({
  provider,
  endpoint: provider === "ollama" ? "api/chat" : "chat/completions",
  headers: {},
  query: { model, messages: [] },
});
const universal = (...steps: readonly unknown[]) => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(steps),
});
const modelOf = ({ body }: Outbound) =>
  (JSON.parse(new TextDecoder().decode(body as Uint8Array)) as { model: string }).model;
const later = (ms: number, answer: () => Response) =>
  new Promise<Response>((resolve) => setTimeout(() => resolve(answer()), ms));
const failing = (status: number, error: unknown = {}, headers = {}) => Response.json({ error }, { status, headers });

for (
  const [name, headers, status] of [
    ["failures", {}, 503],
    ["impatience", { "cf-aig-request-timeout": "1" }, 504],
  ] as const
) {
  test(`one caller's ${name} leave another's retries alone`, async () => {
    let isHealthy = false;
    let attempts = 0;
    const silent = ({ signal }: Outbound) =>
      new Promise<Response>((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
    const { ask } = house((outbound) => {
      if (!isHealthy) return status === 504 ? silent(outbound) : failing(503);
      return attempts++ === 0 ? failing(503) : completion();
    }, { gateways: { gw: { retry: { attempts: 5, delay: 0, total: 20 } } } });
    const path = "/v1/acc/gw/openai/chat/completions";
    const init = chat("m");
    const asked = (more: Record<string, string>) => ask(path, { ...init, headers: { ...init.headers, ...more } });
    const key = status === 504 ? "Bearer sk-shared" : "Bearer sk-other";
    for (let count = 0; count < 26; count++) {
      assert.equal((await asked({ ...headers, authorization: key })).status, status);
    }
    isHealthy = true;
    assert.equal((await asked({ authorization: "Bearer sk-shared" })).status, 200);
  });
}

test("a second target that may not be asked takes nothing from the first", async () => {
  const { ask, sent } = house(() => later(40, completion), HEDGED);
  const answer = await ask("/v1/acc/gw", universal(step("m"), step("m", "ollama")));
  assert.deepEqual([answer.status, answer.headers.get("cf-aig-step"), sent.length], [200, "0", 1]);
});

test("what a filter refuses isn't taken from the target beside", async () => {
  const filtered = () => failing(400, { message: "filtered", code: "content_filter" });
  const { ask, sent } = house((_, count) => count === 1 ? later(25, filtered) : later(200, completion), HEDGED);
  const answer = await ask("/v1/acc/gw", universal(step("a"), step("b")));
  assert.deepEqual([answer.status, sent.length, sent[1]?.signal.aborted], [400, 2, true]);
});

test("looking for a second target doesn't take the probe of one that is due", async () => {
  let isThrottled = true;
  const { ask, sent } = house((outbound) => {
    const model = modelOf(outbound);
    if (model === "down") return failing(503);
    if (model === "slow") return later(25, completion);
    return isThrottled ? failing(429, {}, { "retry-after": "0.02" }) : completion();
  }, HEDGED);
  await ask("/v1/acc/gw", universal(step("down"), step("back"), step("slow")));
  isThrottled = false;
  await new Promise((resolve) => setTimeout(resolve, 40));
  await ask("/v1/acc/gw", universal(step("slow"), step("back")));
  sent.length = 0;
  await ask("/v1/acc/gw", universal(step("down"), step("back"), step("slow")));
  assert.deepEqual(sent.map(modelOf), ["down", "back"]);
});

test("who stops reading while another target is asked to go on calls that off", async () => {
  const data = `data: {"choices":[{"index":0,"delta":{"content":"one"}}]}\n\n`;
  let isGiven = false;
  const broken = () =>
    new Response(
      new ReadableStream<Uint8Array<ArrayBuffer>>({
        pull: (out) =>
          isGiven ? out.error(new Error("reset")) : (isGiven = true, out.enqueue(new TextEncoder().encode(data))),
      }, { highWaterMark: 0 }),
      { headers: { "content-type": "text/event-stream" } },
    );
  const silent = ({ signal }: Outbound) =>
    new Promise<Response>((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
  const { ask, sent } = house((outbound, count) => count === 1 ? broken() : silent(outbound), {
    gateways: { gw: { midStream: "continue" } },
  });
  const reader = (await ask("/v1/acc/gw", universal(step("a"), step("b")))).body!.getReader();
  await reader.read();
  reader.read().catch(() => {});
  while (sent.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  await reader.cancel();
  assert.equal(sent[1]?.signal.aborted, true);
});

test("an error whose words never come is no longer waited for than a stream that has fallen silent", async () => {
  const begun = () => {
    let isGiven = false;
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(out) {
        if (isGiven) return new Promise(() => {});
        isGiven = true;
        out.enqueue(new TextEncoder().encode("{"));
      },
    }, { highWaterMark: 0 });
  };
  const { ask } = house(() => new Response(begun(), { status: 500 }));
  const init = chat("m");
  const answer = await ask("/openai/chat/completions", {
    ...init,
    headers: { ...init.headers, "cf-aig-idle-timeout": "20" },
  });
  assert.equal(answer.status, 504);
});

const STORED: Options = { providers: { openai: { key: "sk-stored" } } };
const keyless = (model: string, extra = {}) => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ model, messages: [], ...extra }),
});

for (
  const [name, path, model, answer] of [
    ["refused models", "/openai/chat/completions", "forbidden", () => failing(403, { message: "no access" })],
    [
      "words that an error quotes",
      "/openai/chat/completions",
      "a",
      () => failing(400, { message: "Invalid value: 'insufficient_quota'" }),
    ],
    ["redirects", "/openai/elsewhere", "a", () => new Response(null, { status: 302, headers: { location: "/" } })],
  ] as const
) {
  test(`one caller's ${name} keep nobody else from a target with the gateway's own key`, async () => {
    const { ask } = house((_, count) => count <= 6 ? answer() : completion(), STORED);
    for (let count = 0; count < 6; count++) await ask(path, keyless(model));
    const answered = await ask("/v1/acc/gw", universal(step("a"), step("b")));
    assert.equal(answered.headers.get("cf-aig-step"), "0");
  });
}
