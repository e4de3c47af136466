import assert from "node:assert/strict";
import { test } from "node:test";
import { lastRecalled, recalled } from "../../src/recall.ts";
import { chat, completion, house } from "./house.ts";

function counted() {
  const worked: string[] = [];
  const upper = recalled((text) => {
    worked.push(text);
    if (text === "bad") throw new Error("no");
    return text.toUpperCase();
  });
  return { worked, upper };
}

test("the same text is worked out once, and each text for itself", () => {
  const { worked, upper } = counted();
  assert.deepEqual([upper("a"), upper("b"), upper("a"), upper("b")], ["A", "B", "A", "B"]);
  assert.deepEqual(worked, ["a", "b"]);
});

test("neither an error nor what a long text comes to is kept", () => {
  const { worked, upper } = counted();
  const long = "x".repeat(1025);
  for (let time = 0; time < 2; time++) {
    assert.throws(() => upper("bad"), /no/);
    assert.equal(upper(long), long.toUpperCase());
  }
  assert.deepEqual(worked, ["bad", long, "bad", long]);
});

test("of a hundred thousand different texts no more than 512 are kept", () => {
  const { worked, upper } = counted();
  for (let number = 0; number < 100_000; number++) upper(String(number));
  worked.length = 0;
  for (let number = 0; number < 100_000; number++) upper(String(number));
  assert.equal(worked.length, 100_000);
  worked.length = 0;
  for (let number = 99_999; number >= 0; number--) upper(String(number));
  assert.ok(worked.length >= 100_000 - 512);
});

test("the last result holds for the very same number only", () => {
  let count = 0;
  const twice = lastRecalled((now) => (count++, 2 * now));
  assert.deepEqual([twice(1), twice(1), twice(2), twice(1)], [2, 2, 4, 2]);
  assert.equal(count, 3);
});

test("a path that comes again is told apart by method, gateway, account, provider, query and house", async () => {
  const answers = () => completion();
  const { ask, sent } = house(answers, { providers: { "custom-a": { origin: "https://a.example/v1" } } });
  const calls = [
    ["/custom-a/chat/completions", "https://a.example/v1/chat/completions"],
    ["/openai/chat/completions", "https://api.openai.com/v1/chat/completions"],
    ["/v1/acc/gw/openai/chat/completions?a=1", "https://api.openai.com/v1/chat/completions?a=1"],
    ["/v1/acc/other/openai/chat/completions?a=2", "https://api.openai.com/v1/chat/completions?a=2"],
    ["/v1/acc1/gw/workers-ai/run/@cf/m", "https://api.cloudflare.com/client/v4/accounts/acc1/ai/run/@cf/m"],
    ["/v1/acc2/gw/workers-ai/run/@cf/m", "https://api.cloudflare.com/client/v4/accounts/acc2/ai/run/@cf/m"],
  ] as const;
  for (let time = 0; time < 2; time++) {
    for (const [path] of calls) assert.equal((await ask(path, chat("gpt-x"))).status, 200);
    assert.equal((await ask("/v1/acc/gw", { method: "GET" })).status, 200);
    assert.equal((await ask("/v1/acc/gw", { method: "POST", body: "[]" })).status, 400);
    assert.equal((await ask("/openai/chat%2fcompletions", chat("gpt-x"))).status, 400);
  }
  assert.deepEqual(sent.map(({ url }) => url.href), [...calls, ...calls].map(([, href]) => href));
  const elsewhere = house(answers, { providers: { "custom-a": { origin: "https://b.example" } } });
  await elsewhere.ask("/custom-a/chat/completions", chat("gpt-x"));
  assert.equal(elsewhere.sent[0]?.url.href, "https://b.example/chat/completions");
});

test("what a room does to one call's URL does nothing to the next call's", async () => {
  const { ask, sent } = house((outbound) => {
    outbound.url.pathname = "/elsewhere";
    return completion();
  });
  await ask("/openai/chat/completions", chat("gpt-x"));
  const hrefs: string[] = [];
  sent.push = (outbound) => hrefs.push(outbound.url.href);
  await ask("/openai/chat/completions", chat("gpt-x"));
  assert.deepEqual(hrefs, ["https://api.openai.com/v1/chat/completions"]);
});

test("a key is told from a thousand wrong ones before them, among them and after them", async () => {
  const { ask } = house(() => completion(), { auth: { keys: [{ id: "a", key: "gw-secret-key", tenant: "acme" }] } });
  const statusFor = async (key: string): Promise<number> => {
    const init = chat("gpt-x");
    const headers = { ...init.headers, "cf-aig-authorization": key };
    return (await ask("/openai/chat/completions", { ...init, headers })).status;
  };
  for (let number = 0; number < 1000; number++) {
    if (number % 300 === 0) assert.equal(await statusFor("Bearer gw-secret-key"), 200);
    assert.equal(await statusFor(`gw-secret-key${number % 600}`), 401);
  }
  assert.equal(await statusFor("gw-secret-key"), 200);
  assert.equal(await statusFor("gw-secret-key0"), 401);
});
