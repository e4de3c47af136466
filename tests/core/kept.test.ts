/** Kept answers, and those on their way, before callers and providers that mean no good. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Outbound } from "../../src/call.ts";
import { memory } from "../../src/store/memory.ts";
import { chat, completion, type House, house } from "./house.ts";

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

test("where the secret has changed, what is kept is fetched anew once, and kept under the new one", async () => {
  const store = memory();
  const of = (secret: string) =>
    house(() => completion(), { store, gateways: { default: { cache: { ttl: 60, secret } } } });
  const ask = async ({ ask, records }: House) => {
    const answer = await ask("/openai/chat/completions", asking({}));
    await answer.text();
    await records();
    return answer.headers.get("cf-aig-cache-status");
  };
  assert.equal(await ask(of("the first of two secrets")), "MISS");
  const second = of("the second of two secrets");
  assert.deepEqual([await ask(second), await ask(second)], ["MISS", "HIT"]);
});

test("an answer that was kept before the clock was set back is 0 seconds old", async () => {
  let now = 1_767_225_600_000;
  const built = house(() => completion(), {
    store: memory({ now: () => now }),
    gateways: { default: { cache: { ttl: 60 } } },
  });
  await (await built.ask("/openai/chat/completions", asking({}))).text();
  await built.records();
  now -= 3_600_000;
  const hit = await built.ask("/openai/chat/completions", asking({}));
  assert.deepEqual([hit.headers.get("cf-aig-cache-status"), hit.headers.get("age")], ["HIT", "0"]);
});

test("a key of one's own without a value is none", async () => {
  const built = house(() => completion());
  const answer = await built.ask("/openai/chat/completions", asking({ "cf-aig-cache-key": "" }));
  assert.equal(answer.headers.get("cf-aig-cache-status"), null);
});

test("with a template, too, another form of the answer is another answer", async () => {
  const built = house(() => Response.json({ object: "list", data: [], usage: { prompt_tokens: 1, total_tokens: 1 } }), {
    gateways: { default: { cache: { ttl: 60, key: ["user"] } } },
  });
  for (const form of [{}, { encoding_format: "base64" }, { dimensions: 256 }, { dimensions: 512 }]) {
    const answer = await built.ask("/openai/embeddings", {
      method: "POST",
      headers: JSON_TYPE,
      body: JSON.stringify({ model: "e", input: "hi", ...form }),
    });
    await answer.text();
    await built.records();
    assert.equal(answer.headers.get("cf-aig-cache-status"), "MISS", JSON.stringify(form));
  }
});

for (
  const [what, answer] of [
    ["a web page", () => new Response("<p>Log in</p>", { headers: { "content-type": "text/html" } })],
    ["an error with status 200", () => Response.json({ error: { message: "busy" } })],
    ["an error that says that it is a text", () => new Response('{"error":"busy"}')],
    ["what nobody has unpacked", () => new Response("\x1f", { headers: { "content-encoding": "gzip" } })],
  ] as const
) {
  test(`of a format that isn't known, too, ${what} isn't kept`, async () => {
    const built = house(answer, { gateways: { default: { cache: { ttl: 60 } } } });
    for (const path of ["/openai/embeddings", "/openai/something/new"]) {
      const ask = () => built.ask(path, { method: "POST", headers: JSON_TYPE, body: '{"model":"e","input":"hi"}' });
      await (await ask()).text();
      await built.records();
      const second = await ask();
      await second.text();
      assert.notEqual(second.headers.get("cf-aig-cache-status"), "HIT", path);
    }
  });
}

test("what a scarce budget cuts short isn't given to callers who have more", async () => {
  let answered = (_: Response) => {};
  const built = house((_, count) => count > 1 ? completion() : new Promise((resolve) => answered = resolve), {
    gateways: {
      default: {
        cache: { ttl: 60 },
        limits: [{ per: "metadata.user", tokens: 1e6, overrides: { poor: 1400 }, window: "1d", mode: "hard" }],
      },
    },
  });
  const ask = (user: string) =>
    built.ask("/openai/chat/completions", asking({ "cf-aig-metadata": JSON.stringify({ user }) }));
  const poor = ask("poor");
  while (built.sent.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  const rich = await ask("rich");
  assert.equal(rich.headers.get("cache-status"), "headgate; fwd=miss");
  answered(completion());
  await poor;
  const caps = built.sent.map(({ body }) =>
    /"max_completion_tokens":(\d+)/.exec(new TextDecoder().decode(body as Uint8Array))?.[1]
  );
  assert.deepEqual(caps, ["1024", "4096"]);
});
