/**
 * Unified calls, where the model names its provider, and real client libraries of Cloudflare's gateway.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText } from "ai";
import { AiGatewayDoesNotExist, AiGatewayUnauthorizedError, createAiGateway } from "ai-gateway-provider";
import { CHAT_ANSWER, chunk, DONE, EVENTS, failing, json } from "../answers.ts";
import { GATEWAY_KEY } from "../config.ts";
import { area, type Behaviour, type Stage } from "../stage.ts";
import type { Ticket } from "../upstream.ts";
import { binding } from "../../../src/binding.ts";

const G = "/v1/acc/gw";
const COMPAT = `${G}/compat/chat/completions`;

const RESPONSE =
  '{"id":"resp_1","object":"response","created_at":1,"status":"completed","model":"gpt-5","output":[{"type":"message","id":"m",' +
  '"role":"assistant","status":"completed","content":[{"type":"output_text","text":"From OpenAI","annotations":[]}]}],' +
  '"usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}}}';

/** What the library makes of two legs, of which the first fails. */
function asked(
  stage: Stage,
  gateway: string,
  key: string | undefined,
  first: Ticket,
  second: Ticket,
): Promise<{ text: string }> {
  const port = stage.gateway.port;
  const ours = binding(`http://127.0.0.1:${port}`, { account: "acc", gateway, ...(key === undefined ? {} : { key }) });
  const aigateway = createAiGateway({ binding: ours as never });
  const model = aigateway([
    createAnthropic({ apiKey: first.key })("claude-sonnet-5") as never,
    createOpenAI({ apiKey: second.key })("gpt-5") as never,
  ]);
  return generateText({ model: model as never, prompt: "Hi", maxRetries: 0 });
}

/** Unified behaviours. */
export const unified: readonly Behaviour[] = area("unified", [
  {
    name:
      "A unified call goes to the provider that the model names, without the name, and comes back in OpenAI's shape",
    check: 27,
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json(CHAT_ANSWER));
      const body = '{ "messages":[],  "model" : "openai/gpt-x", "seed":12345678901234567890}';
      const answered = await gateway.post(COMPAT, body, { authorization: ticket.bearer });
      assert.deepEqual([answered.status, answered.text], [200, CHAT_ANSWER]);
      const seen = await ticket.next();
      assert.deepEqual([seen.place, seen.target], ["alpha", "/v1/chat/completions"]);
      assert.equal((await seen.body).toString(), body.replace('"openai/gpt-x"', '"gpt-x"'));
      assert.equal(answered.headers.get("cf-aig-provider"), "openai");
    },
  },
  {
    name: "A unified stream passes event by event",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket();
      const body = '{"model":"groq/llama","stream":true,"stream_options":{"include_usage":true},"messages":[]}';
      const live = gateway.begin({
        path: COMPAT,
        body,
        headers: { "content-type": "application/json", "authorization": ticket.bearer },
      });
      const provider = await ticket.next();
      assert.deepEqual([provider.place, provider.target], ["gamma", "/openai/v1/chat/completions"]);
      provider.head(200, EVENTS);
      for (const event of [chunk("one"), chunk("two"), DONE]) {
        await provider.write(event);
        assert.equal((await live.take(event.length)).toString(), event);
      }
      provider.end();
      assert.ok((await live.rest()).isWhole);
    },
  },
  {
    name: "A model without a provider is refused with Cloudflare's code, and no provider is asked",
    check: 29,
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json(CHAT_ANSWER));
      for (const model of ["gpt-x", "", "/x", "openai/", "nobody/x"]) {
        const answered = await gateway.post(COMPAT, JSON.stringify({ model, messages: [] }), {
          authorization: ticket.bearer,
        });
        assert.ok(answered.status >= 400 && answered.status < 500, answered.text);
        const { success, name, internalCode, error } = answered.json();
        assert.deepEqual([success, name, internalCode], [false, "AiGatewayError", 2019], answered.text);
        assert.equal(typeof error.message, "string");
      }
      assert.equal(ticket.calls.length, 0);
    },
  },
  {
    name: "A unified call reaches a provider of one's own, and Workers AI by its model's whole name",
    check: 30,
    async run({ gateway, upstream }) {
      const cases = [["custom-foo/m", "m", /^\/base\/(v1\/)?chat\/completions$/], [
        "workers-ai/@cf/meta/llama",
        "@cf/meta/llama",
        /^\/client\/v4\/accounts\/acc\/ai\/v1\/chat\/completions$/,
      ]] as const;
      for (const [model, inner, target] of cases) {
        const ticket = upstream.ticket(json(CHAT_ANSWER));
        const answered = await gateway.post(COMPAT, JSON.stringify({ model, messages: [] }), {
          authorization: ticket.bearer,
        });
        assert.equal(answered.status, 200, answered.text);
        const seen = await ticket.next();
        assert.equal(seen.place, "gamma");
        assert.match(seen.target, target);
        assert.equal(JSON.parse((await seen.body).toString()).model, inner);
      }
    },
  },
  {
    name: "Unified embeddings go to the named provider",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json('{"object":"list","data":[]}'));
      const answered = await gateway.post(
        `${G}/compat/embeddings`,
        '{"model":"openai/text-embedding-3-small","input":"Hi"}',
        {
          authorization: ticket.bearer,
        },
      );
      assert.equal(answered.status, 200, answered.text);
      assert.equal((await ticket.next()).target, "/v1/embeddings");
    },
  },
  {
    name: "The default gateway serves unified calls where OpenAI's own clients look for them",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json(CHAT_ANSWER));
      for (const path of ["/v1/chat/completions", "/compat/chat/completions", "/compat/v1/chat/completions"]) {
        const answered = await gateway.post(path, '{"model":"openai/gpt-x","messages":[]}', {
          authorization: ticket.bearer,
        });
        assert.deepEqual([answered.status, answered.text], [200, CHAT_ANSWER], path);
      }
    },
  },
  {
    name: "The unified endpoint lists models",
    async run({ gateway }) {
      for (const path of [`${G}/compat/models`, "/v1/models"]) {
        const answered = await gateway.call({ path });
        assert.equal(answered.status, 200, answered.text);
        const { object, data } = answered.json();
        assert.equal(object, "list");
        assert.ok(Array.isArray(data));
      }
    },
  },
  {
    name: "A unified step of a universal call does what a unified call does",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json(CHAT_ANSWER));
      for (const endpoint of ["chat/completions", "chat/completion", "v1/chat/completions"]) {
        const steps = [{
          provider: "compat",
          endpoint,
          headers: { authorization: ticket.bearer },
          query: { model: "openai/gpt-x", messages: [] },
        }];
        const answered = await gateway.post(G, JSON.stringify(steps));
        assert.deepEqual([answered.text, answered.headers.get("cf-aig-step")], [CHAT_ANSWER, "0"]);
        const seen = await ticket.next();
        assert.deepEqual([seen.target, (await seen.body).toString()], [
          "/v1/chat/completions",
          '{"model":"gpt-x","messages":[]}',
        ]);
      }
    },
  },
  {
    name: "Cloudflare's own AI SDK provider falls over from Anthropic to OpenAI",
    check: 24,
    async run(stage) {
      const [first, second] = [stage.upstream.ticket(failing(500)), stage.upstream.ticket(json(RESPONSE))];
      const { text } = await asked(stage, "gw", undefined, first, second);
      assert.equal(text, "From OpenAI");
      assert.deepEqual([first.calls.length, second.calls.length], [1, 1]);
      assert.deepEqual([first.calls[0]!.target, second.calls[0]!.target], ["/v1/messages", "/v1/responses"]);
    },
  },
  {
    name:
      "Cloudflare's own AI SDK provider understands an unknown gateway and a wrong key, and `Bearer undefined` is no key",
    check: 25,
    async run(stage) {
      const [first, second] = [stage.upstream.ticket(failing(500)), stage.upstream.ticket(json(RESPONSE))];
      await assert.rejects(asked(stage, "nowhere", undefined, first, second), AiGatewayDoesNotExist);
      await assert.rejects(asked(stage, "sec", "wrong", first, second), AiGatewayUnauthorizedError);
      assert.equal(first.calls.length, 0);
      assert.equal((await asked(stage, "gw", "undefined", first, second)).text, "From OpenAI");
      assert.equal((await asked(stage, "sec", GATEWAY_KEY, first, second)).text, "From OpenAI");
    },
  },
]);
