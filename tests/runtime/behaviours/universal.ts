/**
 * Universal calls: an array of steps, tried in order until one succeeds.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  CHAT_ANSWER,
  chunk,
  CONTENT_ANSWER,
  DONE,
  EVENTS,
  failing,
  json,
  late,
  MESSAGE_ANSWER,
  ODD,
  silent,
  vanishing,
} from "../answers.ts";
import { GATEWAY_KEY } from "../config.ts";
import { area, type Behaviour, type Stage } from "../stage.ts";
import { messages, run, step } from "../steps.ts";
import type { Answer } from "../exchange.ts";
import type { Ticket } from "../upstream.ts";
import { pause } from "../wait.ts";

const G = "/v1/acc/gw";

/** The first step does something else than to succeed; the second answers. */
async function fallsThrough(stage: Stage, first: Answer, more: Record<string, unknown> = {}): Promise<Ticket> {
  const [bad, good] = [stage.upstream.ticket(first), stage.upstream.ticket(json(MESSAGE_ANSWER))];
  const answered = await run(stage, [step(bad, more), messages(good)]);
  assert.deepEqual([answered.status, answered.text], [200, MESSAGE_ANSWER]);
  assert.equal(answered.headers.get("cf-aig-step"), "1");
  assert.deepEqual([bad.calls.length, good.calls.length], [1, 1]);
  assert.equal((await good.next()).place, "beta");
  return bad;
}

/** Universal behaviours. */
export const universal: readonly Behaviour[] = area("universal", [
  {
    name: "The first step that succeeds answers, and the others aren't asked",
    check: 15,
    async run(stage) {
      const [one, two] = [stage.upstream.ticket(json(CHAT_ANSWER)), stage.upstream.ticket(json(MESSAGE_ANSWER))];
      const answered = await run(stage, [step(one), messages(two)]);
      assert.deepEqual([answered.status, answered.text], [200, CHAT_ANSWER]);
      assert.equal(answered.headers.get("cf-aig-step"), "0");
      assert.equal(answered.headers.get("cf-aig-provider"), "openai");
      assert.equal(two.calls.length, 0);
      const seen = await one.next();
      assert.deepEqual([seen.place, seen.method, seen.target], ["alpha", "POST", "/v1/chat/completions"]);
    },
  },
  ...[500, 503, 529, 429, 404, 400, 401].map((status): Omit<Behaviour, "area"> => ({
    name: `A step that answers ${status} hands over to the next`,
    check: 16,
    run: async (stage) => void await fallsThrough(stage, failing(status)),
  })),
  {
    name: "A step whose provider breaks off before its answer hands over to the next",
    check: 16,
    async run(stage) {
      const [bad, good] = [stage.upstream.ticket(vanishing), stage.upstream.ticket(json(MESSAGE_ANSWER))];
      const answered = await run(stage, [step(bad), messages(good)]);
      assert.deepEqual([answered.text, answered.headers.get("cf-aig-step")], [MESSAGE_ANSWER, "1"]);
      assert.equal(bad.calls.length, 1, "the same request was sent again unasked");
    },
  },
  {
    name: "A step whose provider can't be reached hands over to the next",
    check: 16,
    async run(stage) {
      const good = stage.upstream.ticket(json(MESSAGE_ANSWER));
      const answered = await run(stage, [step(good, { provider: "deepseek" }), messages(good)]);
      assert.deepEqual([answered.text, answered.headers.get("cf-aig-step")], [MESSAGE_ANSWER, "1"]);
      assert.equal(good.calls.length, 1);
    },
  },
  {
    name: "A step that doesn't begin to answer within its requestTimeout hands over to the next, and is hung up on",
    check: 17,
    async run(stage) {
      const slow = await fallsThrough(stage, late(2500, json(CHAT_ANSWER)), { config: { requestTimeout: 300 } });
      await slow.calls[0]!.closed;
    },
  },
  {
    name: "A step that began to answer in time isn't cut off when its requestTimeout is over",
    check: 17,
    async run(stage) {
      const ticket = stage.upstream.ticket(async (exchange) => {
        await exchange.body;
        exchange.head(200, EVENTS);
        for (let index = 0; index < 8; index++) {
          await exchange.write(chunk(`${index}`));
          await pause(60);
        }
        await exchange.write(DONE);
        exchange.end();
      });
      const answered = await run(stage, [
        step(ticket, { config: { requestTimeout: 300 } }),
        step(stage.upstream.ticket(failing(500))),
      ]);
      assert.ok(answered.isWhole && answered.text.endsWith(DONE), answered.text);
      assert.equal(answered.headers.get("cf-aig-step"), "0");
    },
  },
  {
    name: "A step is tried as often as its config says before it succeeds",
    check: 18,
    async run(stage) {
      const ticket = stage.upstream.ticket(failing(503), failing(503), json(CHAT_ANSWER));
      const config = { maxAttempts: 3, retryDelay: 10, backoff: "constant" };
      const answered = await run(stage, [step(ticket, { config }), step(stage.upstream.ticket(failing(500)))]);
      assert.deepEqual([answered.text, answered.headers.get("cf-aig-step")], [CHAT_ANSWER, "0"]);
      assert.equal(ticket.calls.length, 3);
    },
  },
  {
    name: "A step whose attempts are spent hands over to the next",
    check: 18,
    async run(stage) {
      const [bad, good] = [stage.upstream.ticket(failing(503)), stage.upstream.ticket(json(MESSAGE_ANSWER))];
      const config = { maxAttempts: 3, retryDelay: 10, backoff: "constant" };
      const answered = await run(stage, [step(bad, { config }), messages(good)]);
      assert.deepEqual([answered.text, answered.headers.get("cf-aig-step")], [MESSAGE_ANSWER, "1"]);
      assert.deepEqual([bad.calls.length, good.calls.length], [3, 1]);
    },
  },
  {
    name: "A bare object is a universal call of one step",
    check: 19,
    async run(stage) {
      const ticket = stage.upstream.ticket(json(CHAT_ANSWER));
      const answered = await run(stage, step(ticket), {}, `${G}/`);
      assert.deepEqual([answered.text, answered.headers.get("cf-aig-step")], [CHAT_ANSWER, "0"]);
    },
  },
  {
    name: "An endpoint is understood with and without /v1, and with a query",
    check: 20,
    async run(stage) {
      for (const endpoint of ["v1/chat/completions", "chat/completions", "/chat/completions"]) {
        const ticket = stage.upstream.ticket(json(CHAT_ANSWER));
        assert.equal((await run(stage, [step(ticket, { endpoint })])).status, 200);
        assert.equal((await ticket.next()).target, "/v1/chat/completions");
      }
      const ticket = stage.upstream.ticket(json(CONTENT_ANSWER));
      const endpoint = "v1beta/models/m:streamGenerateContent?alt=sse";
      const headers = { "x-goog-api-key": ticket.key };
      assert.equal((await run(stage, [step(ticket, { provider: "google-ai-studio", endpoint, headers })])).status, 200);
      assert.deepEqual([(await ticket.next()).place, ticket.calls[0]!.target], ["gamma", `/${endpoint}`]);
    },
  },
  {
    name: "A step's cache time to live of 0 wins over the request's, and nothing of it is kept",
    check: 21,
    async run(stage) {
      const ticket = stage.upstream.ticket(json(CHAT_ANSWER));
      const headers = { "authorization": ticket.bearer, "cf-aig-cache-ttl": "0" };
      for (let index = 0; index < 2; index++) {
        const answered = await run(stage, [step(ticket, { headers })], { "cf-aig-cache-ttl": "3600" });
        assert.equal(answered.text, CHAT_ANSWER);
        assert.notEqual(answered.headers.get("cf-aig-cache-status"), "HIT");
      }
      assert.equal(ticket.calls.length, 2);
      assert.deepEqual(ticket.calls.flatMap((seen) => seen.fields).filter(([name]) => /^cf-/i.test(name)), []);
    },
  },
  {
    name: "A step that streams tells its number before its body, and streams",
    check: 22,
    async run(stage) {
      const [bad, good] = [stage.upstream.ticket(failing(500)), stage.upstream.ticket()];
      const body = JSON.stringify([
        step(bad),
        step(good, { query: { model: "gpt-5", stream: true, stream_options: { include_usage: true } } }),
      ]);
      const live = stage.gateway.begin({ path: G, body, headers: { "content-type": "application/json" } });
      const provider = await good.next();
      provider.head(200, EVENTS);
      for (const event of [chunk("one"), chunk("two"), DONE]) {
        await provider.write(event);
        assert.equal((await live.take(event.length)).toString(), event);
        assert.equal(live.headers.get("cf-aig-step"), "1");
      }
      provider.end();
      assert.ok((await live.rest()).isWhole);
      assert.match(live.headers.get("content-type") ?? "", /^text\/event-stream/);
    },
  },
  {
    name: "When every step fails, the last one's answer comes back with its number",
    check: 23,
    async run(stage) {
      const body = '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}';
      const [one, two] = [
        stage.upstream.ticket(failing(500)),
        stage.upstream.ticket(json(body, 529, [["retry-after", "3"]])),
      ];
      const answered = await run(stage, [step(one), messages(two)]);
      assert.deepEqual([answered.status, answered.text], [529, body]);
      assert.equal(answered.headers.get("cf-aig-step"), "1");
      assert.equal(answered.headers.get("retry-after"), "3");
    },
  },
  {
    name: "When every step fails and the last one never answered, the error is Cloudflare's envelope with its number",
    check: 23,
    async run(stage) {
      const one = stage.upstream.ticket(failing(500));
      const answered = await run(stage, [step(one), step(one, { provider: "deepseek" })]);
      assert.equal(answered.status, 502);
      assert.equal(answered.headers.get("cf-aig-step"), "1");
      const { success, name, httpCode, error } = answered.json();
      assert.deepEqual([success, name, httpCode], [false, "AiGatewayError", 502]);
      assert.ok(Array.isArray(error) && typeof error[0].message === "string");
    },
  },
  {
    name: "Each step gets its own headers and body, and no other step's",
    async run(stage) {
      const [one, two] = [stage.upstream.ticket(failing(500)), stage.upstream.ticket(json(MESSAGE_ANSWER))];
      const headers = { "authorization": one.bearer, "openai-organization": "org-1", "x-request-id": "r-1" };
      await run(stage, [
        step(one, { headers, query: { model: "a" } }),
        messages(two, { query: { model: "b", max_tokens: 1 } }),
      ]);
      const [first, second] = [await one.next(), await two.next()];
      assert.equal(first.header("openai-organization"), "org-1");
      assert.equal((await first.body).toString(), '{"model":"a"}');
      assert.equal(second.header("openai-organization"), undefined);
      assert.equal(second.header("authorization"), undefined);
      assert.equal(second.header("x-api-key"), two.key);
      assert.equal((await second.body).toString(), '{"model":"b","max_tokens":1}');
    },
  },
  {
    name: "A credential beside the request, not in a step, is shown to no provider",
    async run(stage) {
      const ticket = stage.upstream.ticket(json(MESSAGE_ANSWER));
      const canary = stage.upstream.ticket(json("{}"));
      await run(stage, [messages(ticket)], {
        "authorization": canary.bearer,
        "x-goog-api-key": canary.key,
        "cookie": `s=${canary.key}`,
      });
      assert.ok(!JSON.stringify((await ticket.next()).fields).includes(canary.key));
      assert.equal(canary.calls.length, 0);
    },
  },
  {
    name: "A step's query keeps its bytes: big integers, odd spacing, unknown fields, escapes",
    async run(stage) {
      const ticket = stage.upstream.ticket(json(CHAT_ANSWER));
      const query = ODD.trim();
      const body =
        `[ {"provider" : "openai", "endpoint":"chat/completions", "headers":{"authorization":"${ticket.bearer}"}, "query" : ${query}  } ]`;
      assert.equal((await run(stage, body)).status, 200);
      assert.equal((await (await ticket.next()).body).toString(), query);
    },
  },
  {
    name: "Steps that can't be understood are refused in Cloudflare's envelope, and no provider is asked",
    async run(stage) {
      const ticket = stage.upstream.ticket(silent);
      const bad = [
        "[]",
        "7",
        '"x"',
        "[null]",
        '[{"provider":"openai"}]',
        '[{"endpoint":"x","query":{}}]',
        `[${JSON.stringify(step(ticket))},7]`,
      ];
      for (
        const body of [
          ...bad,
          JSON.stringify([step(ticket, { headers: 7 })]),
          JSON.stringify([step(ticket, { config: { maxAttempts: "x" } })]),
        ]
      ) {
        const answered = await run(stage, body);
        assert.equal(answered.status, 400, `${body}: ${answered.text}`);
        const { success, error, name, internalCode, message } = answered.json();
        assert.deepEqual([success, name, error[0].code, error[0].message], [
          false,
          "AiGatewayError",
          internalCode,
          message,
        ]);
      }
      assert.equal(ticket.calls.length, 0);
    },
  },
  {
    name: "A step for a provider that isn't known is refused by name",
    async run(stage) {
      const ticket = stage.upstream.ticket(json("{}"));
      const answered = await run(stage, [step(ticket, { provider: "opnai" })]);
      assert.ok(answered.status === 404 || answered.status === 400, answered.text);
      assert.match(answered.json().error[0].message, /opnai|openai/);
      assert.equal(ticket.calls.length, 0);
    },
  },
  {
    name: "A universal call with the gateway's key passes a gateway that asks for one; the key goes nowhere",
    async run(stage) {
      const ticket = stage.upstream.ticket(json(CHAT_ANSWER));
      const answered = await run(
        stage,
        [step(ticket)],
        { "cf-aig-authorization": `Bearer ${GATEWAY_KEY}` },
        "/v1/acc/sec",
      );
      assert.equal(answered.text, CHAT_ANSWER);
      assert.ok(!JSON.stringify((await ticket.next()).fields).includes(GATEWAY_KEY));
    },
  },
]);
