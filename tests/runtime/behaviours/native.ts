/**
 * Provider-native calls: method, path, query and body bytes go through unchanged.
 *
 * @module
 */
import assert from "node:assert/strict";
import { CHAT, CHAT_ANSWER, CONTENT, CONTENT_ANSWER, json, MESSAGE, MESSAGE_ANSWER } from "../answers.ts";
import { GATEWAY_KEY, STORED_KEY } from "../config.ts";
import { area, type Behaviour, type Stage } from "../stage.ts";
import type { Exchange } from "../exchange.ts";
import type { Place } from "../upstream.ts";

const G = "/v1/acc/gw";

/** Posts JSON with a ticket in the given header, and gives back what the provider saw. */
async function reaches(
  stage: Stage,
  path: string,
  place: Place,
  target: string,
  header = "authorization",
): Promise<Exchange> {
  const ticket = stage.upstream.ticket(json(CHAT_ANSWER));
  const answered = await stage.gateway.post(path, CHAT, {
    [header]: header === "authorization" ? ticket.bearer : ticket.key,
  });
  assert.equal(answered.status, 200, answered.text);
  assert.equal(answered.text, CHAT_ANSWER);
  const [seen, ...more] = ticket.calls;
  assert.ok(seen !== undefined && more.length === 0, `the provider got ${ticket.calls.length} requests`);
  assert.deepEqual([seen.place, seen.method, seen.target], [place, "POST", target]);
  assert.equal((await seen.body).toString(), CHAT);
  return seen;
}

/** Provider-native behaviours. */
export const native: readonly Behaviour[] = area("native", [
  {
    name:
      "A call reaches the provider with the same body bytes and credential, without any header meant for the gateway",
    check: 1,
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json(CHAT_ANSWER));
      const answered = await gateway.post(`${G}/openai/chat/completions`, CHAT, {
        "authorization": ticket.bearer,
        "cf-aig-authorization": `Bearer ${GATEWAY_KEY}`,
        "cf-aig-metadata": '{"team":"suite"}',
        "cf-aig-cache-ttl": "0",
      });
      assert.equal(answered.status, 200, answered.text);
      assert.equal(answered.text, CHAT_ANSWER);
      const seen = await ticket.next();
      assert.deepEqual([seen.place, seen.method, seen.target], ["alpha", "POST", "/v1/chat/completions"]);
      assert.equal((await seen.body).toString(), CHAT);
      assert.deepEqual(seen.all("authorization"), [ticket.bearer]);
      assert.deepEqual(seen.fields.filter(([name]) => name.toLowerCase().startsWith("cf-aig")), []);
      assert.ok(!JSON.stringify(seen.fields).includes(GATEWAY_KEY));
    },
  },
  {
    name: "A second /v1 in the path of OpenAI is tolerated",
    check: 2,
    run: async (stage) => void await reaches(stage, `${G}/openai/v1/chat/completions`, "alpha", "/v1/chat/completions"),
  },
  {
    name: "Every other path of OpenAI goes through: responses, embeddings",
    check: 3,
    async run(stage) {
      await reaches(stage, `${G}/openai/responses`, "alpha", "/v1/responses");
      await reaches(stage, `${G}/openai/embeddings`, "alpha", "/v1/embeddings");
    },
  },
  {
    name: "Anthropic is reached with and without /v1, and keeps its version header",
    check: 4,
    async run({ gateway, upstream }) {
      for (const path of [`${G}/anthropic/v1/messages`, `${G}/anthropic/messages`]) {
        const ticket = upstream.ticket(json(MESSAGE_ANSWER));
        const answered = await gateway.post(path, MESSAGE, {
          "x-api-key": ticket.key,
          "anthropic-version": "2023-06-01",
        });
        assert.equal(answered.text, MESSAGE_ANSWER);
        const seen = await ticket.next();
        assert.deepEqual([seen.place, seen.target], ["beta", "/v1/messages"]);
        assert.equal(seen.header("anthropic-version"), "2023-06-01");
        assert.equal(seen.header("x-api-key"), ticket.key);
        assert.equal((await seen.body).toString(), MESSAGE);
      }
    },
  },
  {
    name: "Gemini is reached by its own path and key header",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json(CONTENT_ANSWER));
      const path = `${G}/google-ai-studio/v1beta/models/gemini-2.5-flash:generateContent`;
      const answered = await gateway.post(path, CONTENT, { "x-goog-api-key": ticket.key });
      assert.equal(answered.text, CONTENT_ANSWER);
      const seen = await ticket.next();
      assert.deepEqual([seen.place, seen.target], ["gamma", "/v1beta/models/gemini-2.5-flash:generateContent"]);
    },
  },
  {
    name: "Azure OpenAI's resource and deployment become its URL, with the API version",
    check: 6,
    async run(stage) {
      const path = `${G}/azure-openai/res/dep/chat/completions?api-version=2026-01-01`;
      await reaches(stage, path, "gamma", "/openai/deployments/dep/chat/completions?api-version=2026-01-01", "api-key");
    },
  },
  {
    name: "Vertex AI is reached by its long path, with the client's own token",
    check: 8,
    async run(stage) {
      const rest = "v1/projects/p/locations/us-central1/publishers/google/models/m:generateContent";
      await reaches(stage, `${G}/google-vertex-ai/${rest}`, "gamma", `/${rest}`);
    },
  },
  {
    name: "Groq and Grok are told apart",
    check: 9,
    async run(stage) {
      await reaches(stage, `${G}/groq/chat/completions`, "gamma", "/openai/v1/chat/completions");
      await reaches(stage, `${G}/grok/v1/chat/completions`, "gamma", "/v1/chat/completions");
    },
  },
  {
    name: "OpenRouter's two spellings reach the same URL",
    check: 10,
    async run(stage) {
      await reaches(stage, `${G}/openrouter/chat/completions`, "gamma", "/api/v1/chat/completions");
      await reaches(stage, `${G}/openrouter/v1/chat/completions`, "gamma", "/api/v1/chat/completions");
    },
  },
  {
    name: "Workers AI's three spellings reach the account's own paths",
    check: 11,
    async run(stage) {
      const base = "/client/v4/accounts/acc/ai";
      await reaches(stage, `${G}/workers-ai/@cf/meta/llama`, "gamma", `${base}/run/@cf/meta/llama`);
      await reaches(stage, `${G}/workers-ai/run/@cf/meta/llama`, "gamma", `${base}/run/@cf/meta/llama`);
      await reaches(stage, `${G}/workers-ai/v1/chat/completions`, "gamma", `${base}/v1/chat/completions`);
    },
  },
  {
    name: "fal is reached by path, and a target URL that isn't fal's own is refused unasked",
    check: 12,
    async run(stage) {
      const { gateway, upstream } = stage;
      await reaches(stage, `${G}/fal/fal-ai/flux`, "gamma", "/fal-ai/flux");
      const ticket = upstream.ticket(json("{}"));
      const before = upstream.canaryHits.length;
      for (
        const url of [
          `http://127.0.0.1:${upstream.canaryPort}/x`,
          "https://fal.run.evil.example/x",
          "file:///etc/passwd",
          "//x",
        ]
      ) {
        const answered = await gateway.post(`${G}/fal`, "{}", {
          "authorization": ticket.bearer,
          "x-fal-target-url": url,
        });
        assert.equal(answered.status, 400, `${url}: ${answered.text}`);
      }
      assert.equal(ticket.calls.length, 0);
      assert.equal(upstream.canaryHits.length, before);
    },
  },
  {
    name: "A provider of one's own gets path and query appended to its base URL",
    check: 13,
    async run(stage) {
      await reaches(stage, `${G}/custom-foo/a/b?c=1`, "gamma", "/base/a/b?c=1");
      const unknown = await stage.gateway.post(`${G}/custom-bar/a`, "{}");
      assert.equal(unknown.status, 404, unknown.text);
      assert.match(unknown.json().error.message, /custom-bar|provider/);
    },
  },
  {
    name: "Every method passes: GET, PUT, PATCH, DELETE",
    check: 14,
    async run({ gateway, upstream }) {
      for (const method of ["GET", "PUT", "PATCH", "DELETE"]) {
        const ticket = upstream.ticket(json(`{"method":"${method}"}`));
        const answered = await gateway.call({
          method,
          path: `${G}/openai/files/f-1?a=1`,
          headers: { authorization: ticket.bearer },
        });
        assert.equal(answered.text, `{"method":"${method}"}`);
        const seen = await ticket.next();
        assert.deepEqual([seen.method, seen.target], [method, "/v1/files/f-1?a=1"]);
        assert.equal((await seen.body).length, 0);
      }
    },
  },
  {
    name: "The query goes through as it was written",
    async run({ gateway, upstream }) {
      const query = "?a=%2F%20+b&c=&d&e=%C3%A9&a=2&limit=10&after=x%26y";
      const ticket = upstream.ticket(json("{}"));
      await gateway.call({ path: `${G}/openai/models${query}`, headers: { authorization: ticket.bearer } });
      assert.equal((await ticket.next()).target, `/v1/models${query}`);
    },
  },
  {
    name: "Escapes in the path go through as they were written",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json("{}"));
      const path = "models/ft%3Agpt:acme%20co/caf%C3%A9";
      const answered = await gateway.call({ path: `${G}/openai/${path}`, headers: { authorization: ticket.bearer } });
      assert.equal(answered.status, 200, answered.text);
      assert.equal((await ticket.next()).target, `/v1/${path}`);
    },
  },
  {
    name: "The default gateway needs no prefix, and stray slashes are tolerated",
    async run(stage) {
      for (const path of ["/openai/chat/completions", "/openai/v1/chat/completions/", "//openai//chat/completions"]) {
        await reaches(stage, path, "alpha", "/v1/chat/completions");
      }
    },
  },
  {
    name: "A stored key is shown to its provider where the client brings none, and the client's own wins",
    async run({ gateway, upstream }) {
      const path = `${G}/mistral/v1/chat/completions`;
      const answered = await gateway.post(`${path}?who=nobody`, CHAT);
      assert.deepEqual([answered.status, answered.text], [200, CHAT_ANSWER]);
      const own = upstream.ticket(json(CHAT_ANSWER));
      assert.equal((await gateway.post(`${path}?who=me`, CHAT, { authorization: own.bearer })).status, 200);
      const stored = upstream.stored(STORED_KEY).calls;
      assert.deepEqual(stored.filter(({ target }) => target.includes("who=")).map(({ target }) => target), [
        "/v1/chat/completions?who=nobody",
      ]);
      assert.equal(
        stored.find(({ target }) => target.includes("who=nobody"))?.header("authorization"),
        `Bearer ${STORED_KEY}`,
      );
      assert.equal(own.calls.length, 1);
    },
  },
]);
