/**
 * The cache: whole answers are kept and given again, to nobody who may not have them; calls at the same time are one.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  CHAT_ANSWER,
  chunk,
  CONTENT,
  CONTENT_ANSWER as CONTENT_WHOLE,
  DONE,
  EVENTS,
  failing,
  json,
  late,
  MESSAGE,
  MESSAGE_ANSWER as MESSAGE_WHOLE,
  STOP_CHUNK,
} from "../answers.ts";
import type { Answered, Live } from "../client.ts";
import { KEYS } from "../config.ts";
import { gunzipSync, gzipSync } from "node:zlib";
import { dump } from "../dump.ts";
import type { Answer } from "../exchange.ts";
import {
  ask,
  type Asking,
  begin,
  BOTH,
  chat,
  CHAT_STREAM,
  content,
  event,
  MESSAGE_END,
  MESSAGE_START,
  MESSAGE_TEXT,
  nonce,
  request,
  streamed,
  streaming,
  times,
} from "../governed.ts";
import { area, type Behaviour, type Stage } from "../stage.ts";
import { messages, run, step } from "../steps.ts";
import type { Ticket } from "../upstream.ts";
import { deferred, pause, until, within } from "../wait.ts";

const TTL = { "cf-aig-cache-ttl": "60" };

const gateway = (name: string, cache: object, more: object = {}) =>
  ({ [name]: { auth: "off", cache, ...more } }) as NonNullable<Behaviour["gateways"]>;

/** `HIT`, `MISS`, or nothing where the cache isn't in play. */
const statusOf = ({ headers }: Pick<Answered, "headers">): string | undefined => headers.get("cf-aig-cache-status");

/** An answer that says a text. */
const saying = (text: string): string => CHAT_ANSWER.replace('"Hello"', JSON.stringify(text));

/** Asks until the answer is one that was kept: it is so once its first client has been served. */
async function hit(stage: Stage, name: string, ticket: Ticket, asking: Asking): Promise<Answered> {
  return await until(async () => {
    const answered = await ask(stage, name, ticket, asking);
    assert.equal(statusOf(answered), "HIT", answered.text);
    return answered.headers.get("cache-status")?.startsWith("headgate; hit;") === true && answered;
  }, "a kept answer");
}

/** Answers that nobody else may be given, by what is wrong with them. */
const FLAWED: Readonly<Record<string, Answer>> = {
  "an error": failing(500),
  "a refusal": failing(429),
  "one that broke off short of its length": async (exchange) => {
    await exchange.body;
    exchange.head(200, [["content-type", "application/json"], ["content-length", "4000"]]);
    await exchange.write(CHAT_ANSWER);
    exchange.hangUp();
  },
  "one that broke off in the middle of a chunk": async (exchange) => {
    await exchange.body;
    exchange.head(200, [["content-type", "application/json"]]);
    await exchange.write(CHAT_ANSWER.slice(0, 50));
    exchange.reset();
  },
  "one that was cut for its length": json(CHAT_ANSWER.replace('"stop"', '"length"')),
  "one that was withheld": json(CHAT_ANSWER.replace('"stop"', '"content_filter"')),
  "one without an end": json(CHAT_ANSWER.replace('"stop"', "null")),
  "an error under 200": json('{"error":{"message":"overloaded","type":"server_error","code":"overloaded"}}'),
  "a page": json("<html>Sorry</html>"),
  "half a document": json(CHAT_ANSWER.slice(0, -30)),
  "nothing": json(""),
};

/** Streams that nobody else may be given. */
const FLAWED_STREAMS: Readonly<Record<string, Answer>> = {
  "a stream that was reset": async (exchange) => {
    await exchange.body;
    exchange.head(200, EVENTS);
    await exchange.write(chunk("one"));
    exchange.reset();
  },
  "a stream that was hung up on": async (exchange) => {
    await exchange.body;
    exchange.head(200, EVENTS);
    await exchange.write(chunk("one"));
    exchange.hangUp();
  },
  "a stream that just stops": streamed([chunk("one"), chunk("two")]),
  "a stream that says no more than that it is done": streamed([chunk("one"), DONE]),
  "a stream that stops in the middle of an event": streamed([chunk("one"), STOP_CHUNK.slice(0, 40)]),
  "a stream with an error in it": streamed([
    chunk("one"),
    'data: {"error":{"message":"overloaded","type":"server_error","code":"overloaded"}}\n\n',
    DONE,
  ]),
  "a stream that begins with an error": streamed(['data: {"error":{"message":"overloaded","code":503}}\n\n', DONE]),
  "a stream that was cut for its length": streamed([chunk("one"), STOP_CHUNK.replace('"stop"', '"length"'), DONE]),
  "a stream that was withheld": streamed([chunk("one"), STOP_CHUNK.replace('"stop"', '"content_filter"'), DONE]),
  "a stream of nothing": streamed([]),
};

/** Waits for all, and names every one that failed. */
async function allOf(all: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(all)).flatMap((one) =>
    one.status === "rejected" ? [String(one.reason)] : []
  );
  assert.deepEqual(failed, []);
}

/** A flawed answer reaches its own client only. */
async function isNotKept(stage: Stage, name: string, what: string, flawed: Answer, body: string, good: Answer) {
  const ticket = stage.upstream.ticket(flawed, good);
  const asking = { body, headers: { ...TTL, "cf-aig-max-attempts": "1" } };
  await ask(stage, name, ticket, asking).catch(() => {});
  assert.equal(ticket.calls.length, 1, what);
  const second = await ask(stage, name, ticket, asking);
  assert.deepEqual([second.status, second.isWhole, ticket.calls.length], [200, true, 2], what);
  assert.equal(statusOf(second), "MISS", what);
  assert.equal((await ask(stage, name, ticket, asking)).text, second.text, what);
}

/** A call whose provider's pen is the test's, and another that asks the same. */
async function led(stage: Stage, name: string, asking: Asking = {}): Promise<Led> {
  const ticket = stage.upstream.ticket();
  const whole = { body: streaming(nonce()), headers: TTL, ...asking };
  const leader = begin(stage, name, ticket, whole);
  const provider = await ticket.next();
  provider.head(200, EVENTS);
  await provider.write(chunk("one"));
  await leader.take(chunk("one").length);
  return { ticket, leader, provider, asking: whole };
}

interface Led {
  readonly ticket: Ticket;
  readonly leader: Live;
  readonly provider: Awaited<ReturnType<Ticket["next"]>>;
  readonly asking: Asking;
}

/** Expects a reader's next bytes to be a piece. */
async function hears(live: Live, piece: string): Promise<void> {
  assert.equal((await live.take(piece.length)).toString(), piece);
}

const purge = (stage: Stage, name: string, what: object, key?: string): Promise<Answered> =>
  stage.gateway.post(
    `/v1/acc/${name}/cache/purge`,
    JSON.stringify(what),
    key === undefined ? {} : { "cf-aig-authorization": `Bearer ${key}` },
  );

const KEPT = chunk("one") + chunk(" two") + STOP_CHUNK + DONE;

/** The cache. */
export const cache: readonly Behaviour[] = area("cache", [
  {
    name: "The same call again is answered from the cache, byte for byte, and another isn't",
    check: 37,
    gateways: gateway("twice", {}),
    async run(stage) {
      const answer = saying(nonce());
      const ticket = stage.upstream.ticket(json(answer, 200, [["openai-model", "m"], ["x-request-id", "r-1"]]));
      const body = chat(nonce());
      const first = await ask(stage, "twice", ticket, { body, headers: TTL });
      assert.deepEqual([first.status, statusOf(first), first.text], [200, "MISS", answer]);
      assert.match(first.headers.get("cache-status") ?? "", /^headgate; fwd=miss/);
      const again = await hit(stage, "twice", ticket, { body, headers: TTL });
      assert.deepEqual([again.status, again.text, ticket.calls.length], [200, answer, 1]);
      assert.match(again.headers.get("age") ?? "", /^\d+$/);
      assert.match(again.headers.get("cache-status") ?? "", /^headgate; hit; ttl=(60|[1-5]\d)$/);
      assert.deepEqual(["openai-model", "x-request-id"].map((name) => again.headers.get(name)), ["m", undefined]);
      assert.deepEqual([again.headers.get("cf-aig-step"), again.headers.get("cf-aig-provider")], ["0", "openai"]);
      assert.notEqual(again.headers.get("cf-aig-log-id"), first.headers.get("cf-aig-log-id"));
      const byte = await ask(stage, "twice", ticket, { body: body.replace("{", "{ "), headers: TTL });
      const other = stage.upstream.ticket(json(answer));
      const auth = await ask(stage, "twice", other, { body, headers: TTL });
      assert.deepEqual([statusOf(byte), statusOf(auth)], ["MISS", "MISS"]);
      assert.deepEqual([ticket.calls.length, other.calls.length], [2, 1]);
    },
  },
  {
    name: "A gateway's own time to live needs no header, and a request's wins over it",
    gateways: gateway("its-own", { ttl: 100 }),
    async run(stage) {
      const ticket = stage.upstream.ticket(json(CHAT_ANSWER));
      const body = chat(nonce());
      assert.equal(statusOf(await ask(stage, "its-own", ticket, { body })), "MISS");
      assert.match(
        (await hit(stage, "its-own", ticket, { body })).headers.get("cache-status") ?? "",
        /ttl=(100|9\d|8\d)$/,
      );
      const none = { body, headers: { "cf-aig-cache-ttl": "0" } };
      assert.equal(statusOf(await ask(stage, "its-own", ticket, none)), undefined);
      assert.equal(ticket.calls.length, 2);
    },
  },
  {
    name: "cf-aig-skip-cache goes to the provider and refreshes what is kept, by its old name, too",
    check: 38,
    gateways: gateway("skipping", {}),
    async run(stage) {
      const texts = times(3, "").map(() => saying(nonce()));
      const ticket = stage.upstream.ticket(...texts.map((text) => json(text)));
      const body = chat(nonce());
      const headers = { "cf-cache-ttl": "60" };
      assert.equal(statusOf(await ask(stage, "skipping", ticket, { body, headers })), "MISS");
      assert.equal((await hit(stage, "skipping", ticket, { body, headers })).text, texts[0]);
      for (const [index, name] of ["cf-aig-skip-cache", "cf-skip-cache"].entries()) {
        const skipped = await ask(stage, "skipping", ticket, { body, headers: { ...headers, [name]: "true" } });
        assert.deepEqual([statusOf(skipped), skipped.text], ["MISS", texts[index + 1]]);
        await until(
          async () => (await hit(stage, "skipping", ticket, { body, headers })).text === texts[index + 1],
          "the refreshed answer",
        );
      }
      assert.equal(ticket.calls.length, 3);
    },
  },
  {
    name: "cf-aig-cache-key turns the cache on for five minutes and makes different bodies one",
    check: 39,
    gateways: gateway("named-key", {}),
    async run(stage) {
      const ticket = stage.upstream.ticket(json(CHAT_ANSWER));
      const headers = { "cf-aig-cache-key": nonce() };
      assert.equal(statusOf(await ask(stage, "named-key", ticket, { body: chat("one"), headers })), "MISS");
      const second = await hit(stage, "named-key", ticket, { body: chat("two"), headers });
      assert.match(second.headers.get("cache-status") ?? "", /ttl=(300|29\d|28\d)$/);
      assert.equal(ticket.calls.length, 1);
    },
  },
  {
    name: "A named key is shared by no two tenants, endpoints, or credentials of nobody known",
    gateways: { ...gateway("named-keys", {}, { auth: "required" }), ...gateway("named-keys-open", {}) },
    async run(stage) {
      const ticket = stage.upstream.ticket(json(CHAT_ANSWER));
      const headers = { "cf-aig-cache-key": nonce() };
      const of = (key: string, more: Asking = {}) => ({ key, headers, body: chat(nonce()), ...more });
      const name = "named-keys";
      assert.equal(statusOf(await ask(stage, name, ticket, of(KEYS.acme))), "MISS");
      await hit(stage, name, ticket, of(KEYS.acmeToo));
      assert.equal(statusOf(await ask(stage, name, ticket, of(KEYS.zeta))), "MISS");
      assert.equal(statusOf(await ask(stage, name, ticket, of(KEYS.acme, { path: "openai/other" }))), "MISS");
      const path = "groq/chat/completions";
      assert.equal(statusOf(await ask(stage, name, ticket, of(KEYS.acme, { path }))), "MISS");
      const open = { headers, body: chat(nonce()) };
      assert.equal(statusOf(await ask(stage, "named-keys-open", ticket, open)), "MISS");
      await hit(stage, "named-keys-open", ticket, { ...open, body: chat(nonce()) });
      const stranger = stage.upstream.ticket(json(CHAT_ANSWER));
      assert.equal(statusOf(await ask(stage, "named-keys-open", stranger, open)), "MISS");
    },
  },
  {
    name: "Answers are kept for one tenant, and for all of a gateway that says so",
    gateways: {
      ...gateway("tenants", { ttl: 60 }, { auth: "required" }),
      ...gateway("all-tenants", { ttl: 60, shared: true }, { auth: "required" }),
    },
    async run(stage) {
      const ticket = stage.upstream.ticket(json(CHAT_ANSWER));
      const body = chat(nonce());
      assert.equal(statusOf(await ask(stage, "tenants", ticket, { body, key: KEYS.acme })), "MISS");
      assert.equal(statusOf(await ask(stage, "tenants", ticket, { body, key: KEYS.zeta })), "MISS");
      await hit(stage, "tenants", ticket, { body, key: KEYS.acmeToo });
      assert.equal(statusOf(await ask(stage, "all-tenants", ticket, { body, key: KEYS.acme })), "MISS");
      await hit(stage, "all-tenants", ticket, { body, key: KEYS.zeta });
      assert.equal((await purge(stage, "all-tenants", { all: true }, KEYS.acme)).status, 403);
      assert.equal((await purge(stage, "all-tenants", { all: true }, KEYS.operator)).status, 200);
      assert.equal(statusOf(await ask(stage, "all-tenants", ticket, { body, key: KEYS.zeta })), "MISS");
    },
  },
  {
    name: "Where the cache isn't in play no header speaks of it, and errors are never kept",
    check: 40,
    gateways: gateway("not-in-play", {}),
    async run(stage) {
      const ticket = stage.upstream.ticket(json(CHAT_ANSWER));
      const plain = await ask(stage, "not-in-play", ticket, { body: chat(nonce()) });
      // A provider behind such a gateway itself.
      const theirs = stage.upstream.ticket(json(CHAT_ANSWER, 200, [["cf-aig-cache-status", "HIT"], ["age", "9"]]));
      assert.equal(statusOf(await ask(stage, "not-in-play", theirs, { body: chat(nonce()) })), undefined);
      for (const name of ["cf-aig-cache-status", "cache-status", "age"]) {
        assert.equal(
          plain.headers.get(name),
          undefined,
        );
      }
      const bad = stage.upstream.ticket(failing(400), json(CHAT_ANSWER));
      const asking = { body: chat(nonce()), headers: TTL };
      assert.equal((await ask(stage, "not-in-play", bad, asking)).status, 400);
      assert.deepEqual([(await ask(stage, "not-in-play", bad, asking)).status, bad.calls.length], [200, 2]);
    },
  },
  {
    name: "A time to live is held to the second, and one of more than a month to a month",
    check: 41,
    gateways: gateway("short-lived", {}),
    async run(stage) {
      const ticket = stage.upstream.ticket(json(CHAT_ANSWER));
      const of = (ttl: string) => ({ body: chat("short-lived"), headers: { "cf-aig-cache-ttl": ttl } });
      assert.equal(statusOf(await ask(stage, "short-lived", ticket, of("2"))), "MISS");
      assert.equal(statusOf(await ask(stage, "short-lived", ticket, of("2"))), "HIT");
      await until(async () => statusOf(await ask(stage, "short-lived", ticket, of("2"))) === "MISS", "its end");
      assert.equal((await ask(stage, "short-lived", ticket, of("soon"))).status, 400);
      const month = { ...of("2592001"), body: chat(nonce()) };
      assert.equal(statusOf(await ask(stage, "short-lived", ticket, month)), "MISS");
      const { headers } = await hit(stage, "short-lived", ticket, month);
      assert.match(headers.get("cache-status") ?? "", /ttl=(2592000|25919\d\d)$/);
    },
  },
  {
    name: "A step's own cf-aig-cache-ttl wins over the request's",
    check: 21,
    gateways: gateway("step-ttl", {}),
    async run(stage) {
      const ticket = stage.upstream.ticket(json(CHAT_ANSWER));
      const query = { model: "gpt-5", messages: [{ role: "user", content: nonce() }] };
      const headers = { "cf-aig-cache-ttl": "3600" };
      const none = { query, headers: { "authorization": ticket.bearer, "cf-aig-cache-ttl": "0" } };
      for (const calls of [1, 2]) {
        const answered = await run(stage, [step(ticket, none)], headers, "/v1/acc/step-ttl");
        assert.deepEqual([answered.status, statusOf(answered), ticket.calls.length], [200, undefined, calls]);
      }
      const kept = [step(ticket, { query })];
      assert.equal(statusOf(await run(stage, kept, headers, "/v1/acc/step-ttl")), "MISS");
      const again = await run(stage, kept, headers, "/v1/acc/step-ttl");
      assert.deepEqual([statusOf(again), again.headers.get("cf-aig-step"), ticket.calls.length], ["HIT", "0", 3]);
    },
  },
  {
    name: "Each step of a universal call has its own kept answer",
    gateways: gateway("steps-kept", { ttl: 60 }),
    async run(stage) {
      const bad = stage.upstream.ticket(failing(500));
      const good = stage.upstream.ticket(json(MESSAGE_WHOLE));
      const query = { model: "claude-sonnet-5", max_tokens: 9, messages: [{ role: "user", content: nonce() }] };
      const steps = [step(bad, { query }), messages(good, { query })];
      for (const wanted of ["MISS", "HIT"]) {
        const answered = await run(stage, steps, { "cf-aig-max-attempts": "1" }, "/v1/acc/steps-kept");
        assert.deepEqual(
          [answered.status, statusOf(answered), answered.headers.get("cf-aig-step"), answered.text],
          [200, wanted, "1", MESSAGE_WHOLE],
        );
      }
      assert.equal(good.calls.length, 1);
    },
  },
  {
    name: "A stream is kept and given again byte for byte, at once",
    gateways: gateway("streams", { ttl: 60 }),
    async run(stage) {
      const ticket = stage.upstream.ticket(streamed(CHAT_STREAM, 40));
      const asking = { body: streaming(nonce()) };
      const first = await ask(stage, "streams", ticket, asking);
      assert.deepEqual([statusOf(first), first.text, first.isWhole], ["MISS", CHAT_STREAM.join(""), true]);
      const again = await hit(stage, "streams", ticket, asking);
      assert.deepEqual([again.text, again.isWhole, ticket.calls.length], [CHAT_STREAM.join(""), true, 1]);
      assert.match(again.headers.get("content-type") ?? "", /^text\/event-stream/);
      assert.equal(statusOf(await ask(stage, "streams", ticket, { body: chat("Hi") })), "MISS");
    },
  },
  {
    name: "A stream is given again at the pace at which it first came, where a gateway says so",
    gateways: gateway("paced", { ttl: 60, pace: "recorded" }),
    async run(stage) {
      const ticket = stage.upstream.ticket(streamed(CHAT_STREAM, 120));
      const asking = { body: streaming(nonce()) };
      await ask(stage, "paced", ticket, asking);
      await hit(stage, "paced", ticket, asking);
      const live = begin(stage, "paced", ticket, asking);
      await hears(live, CHAT_STREAM[0]!);
      const began = performance.now();
      const { bytes, isWhole } = await live.rest();
      const took = performance.now() - began;
      assert.deepEqual([bytes.toString(), isWhole], [CHAT_STREAM.slice(1).join(""), true]);
      assert.ok(took > 250, `it took ${took} ms`);
      assert.equal(ticket.calls.length, 1);
    },
  },
  {
    name: "An answer that failed, broke off, was cut short or withheld is never kept",
    gateways: gateway("flawed", {}),
    async run(stage) {
      const good = json(CHAT_ANSWER);
      await allOf(
        Object.entries(FLAWED).map(([what, flawed]) => isNotKept(stage, "flawed", what, flawed, chat(nonce()), good)),
      );
    },
  },
  {
    name: "A stream that failed, broke off, was cut short or withheld is never kept",
    gateways: gateway("flawed-streams", {}),
    async run(stage) {
      const good = streamed([chunk("one"), STOP_CHUNK, DONE]);
      await allOf(
        Object.entries(FLAWED_STREAMS).map(([what, flawed]) =>
          isNotKept(stage, "flawed-streams", what, flawed, streaming(nonce()), good)
        ),
      );
    },
  },
  {
    name: "Other formats' answers are kept when they are whole, and not when they were cut or withheld",
    gateways: gateway("formats", { ttl: 60 }),
    async run(stage) {
      const gemini = "google-ai-studio/v1beta/models/m:generateContent";
      const cases = [
        ["anthropic/v1/messages", MESSAGE, MESSAGE_WHOLE, MESSAGE_WHOLE.replace("end_turn", "max_tokens")],
        ["anthropic/v1/messages", MESSAGE, MESSAGE_WHOLE, MESSAGE_WHOLE.replace("end_turn", "refusal")],
        [gemini, CONTENT, CONTENT_WHOLE, CONTENT_WHOLE.replace("STOP", "MAX_TOKENS")],
        [gemini, CONTENT, CONTENT_WHOLE, CONTENT_WHOLE.replace("STOP", "SAFETY")],
      ] as const;
      for (const [path, body, whole, cut] of cases) {
        const ticket = stage.upstream.ticket(json(cut), json(whole));
        const asking = { path, body: body.replace("Hi", nonce()), headers: { "cf-aig-max-attempts": "1" } };
        assert.equal((await ask(stage, "formats", ticket, asking)).text, cut);
        assert.equal((await ask(stage, "formats", ticket, asking)).text, whole);
        assert.equal((await ask(stage, "formats", ticket, asking)).text, whole);
      }
    },
  },
  {
    name: "Other formats' streams are kept and given again byte for byte",
    gateways: gateway("formats-streamed", { ttl: 60 }),
    async run(stage) {
      const gemini = "google-ai-studio/v1beta/models/m:streamGenerateContent?alt=sse";
      const responses =
        event("response.created", { response: { id: "r", object: "response", status: "in_progress" } }) +
        event("response.output_text.delta", { item_id: "i", delta: "Hi" }) +
        event("response.completed", { response: { id: "r", object: "response", status: "completed", output: [] } });
      const cases = [
        ["anthropic/v1/messages", MESSAGE.replace("{", '{"stream":true,'), MESSAGE_START + MESSAGE_TEXT + MESSAGE_END],
        [gemini, CONTENT, content("Hi") + content("!", ',"finishReason":"STOP"')],
        ["openai/responses", '{"model":"gpt-5","stream":true,"input":"Hi"}', responses],
      ] as const;
      for (const [path, body, whole] of cases) {
        const ticket = stage.upstream.ticket(streamed([whole.slice(0, 70), whole.slice(70)]));
        const asking = { path, body };
        assert.equal((await ask(stage, "formats-streamed", ticket, asking)).text, whole);
        assert.equal((await hit(stage, "formats-streamed", ticket, asking)).text, whole);
        assert.equal(ticket.calls.length, 1);
      }
    },
  },
  {
    name: "What changes an answer makes another key, and what only tells who asks doesn't",
    gateways: gateway("headers-count", { ttl: 60 }),
    async run(stage) {
      const ticket = stage.upstream.ticket(json(MESSAGE_WHOLE));
      const body = MESSAGE.replace("Hi", nonce());
      const of = (headers: Record<string, string>): Asking => ({ path: "anthropic/v1/messages", body, headers });
      const version = { "anthropic-version": "2023-06-01" };
      assert.equal(statusOf(await ask(stage, "headers-count", ticket, of(version))), "MISS");
      const idle = { "user-agent": "other/1", "x-request-id": nonce(), "idempotency-key": nonce() };
      await hit(stage, "headers-count", ticket, of({ ...version, ...idle }));
      for (const other of [{ ...version, "anthropic-beta": "b-1" }, { "anthropic-version": "2024-01-01" }]) {
        assert.equal(statusOf(await ask(stage, "headers-count", ticket, of(other))), "MISS");
      }
    },
  },
  {
    name: "An answer that came compressed unasked can be read by everybody, kept or not",
    gateways: gateway("compressed", { ttl: 60 }),
    async run(stage) {
      const ticket = stage.upstream.ticket(async (exchange) => {
        await exchange.body;
        exchange.reply(
          200,
          [["content-type", "application/json"], ["content-encoding", "gzip"]],
          gzipSync(CHAT_ANSWER),
        );
      });
      const body = chat(nonce());
      for (const accepted of ["gzip", "identity", "gzip"]) {
        const answered = await ask(stage, "compressed", ticket, { body, headers: { "accept-encoding": accepted } });
        const isPacked = answered.headers.get("content-encoding") === "gzip";
        assert.equal((isPacked ? gunzipSync(answered.body) : answered.body).toString(), CHAT_ANSWER);
      }
    },
  },
  {
    name: "A template of a key says what of a call makes a difference",
    gateways: gateway("template", { ttl: 60, key: ["system", "user", "metadata.locale"] }),
    async run(stage) {
      const ticket = stage.upstream.ticket(json(CHAT_ANSWER));
      const mark = nonce();
      const body = (changes: Record<string, unknown> = {}, system = "Be brief.", user = mark) =>
        JSON.stringify({
          model: "gpt-5",
          messages: [{ role: "system", content: system }, { role: "user", content: user }],
          ...changes,
        });
      assert.equal(statusOf(await ask(stage, "template", ticket, { body: body() })), "MISS");
      await hit(stage, "template", ticket, { body: body({ temperature: 0.3, user: "u" }) });
      const others: Asking[] = [
        { body: body({}, "Be long.") },
        { body: body({}, undefined, nonce()) },
        { body: body({ model: "gpt-6" }) },
        { body: body({ response_format: { type: "json_object" } }) },
        { body: body(), tags: { locale: "de" } },
      ];
      for (const other of others) assert.equal(statusOf(await ask(stage, "template", ticket, other)), "MISS");
      const stranger = stage.upstream.ticket(json(CHAT_ANSWER));
      assert.equal(statusOf(await ask(stage, "template", stranger, { body: body() })), "MISS");
    },
  },
  {
    name: "What is kept is purged by key, by tag and all at once, of one's own tenant only",
    gateways: gateway("purged", { ttl: 60 }, { auth: "required" }),
    async run(stage) {
      const ticket = stage.upstream.ticket(json(CHAT_ANSWER));
      const [key, tag] = [nonce(), nonce()];
      const calls: Record<string, Asking> = {
        keyed: { headers: { "cf-aig-cache-key": key } },
        tagged: { body: chat(nonce()), headers: { "cf-aig-cache-tags": `other, ${tag}` } },
        plain: { body: chat(nonce()) },
        // Of another tenant, with the same key.
        zeta: { headers: { "cf-aig-cache-key": key }, key: KEYS.zeta },
      };
      const all = Object.entries(calls);
      const askFor = (asking: Asking) => ask(stage, "purged", ticket, { key: KEYS.acme, ...asking });
      const kept = async () => {
        const found = await Promise.all(all.map(async ([name, asking]) => [name, statusOf(await askFor(asking))]));
        return found.filter(([, status]) => status === "HIT").map(([name]) => name);
      };
      assert.deepEqual(await kept(), []);
      await Promise.all(all.map(([, asking]) => hit(stage, "purged", ticket, { key: KEYS.acme, ...asking })));
      assert.equal((await purge(stage, "purged", { key }, KEYS.acmeToo)).status, 200);
      assert.deepEqual(await kept(), ["tagged", "plain", "zeta"]);
      await hit(stage, "purged", ticket, { key: KEYS.acme, ...calls["keyed"] });
      assert.equal((await purge(stage, "purged", { tag }, KEYS.acme)).status, 200);
      assert.deepEqual(await kept(), ["keyed", "plain", "zeta"]);
      const foreign = await purge(stage, "purged", { all: true, tenant: "acme-co" }, KEYS.zeta);
      assert.equal(foreign.status, 403, foreign.text);
      await hit(stage, "purged", ticket, { key: KEYS.acme, ...calls["tagged"] });
      assert.deepEqual(await kept(), ["keyed", "tagged", "plain", "zeta"]);
      assert.equal((await purge(stage, "purged", { all: true }, KEYS.acme)).status, 200);
      assert.deepEqual(await kept(), ["zeta"]);
      assert.equal((await purge(stage, "purged", { all: true, tenant: "zeta-co" }, KEYS.operator)).status, 200);
      assert.equal(statusOf(await askFor(calls["zeta"]!)), "MISS");
      for (const wrong of [{}, { all: true, key }, { al: true }, { tag: 1 }]) {
        assert.equal((await purge(stage, "purged", wrong, KEYS.acme)).status, 400);
      }
      assert.equal((await purge(stage, "purged", { all: true })).status, 401);
    },
  },
  {
    name: "Of calls that ask the same at the same time one reaches the provider",
    gateways: gateway("collapsed", { ttl: 60 }),
    async run(stage) {
      const answer = saying(nonce());
      const ticket = stage.upstream.ticket(late(150, json(answer)));
      const all = await Promise.all(
        times(12, { body: chat(nonce()) }).map((same) => ask(stage, "collapsed", ticket, same)),
      );
      assert.deepEqual(all.map(({ text }) => text), times(12, answer));
      assert.equal(all.filter((answered) => statusOf(answered) === "MISS").length, 1);
      assert.equal(ticket.calls.length, 1);
    },
  },
  {
    name: "A call that follows another hears its stream from the first byte, while it runs",
    gateways: gateway("followed", {}),
    async run(stage) {
      const { ticket, leader, provider, asking } = await led(stage, "followed");
      const followers = times(2, asking).map((same) => begin(stage, "followed", ticket, same));
      for (const follower of followers) await hears(follower, chunk("one"));
      assert.match(followers[0]!.headers.get("cache-status") ?? "", /^headgate; fwd=miss; collapsed/);
      assert.equal(followers[0]!.headers.get("cf-aig-cache-status"), "HIT");
      for (const piece of [chunk(" two"), STOP_CHUNK, DONE]) {
        await provider.write(piece);
        for (const live of [leader, ...followers]) await hears(live, piece);
      }
      provider.end();
      for (const live of [leader, ...followers]) assert.ok((await live.rest()).isWhole);
      assert.equal(ticket.calls.length, 1);
    },
  },
  {
    name: "Those who follow a call hear all of it though its own client leaves, and it is kept",
    gateways: gateway("orphaned", {}),
    async run(stage) {
      const { ticket, leader, provider, asking } = await led(stage, "orphaned");
      const follower = begin(stage, "orphaned", ticket, asking);
      await hears(follower, chunk("one"));
      leader.leave("rst");
      await pause(50);
      for (const piece of [chunk(" two"), STOP_CHUNK, DONE]) {
        await provider.write(piece);
        await hears(follower, piece);
      }
      provider.end();
      assert.ok((await follower.rest()).isWhole);
      assert.equal((await hit(stage, "orphaned", ticket, asking)).text, KEPT);
      assert.equal(ticket.calls.length, 1);
    },
  },
  {
    name: "Those who wait with a call for its head get the answer though its own client leaves",
    gateways: gateway("orphaned-early", { ttl: 60 }),
    async run(stage) {
      const ticket = stage.upstream.ticket();
      const asking = { body: chat(nonce()) };
      const leader = begin(stage, "orphaned-early", ticket, asking);
      const provider = await ticket.next();
      const follower = ask(stage, "orphaned-early", ticket, asking);
      follower.catch(() => {});
      await pause(100);
      leader.leave("rst");
      await pause(100);
      provider.reply(200, [["content-type", "application/json"]], CHAT_ANSWER);
      const { status, text } = await follower;
      assert.deepEqual([status, text, ticket.calls.length], [200, CHAT_ANSWER, 1]);
    },
  },
  {
    name: "A client that waits alone for an answer's head and leaves ends the provider's request",
    gateways: gateway("alone-early", { ttl: 60 }),
    async run(stage) {
      const ticket = stage.upstream.ticket();
      const asking = { body: chat(nonce()) };
      const leader = begin(stage, "alone-early", ticket, asking);
      const provider = await ticket.next();
      await provider.body;
      await pause(20);
      leader.leave("rst");
      await provider.closed;
      const again = begin(stage, "alone-early", ticket, asking);
      (await ticket.next()).reply(200, [["content-type", "application/json"]], CHAT_ANSWER);
      assert.equal((await again.rest()).bytes.toString(), CHAT_ANSWER);
    },
  },
  {
    name: "A call that follows another waits no longer than its own time, and goes on to its next step",
    gateways: gateway("impatient", { ttl: 60 }),
    async run(stage) {
      const slow = stage.upstream.ticket();
      const good = stage.upstream.ticket(json(MESSAGE_WHOLE));
      const query = { model: "gpt-5", messages: [{ role: "user", content: nonce() }] };
      const body = JSON.stringify([step(slow, { query })]);
      const leader = begin(stage, "impatient", slow, { path: "", body });
      const provider = await slow.next();
      const steps = [step(slow, { query, config: { requestTimeout: 300 } }), messages(good)];
      const answered = await run(stage, steps, {}, "/v1/acc/impatient");
      assert.deepEqual(
        [answered.status, answered.headers.get("cf-aig-step"), slow.calls.length],
        [200, "1", 1],
        answered.text,
      );
      provider.reply(200, [["content-type", "application/json"]], CHAT_ANSWER);
      assert.equal((await leader.rest()).bytes.toString(), CHAT_ANSWER);
    },
  },
  {
    name: "A follower that leaves takes nothing from the others",
    gateways: gateway("left", {}),
    async run(stage) {
      const { ticket, leader, provider, asking } = await led(stage, "left");
      const follower = begin(stage, "left", ticket, asking);
      await hears(follower, chunk("one"));
      follower.leave("rst");
      await pause(50);
      for (const piece of [chunk(" two"), STOP_CHUNK, DONE]) {
        await provider.write(piece);
        await hears(leader, piece);
      }
      provider.end();
      assert.ok((await leader.rest()).isWhole);
      assert.equal((await hit(stage, "left", ticket, asking)).text, KEPT);
    },
  },
  {
    name: "A client that is alone with its stream and leaves ends the provider's",
    gateways: gateway("alone", {}),
    async run(stage) {
      const { ticket, leader, provider, asking } = await led(stage, "alone");
      leader.leave("rst");
      while (!provider.isClosed) await provider.write(chunk("and")).then(() => pause(10));
      const answered = begin(stage, "alone", ticket, asking);
      const again = await ticket.next();
      again.reply(200, EVENTS, KEPT);
      assert.equal((await answered.rest()).bytes.toString(), KEPT);
    },
  },
  {
    name: "A call that fails doesn't fail those who follow it",
    gateways: gateway("failing-lead", { ttl: 60 }),
    async run(stage) {
      const go = deferred<void>();
      const ticket = stage.upstream.ticket(async (exchange) => {
        await within(go.promise, "the word to fail");
        await failing(400)(exchange);
      }, json(CHAT_ANSWER));
      const asking = { body: chat(nonce()), headers: { "cf-aig-max-attempts": "1" } };
      const leader = begin(stage, "failing-lead", ticket, asking);
      await ticket.next();
      const followers = times(4, asking).map((same) => ask(stage, "failing-lead", ticket, same));
      await pause(100);
      assert.equal(ticket.calls.length, 1);
      go.resolve();
      assert.equal((await leader.answered()).status, 400);
      const all = await Promise.all(followers);
      assert.deepEqual(all.map(({ status, text }) => [status, text]), times(4, [200, CHAT_ANSWER]));
      assert.ok(ticket.calls.length >= 2 && ticket.calls.length <= 5, `${ticket.calls.length}`);
    },
  },
  {
    name: "A stream that breaks off under those who follow it never looks whole to them",
    gateways: gateway("broken-lead", {}),
    async run(stage) {
      const { ticket, leader, provider, asking } = await led(stage, "broken-lead");
      const follower = begin(stage, "broken-lead", ticket, asking);
      await hears(follower, chunk("one"));
      provider.reset();
      for (const live of [leader, follower]) {
        const { bytes, isWhole } = await live.rest();
        assert.ok(!isWhole && !bytes.includes("[DONE]"), bytes.toString());
      }
    },
  },
  {
    name: "What is no question for a model is never kept: GET, HEAD, uploads, conditional calls and ranges",
    gateways: gateway("no-question", { ttl: 60 }),
    async run(stage) {
      const ticket = stage.upstream.ticket(json(CHAT_ANSWER));
      const base = request("no-question", ticket);
      const path = "/v1/acc/no-question/openai/models";
      const { authorization } = base.headers as Record<string, string>;
      const calls = [
        { method: "GET", path, headers: { authorization: authorization! } },
        { method: "HEAD", path, headers: { authorization: authorization! } },
        {
          ...base,
          path: "/v1/acc/no-question/openai/audio/transcriptions",
          headers: { ...base.headers, "content-type": "multipart/form-data; boundary=x" },
          body: "--x\r\ncontent-disposition: form-data; name=a\r\n\r\n1\r\n--x--\r\n",
        },
        { ...base, headers: { ...base.headers, "if-none-match": '"x"' } },
        { ...base, headers: { ...base.headers, "range": "bytes=0-9" } },
      ];
      for (const call of calls) {
        for (let round = 0; round < 2; round++) assert.equal(statusOf(await stage.gateway.call(call)), undefined);
      }
      assert.equal(ticket.calls.length, 2 * calls.length);
    },
  },
  {
    name: "An answer that is larger than what may be kept passes and isn't kept, plain or streamed",
    gateways: gateway("small", { ttl: 60, maxBytes: 2000 }),
    async run(stage) {
      const long = "word ".repeat(1000);
      const plain = stage.upstream.ticket(json(saying(long)));
      const pieces = [...times(8, chunk("word ".repeat(100))), STOP_CHUNK, DONE];
      const stream = stage.upstream.ticket(streamed(pieces));
      const bodies = [chat(nonce()), streaming(nonce())];
      for (const round of [1, 2]) {
        const one = await ask(stage, "small", plain, { body: bodies[0]! });
        assert.deepEqual([statusOf(one), one.text, plain.calls.length], ["MISS", saying(long), round]);
        const two = await ask(stage, "small", stream, { body: bodies[1]! });
        assert.deepEqual([statusOf(two), two.text, stream.calls.length], ["MISS", pieces.join(""), round]);
      }
    },
  },
  {
    name: "An answer from the cache is logged as such, with no attempt and no cost",
    gateways: gateway("cached-log", { ttl: 60 }),
    async run(stage) {
      const ticket = stage.upstream.ticket(json(CHAT_ANSWER));
      const asking = { body: chat(nonce()) };
      const first = await stage.gateway.log(await ask(stage, "cached-log", ticket, asking));
      assert.deepEqual([first.cached, first.attempts.length, first.usage?.input], [false, 1, 11]);
      const again = await stage.gateway.log(await hit(stage, "cached-log", ticket, asking));
      assert.deepEqual([again.cached, again.attempts, again.usage, again.provider], [true, [], undefined, "openai"]);
    },
  },
  {
    name: "What is encrypted can't be read in the store: nothing of a prompt, an answer, a key or a tag",
    stores: ["redis"],
    gateways: {
      ...gateway("sealed", { ttl: 60, secret: "a secret of the suite" }),
      ...gateway("unsealed", { ttl: 60 }),
    },
    async run(stage) {
      const [prompt, answer, open, tag, key] = times(5, "").map(() => nonce());
      const asking = (content: string): Asking => ({
        body: streaming(content),
        headers: { "cf-aig-cache-tags": tag!, "cf-aig-cache-key": key! },
      });
      const ticket = stage.upstream.ticket(streamed([chunk(answer!), STOP_CHUNK, DONE]));
      const plain = stage.upstream.ticket(streamed([chunk(open!), STOP_CHUNK, DONE]));
      for (const [name, of] of [["sealed", ticket], ["unsealed", plain]] as const) {
        await ask(stage, name, of, asking(prompt!));
        await hit(stage, name, of, asking(prompt!));
      }
      const all = (await dump(stage.rig)).map(({ key, text }) => `${key}\n${text}`).join("\n");
      assert.ok(all.includes(open!), "what isn't encrypted wasn't found: neither would be what is");
      for (const word of [prompt, answer, tag, key, ticket.key]) assert.ok(!all.includes(word!), word);
    },
  },
], { stores: BOTH });
