/**
 * Budgets: what calls may take of tokens and money, held beforehand and settled to what they took.
 *
 * @module
 */
import assert from "node:assert/strict";
import { chunk, CONTENT, DONE, EVENTS, failing, json, MESSAGE, STOP_CHUNK, USAGE_CHUNK } from "../answers.ts";
import { KEYS } from "../config.ts";
import type { Answer, Exchange } from "../exchange.ts";
import {
  ask,
  type Asking,
  begin,
  BOTH,
  chat,
  CHAT_STREAM,
  content,
  left,
  leftOf,
  MESSAGE_END,
  MESSAGE_START,
  MESSAGE_TEXT,
  nonce,
  settled,
  streamed,
  streaming,
  times,
} from "../governed.ts";
import { area, type Behaviour } from "../stage.ts";
import { messages, run, step } from "../steps.ts";
import { pause } from "../wait.ts";

/** A budget of one user; such that what is too much for one call is too much. */
const TOKENS = { name: "tokens", per: "metadata.user", tokens: 3000, window: "1d" };
const MONEY = { name: "money", per: "metadata.user", cost: 1.5, window: "month" };
const MICRO_USD = 1_500_000;

const budget = (name: string, rule: object, more: object = {}) =>
  ({ [name]: { auth: "off", limits: [rule], ...more } }) as NonNullable<Behaviour["gateways"]>;

const ANN: Asking = { tags: { user: "ann" } };
const BOB: Asking = { tags: { user: "bob" } };

/** An answer of the priced model: so many tokens in and out. */
const told = (input: number, output: number): string =>
  JSON.stringify({
    id: "chatcmpl-1",
    object: "chat.completion",
    model: "priced-1",
    choices: [{ index: 0, message: { role: "assistant", content: "Hello" }, finish_reason: "stop" }],
    usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output },
  });

const MESSAGE_TOLD =
  '{"id":"msg_1","type":"message","role":"assistant","model":"priced-1","content":[{"type":"text","text":"Hello"}],' +
  '"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":4}}';
const CONTENT_TOLD =
  '{"candidates":[{"content":{"role":"model","parts":[{"text":"Hello"}]},"finishReason":"STOP"}],"modelVersion":"priced-1",' +
  '"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":3,"totalTokenCount":8}}';

const ANTHROPIC = "anthropic/v1/messages";
const GEMINI = "google-ai-studio/v1beta/models/priced-1:generateContent";
const GEMINI_STREAM = "google-ai-studio/v1beta/models/priced-1:streamGenerateContent?alt=sse";

/** What providers tell of their tokens, in each format and form. */
const TELLING: readonly (readonly [what: string, asking: Asking, answer: Answer, input: number, output: number])[] = [
  ["an OpenAI answer", { body: chat("Hi", { model: "priced-1" }) }, json(told(11, 7)), 11, 7],
  [
    "an OpenAI stream",
    { body: streaming("Hi", { model: "priced-1" }) },
    streamed([chunk("one"), STOP_CHUNK, USAGE_CHUNK, DONE].map((piece) => piece.replace("gpt-5-2026", "priced-1"))),
    21,
    13,
  ],
  [
    "an OpenAI stream whose client didn't ask for it",
    { body: chat("Hi", { model: "priced-1", stream: true }) },
    streamed([chunk("one"), STOP_CHUNK, USAGE_CHUNK, DONE].map((piece) => piece.replace("gpt-5-2026", "priced-1"))),
    21,
    13,
  ],
  [
    "an answer of OpenAI's responses",
    { path: "openai/responses", body: '{"model":"priced-1","input":"Hi"}' },
    json(
      '{"id":"r","object":"response","status":"completed","model":"priced-1","output":[],' +
        '"usage":{"input_tokens":6,"output_tokens":2,"total_tokens":8}}',
    ),
    6,
    2,
  ],
  [
    "embeddings",
    { path: "openai/embeddings", body: '{"model":"priced-1","input":"Hi"}' },
    json('{"object":"list","data":[],"model":"priced-1","usage":{"prompt_tokens":8,"total_tokens":8}}'),
    8,
    0,
  ],
  ["an Anthropic answer", { path: ANTHROPIC, body: MESSAGE }, json(MESSAGE_TOLD), 9, 4],
  [
    "an Anthropic stream",
    { path: ANTHROPIC, body: MESSAGE.replace("{", '{"stream":true,') },
    streamed([MESSAGE_START, MESSAGE_TEXT, MESSAGE_END]),
    9,
    4,
  ],
  ["a Gemini answer", { path: GEMINI, body: CONTENT }, json(CONTENT_TOLD), 5, 3],
  [
    "a Gemini stream",
    { path: GEMINI_STREAM, body: CONTENT },
    streamed([content("Hi"), content("!", ',"finishReason":"STOP"')]),
    5,
    3,
  ],
];

/** The parsed body of a request as the provider received it. */
const received = async (exchange: Exchange): Promise<Record<string, unknown>> =>
  JSON.parse((await exchange.body).toString()) as Record<string, unknown>;

/** Some fifty tokens. */
const LONG = " and so on".repeat(20);

/** A provider that talks until nobody listens, whatever cap it was given. */
const endless = (first: string, piece: string): Answer => async (exchange) => {
  await exchange.body;
  exchange.head(200, EVENTS);
  await exchange.write(first);
  while (!exchange.isClosed) {
    await exchange.write(piece);
    await pause(5);
  }
};

/** Streams that a budget ends, and how they then end. */
const STOPPED: readonly (readonly [dialect: string, Asking, Answer, RegExp])[] = [
  [
    "OpenAI",
    { body: streaming("Hi", { max_tokens: 100 }) },
    endless(chunk("I"), chunk(LONG)),
    /"finish_reason":"length"[^\n]*\n\n(?:data: \{[^\n]*\n\n)?data: \[DONE\]\n\n$/,
  ],
  [
    "Anthropic",
    { path: ANTHROPIC, body: MESSAGE.replace("{", '{"stream":true,').replace("16", "100") },
    endless(MESSAGE_START + MESSAGE_TEXT, MESSAGE_TEXT.replace(" and so on", LONG)),
    /content_block_stop[\s\S]*"stop_reason":"max_tokens"[\s\S]*event: message_stop\ndata: \{"type":"message_stop"\}\n\n$/,
  ],
  [
    "Gemini",
    { path: GEMINI_STREAM, body: CONTENT.replace("{", '{"generationConfig":{"maxOutputTokens":100},') },
    endless(content("I"), content(LONG)),
    /"finishReason":"MAX_TOKENS"[^\n]*\r?\n\r?\n$/,
  ],
];

/** Budgets of tokens and money. */
export const budgets: readonly Behaviour[] = area("budgets", [
  {
    name: "Tokens are settled to what the provider told, and money by the configured prices, in every format",
    gateways: budget("settling", TOKENS, { limits: [TOKENS, MONEY] }),
    async run(stage) {
      await Promise.all(TELLING.map(async ([what, asking, answer, input, output]) => {
        const who = { tags: { user: nonce() } };
        const answered = await ask(stage, "settling", stage.upstream.ticket(answer), { ...asking, ...who });
        assert.deepEqual([answered.status, answered.isWhole], [200, true], what);
        await settled(stage, "settling", "tokens", 3000 - input - output, who);
        await settled(stage, "settling", "money", MICRO_USD - input * 100 - output * 1000, who);
      }));
    },
  },
  {
    name: "An answer tells what is left of budgets, in tokens and in millionths of a dollar",
    gateways: budget("remaining", TOKENS, { limits: [TOKENS, MONEY] }),
    async run(stage) {
      const body = chat("Hi", { model: "priced-1", max_tokens: 10 });
      const answered = await ask(stage, "remaining", stage.upstream.ticket(json(told(11, 7))), { ...ANN, body });
      assert.equal(answered.status, 200);
      const policies = answered.headers.get("ratelimit-policy") ?? "";
      assert.match(policies, /^"tokens";q=3000;qu="tokens";w=86400, "money";q=1500000;qu="micro-usd";w=\d+$/);
      // The call itself is held for what it may take.
      assert.ok(left(answered, "tokens") < 3000 && left(answered, "tokens") > 2900);
      assert.ok(left(answered, "money") < MICRO_USD && left(answered, "money") > MICRO_USD - 20_000);
    },
  },
  {
    name: "A call that a budget has too little for is refused with 402 and code 2041, and told not to try again",
    gateways: {
      ...budget("spent", { ...TOKENS, tokens: 10 }),
      ...budget("spent-429", { ...TOKENS, tokens: 10, status: 429 }),
    },
    async run(stage) {
      const ticket = stage.upstream.ticket(json(told(1, 1)));
      for (const [gateway, status] of [["spent", 402], ["spent-429", 429]] as const) {
        const openai = await ask(stage, gateway, ticket);
        const anthropic = await ask(stage, gateway, ticket, { path: ANTHROPIC, body: MESSAGE });
        const gemini = await ask(stage, gateway, ticket, { path: GEMINI, body: CONTENT });
        const universal = await run(stage, [step(ticket)], {}, `/v1/acc/${gateway}`);
        for (const answered of [openai, anthropic, gemini, universal]) {
          const { success, internalCode, httpCode } = answered.json();
          assert.deepEqual([answered.status, success, internalCode, httpCode], [status, false, 2041, status]);
          assert.equal(answered.headers.get("x-should-retry"), "false");
          assert.ok(Number(answered.headers.get("retry-after")) >= 1);
          assert.equal(left(answered, "tokens"), 10);
        }
        assert.ok(openai.json().error.message.includes('"tokens"'));
        assert.equal(anthropic.json().type, "error");
        assert.equal(gemini.json().error.code, status);
        assert.equal(universal.json().error[0].code, 2041);
      }
      assert.equal(ticket.calls.length, 0);
    },
  },
  {
    name: "A call that fails costs nothing, whether the provider refuses it or can't be reached",
    gateways: budget("failing", TOKENS),
    async run(stage) {
      for (const status of [400, 429, 500]) {
        const failed = await ask(stage, "failing", stage.upstream.ticket(failing(status)), ANN);
        assert.equal(failed.status, status);
      }
      const path = "deepseek/chat/completions";
      assert.equal((await ask(stage, "failing", stage.upstream.ticket(), { ...ANN, path })).status, 502);
      await settled(stage, "failing", "tokens", 3000, ANN);
    },
  },
  {
    name: "Of a universal call only the step that answered costs",
    gateways: budget("steps", TOKENS),
    async run(stage) {
      const [bad, good] = [stage.upstream.ticket(failing(500)), stage.upstream.ticket(json(MESSAGE_TOLD))];
      const headers = { "cf-aig-metadata": JSON.stringify(ANN.tags) };
      const answered = await run(stage, [step(bad), messages(good)], headers, "/v1/acc/steps");
      assert.deepEqual([answered.status, answered.headers.get("cf-aig-step")], [200, "1"]);
      await settled(stage, "steps", "tokens", 3000 - 13, ANN);
    },
  },
  {
    name: "A budget of one caller isn't another's, and is one for all keys of a tenant",
    gateways: budget("owners", { ...TOKENS, per: "tenant" }, { auth: "required" }),
    async run(stage) {
      const ticket = stage.upstream.ticket(json(told(2000, 500)));
      assert.equal((await ask(stage, "owners", ticket, { key: KEYS.acme })).status, 200);
      await settled(stage, "owners", "tokens", 500, { key: KEYS.acmeToo });
      assert.equal((await ask(stage, "owners", ticket, { key: KEYS.acmeToo })).status, 402);
      assert.equal((await ask(stage, "owners", ticket, { key: KEYS.zeta })).status, 200);
    },
  },
  {
    name: "A client that leaves in the middle of a stream is charged an estimate of what had come",
    gateways: budget("leavers", TOKENS),
    async run(stage) {
      const leave = async (who: Asking, asking: Asking, first: string, piece: string) => {
        const ticket = stage.upstream.ticket();
        const live = begin(stage, "leavers", ticket, { ...who, ...asking });
        const provider = await ticket.next();
        provider.head(200, EVENTS);
        const pieces = [first, ...times(20, piece)];
        for (const piece of pieces) await provider.write(piece);
        await live.take(pieces.join("").length);
        const talk = async () => {
          while (!provider.isClosed) await provider.write(piece).then(() => pause(10));
        };
        void talk();
        live.leave("rst");
        await provider.closed;
        await settled(stage, "leavers", "tokens", (rest) => rest <= 3000 - 20 && rest >= 3000 - 300, who);
      };
      await leave(ANN, { body: streaming("Hi") }, "", chunk(" and"));
      // This one tells at first that it has said one token.
      await leave(
        BOB,
        { path: ANTHROPIC, body: MESSAGE.replace("{", '{"stream":true,') },
        MESSAGE_START,
        MESSAGE_TEXT,
      );
    },
  },
  {
    name: "A hard budget leaves a request as it is while there is enough, and lowers its cap when there isn't",
    gateways: budget("capping", { ...TOKENS, mode: "hard" }),
    async run(stage) {
      const ticket = stage.upstream.ticket(json(told(10, 10)));
      const fine = chat("Hi", { max_tokens: 50, x: 1 });
      assert.equal((await ask(stage, "capping", ticket, { ...ANN, body: fine })).status, 200);
      assert.equal((await (await ticket.next()).body).toString(), fine);
      await settled(stage, "capping", "tokens", 2980, ANN);
      const greedy = chat("Hi", { max_tokens: 9000, x: 1 });
      assert.equal((await ask(stage, "capping", ticket, { ...ANN, body: greedy })).status, 200);
      const seen = await received(await ticket.next());
      const cap = Number(seen["max_tokens"]);
      assert.ok(cap >= 1 && cap < 2980, `${cap}`);
      assert.deepEqual({ ...seen, max_tokens: 9000 }, JSON.parse(greedy));
    },
  },
  {
    name: "A hard budget gives a call a cap that names none, in the provider's own word for it",
    gateways: budget("caps", { ...TOKENS, mode: "hard", maxOutput: 400 }),
    async run(stage) {
      const openai = stage.upstream.ticket(json(told(10, 10)));
      await ask(stage, "caps", openai, ANN);
      const path = "groq/chat/completions";
      const groq = stage.upstream.ticket(json(told(10, 10)));
      await ask(stage, "caps", groq, { ...BOB, path });
      const gemini = stage.upstream.ticket(json(CONTENT_TOLD));
      await ask(stage, "caps", gemini, { tags: { user: "cyd" }, path: GEMINI, body: CONTENT });
      const [one, two, three] = await Promise.all(
        [openai, groq, gemini].map(async (ticket) => received(await ticket.next())),
      ) as [Record<string, unknown>, Record<string, unknown>, { generationConfig?: Record<string, unknown> }];
      assert.deepEqual([one["max_completion_tokens"], one["max_tokens"]], [400, undefined]);
      assert.deepEqual([two["max_completion_tokens"], two["max_tokens"]], [undefined, 400]);
      assert.equal(three.generationConfig?.["maxOutputTokens"], 400);
    },
  },
  {
    name: "A hard budget is never overshot, however many call at once",
    gateways: budget("hard", { ...TOKENS, mode: "hard" }),
    async run(stage) {
      // A model that always takes all it may.
      let spent = 0;
      const ticket = stage.upstream.ticket(async (exchange) => {
        const body = await exchange.body;
        const { max_completion_tokens: cap } = JSON.parse(body.toString()) as { max_completion_tokens: number };
        spent += body.length + cap;
        await pause(20);
        exchange.reply(200, [["content-type", "application/json"]], told(body.length, cap));
      });
      for (let round = 0; round < 3; round++) {
        const all = await Promise.all(times(12, ANN).map((asking) => ask(stage, "hard", ticket, asking)));
        assert.ok(all.every(({ status }) => status === 200 || status === 402), `${all.map(({ status }) => status)}`);
        assert.ok(round > 0 || all.some(({ status }) => status === 200));
      }
      assert.ok(spent > 0 && spent <= 3000, `${spent}`);
      await settled(stage, "hard", "tokens", (rest) => rest >= 0 && rest <= 3000 - spent, ANN);
    },
  },
  {
    name: "A soft budget that is used up refuses from then on",
    gateways: budget("soft", TOKENS),
    async run(stage) {
      const ticket = stage.upstream.ticket(json(told(4000, 1000)));
      assert.equal((await ask(stage, "soft", ticket, ANN)).status, 200);
      await settled(stage, "soft", "tokens", 0, ANN);
      assert.equal((await ask(stage, "soft", ticket, ANN)).status, 402);
      assert.equal((await ask(stage, "soft", ticket, BOB)).status, 200);
    },
  },
  {
    name: "A model without a price is refused by a hard budget of money, and passes a soft one",
    gateways: { ...budget("unpriced", { ...MONEY, mode: "hard" }), ...budget("unpriced-soft", MONEY) },
    async run(stage) {
      const ticket = stage.upstream.ticket(json(told(10, 10)));
      const body = chat("Hi", { model: "nobody-knows-1" });
      const refused = await ask(stage, "unpriced", ticket, { ...ANN, body });
      assert.deepEqual([refused.status, refused.json().internalCode], [400, 9018], refused.text);
      assert.equal(ticket.calls.length, 0);
      assert.equal((await ask(stage, "unpriced-soft", ticket, { ...ANN, body })).status, 200);
    },
  },
  {
    name: "Where a budget has too little for one step of a universal call, the next may be cheap enough",
    gateways: budget("cheaper", MONEY),
    async run(stage) {
      const [dear, cheap] = [stage.upstream.ticket(json(told(1, 1))), stage.upstream.ticket(json(MESSAGE_TOLD))];
      const headers = { "cf-aig-metadata": JSON.stringify(ANN.tags) };
      const query = (most: number) => ({ query: { model: "priced-1", max_tokens: most, messages: [] } });
      const steps = [step(dear, query(1_000_000)), messages(cheap, query(10))];
      // A call of the dear one is expected to take a thousand tokens: more than is left.
      const spender = stage.upstream.ticket(json(told(5000, 100)));
      await ask(stage, "cheaper", spender, { ...ANN, body: chat("Hi", { model: "priced-1", max_tokens: 10 }) });
      await settled(stage, "cheaper", "money", 900_000, ANN);
      const answered = await run(stage, steps, headers, "/v1/acc/cheaper");
      assert.deepEqual([answered.status, answered.headers.get("cf-aig-step")], [200, "1"], answered.text);
      assert.equal(dear.calls.length, 0);
    },
  },
  ...STOPPED.map(([dialect, asking, answer, end]): Omit<Behaviour, "area"> => ({
    name: `A stream whose budget is spent is ended as ${dialect} ends one that is long enough`,
    gateways: budget(`stopping-${dialect}`, { ...TOKENS, tokens: 400, stopStreams: true }),
    async run(stage) {
      const ticket = stage.upstream.ticket(answer);
      const answered = await ask(stage, `stopping-${dialect}`, ticket, { ...ANN, ...asking });
      assert.deepEqual([answered.status, answered.isWhole], [200, true]);
      assert.match(answered.text, end, answered.text.slice(-600));
      await (await ticket.next()).closed;
      const { limited, success } = await stage.gateway.log(answered);
      assert.deepEqual([limited, success], [[{ rule: "tokens", isShadow: false }], true]);
      await settled(stage, `stopping-${dialect}`, "tokens", (rest) => rest < 200, ANN);
    },
  })),
  {
    name: "A stream that a budget has stopped is given to nobody else",
    gateways: budget("stopped-once", { ...TOKENS, tokens: 400, stopStreams: true }, { cache: { ttl: 60 } }),
    async run(stage) {
      const ticket = stage.upstream.ticket(endless(chunk("I"), chunk(LONG)), streamed([chunk("Hi"), STOP_CHUNK, DONE]));
      const body = streaming("Hi", { max_tokens: 100 });
      const stopped = await ask(stage, "stopped-once", ticket, { ...ANN, body });
      assert.match(stopped.text, /"finish_reason":"length"/);
      const whole = await ask(stage, "stopped-once", ticket, { ...BOB, body });
      assert.equal(whole.text, chunk("Hi") + STOP_CHUNK + DONE);
      assert.equal(ticket.calls.length, 2);
    },
  },
  {
    name: "A stream that keeps within its budget isn't touched by one that stops streams",
    gateways: budget("unstopped", { ...TOKENS, stopStreams: true }),
    async run(stage) {
      const ticket = stage.upstream.ticket(streamed(CHAT_STREAM));
      const answered = await ask(stage, "unstopped", ticket, { ...ANN, body: streaming("Hi") });
      assert.deepEqual([answered.text, answered.isWhole], [CHAT_STREAM.join(""), true]);
    },
  },
  {
    name: "A kept answer costs nothing",
    gateways: budget("free", TOKENS, { cache: { ttl: 60 } }),
    async run(stage) {
      const ticket = stage.upstream.ticket(json(told(11, 7)));
      for (const status of ["MISS", "HIT", "HIT"]) {
        const answered = await ask(stage, "free", ticket, ANN);
        assert.deepEqual([answered.status, answered.headers.get("cf-aig-cache-status")], [200, status]);
        await settled(stage, "free", "tokens", 3000 - 18, ANN);
      }
    },
  },
  {
    name: "A kept answer is served though the budget is spent",
    gateways: budget("broke", TOKENS, { cache: { ttl: 60 } }),
    async run(stage) {
      const ticket = stage.upstream.ticket(json(told(2990, 10)));
      assert.equal((await ask(stage, "broke", ticket, ANN)).status, 200);
      await settled(stage, "broke", "tokens", 0, ANN);
      const again = await ask(stage, "broke", ticket, ANN);
      assert.deepEqual([again.status, again.headers.get("cf-aig-cache-status")], [200, "HIT"], again.text);
      assert.equal((await ask(stage, "broke", ticket, { ...ANN, body: chat("Ho") })).status, 402);
      assert.equal(await leftOf(stage, "broke", "tokens", ANN), 0);
    },
  },
  {
    name: "A budget in shadow refuses nothing and is counted all the same",
    gateways: budget("shadowed", { ...TOKENS, tokens: 5, mode: "shadow" }),
    async run(stage) {
      const ticket = stage.upstream.ticket(json(told(11, 7)));
      const first = await ask(stage, "shadowed", ticket, ANN);
      assert.deepEqual([first.status, first.headers.get("ratelimit")], [200, undefined]);
      assert.deepEqual((await stage.gateway.log(first)).limited, [{ rule: "tokens", isShadow: true }]);
    },
  },
], { stores: BOTH });
