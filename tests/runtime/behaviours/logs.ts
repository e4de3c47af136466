/**
 * Logs: one line of JSON a call, true in what it counts, without secrets.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  CHAT,
  CHAT_ANSWER,
  chunk,
  CONTENT_ANSWER,
  DONE,
  EVENTS,
  failing,
  json,
  MESSAGE,
  MESSAGE_ANSWER,
  STOP_CHUNK,
  USAGE_CHUNK,
} from "../answers.ts";
import { area, type Behaviour, type Stage } from "../stage.ts";
import { pause } from "../wait.ts";

const G = "/v1/acc/gw";
const PATH = `${G}/openai/chat/completions`;

/** The metadata that the log holds after a call with this header. */
async function tagged(stage: Stage, header: string): Promise<unknown> {
  const ticket = stage.upstream.ticket(json(CHAT_ANSWER));
  const answered = await stage.gateway.post(PATH, CHAT, { "authorization": ticket.bearer, "cf-aig-metadata": header });
  assert.equal(answered.status, 200, answered.text);
  assert.equal(ticket.calls[0]!.header("cf-aig-metadata"), undefined);
  return (await stage.gateway.log(answered)).metadata;
}

/** Log behaviours. */
export const logs: readonly Behaviour[] = area("logs", [
  {
    name: "A call leaves one record: who answered, with what status, how long it took, how many tokens",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json(CHAT_ANSWER));
      const answered = await gateway.post(`${PATH}?secret=hush-query`, CHAT, { authorization: ticket.bearer });
      const record = await gateway.log(answered);
      assert.deepEqual(
        [record.provider, record.status, record.success, record.outcome, record.account, record.gateway, record.method],
        ["openai", 200, true, "complete", "acc", "gw", "POST"],
      );
      assert.deepEqual([record.usage?.input, record.usage?.output], [11, 7]);
      assert.equal(record.attempts.length, 1);
      assert.ok(record.durationMs >= 0 && record.durationMs < 5000);
      assert.ok(Math.abs(Date.parse(record.createdAt) - Date.now()) < 60_000);
      assert.ok(!JSON.stringify(record).includes("hush"));
      await pause(30);
      assert.equal(gateway.logs(answered.headers.get("cf-aig-log-id") ?? "-").length, 1);
    },
  },
  {
    name: "Usage is read in each dialect, plain and streamed",
    async run({ gateway, upstream }) {
      const cases = [
        ["anthropic/v1/messages", MESSAGE, MESSAGE_ANSWER, 9, 4],
        ["google-ai-studio/v1beta/models/gemini-2.5-flash:generateContent", "{}", CONTENT_ANSWER, 5, 3],
      ] as const;
      for (const [path, body, answer, input, output] of cases) {
        const ticket = upstream.ticket(json(answer));
        const answered = await gateway.post(`${G}/${path}`, body, {
          "x-api-key": ticket.key,
          "x-goog-api-key": ticket.key,
        });
        const { usage } = await gateway.log(answered);
        assert.deepEqual([usage?.input, usage?.output], [input, output], path);
      }
      const stream = upstream.ticket(async (exchange) => {
        await exchange.body;
        exchange.head(200, EVENTS);
        for (const event of [chunk("a"), STOP_CHUNK, USAGE_CHUNK, DONE]) await exchange.write(event);
        exchange.end();
      });
      const answered = await gateway.post(PATH, '{"model":"gpt-5","stream":true,"messages":[]}', {
        authorization: stream.bearer,
      });
      const { usage } = await gateway.log(answered);
      assert.deepEqual([usage?.input, usage?.output], [21, 13]);
    },
  },
  {
    name: "Every attempt is in the record, with its step, number and status",
    async run({ gateway, upstream }) {
      const [bad, good] = [upstream.ticket(failing(503)), upstream.ticket(json(CHAT_ANSWER))];
      const step = (key: string, provider = "openai") => ({
        provider,
        endpoint: "chat/completions",
        headers: { authorization: `Bearer ${key}` },
        query: { model: "gpt-5" },
      });
      const steps = [
        { ...step(bad.key), config: { maxAttempts: 2, retryDelay: 1 } },
        step("x", "deepseek"),
        step(good.key),
      ];
      const record = await gateway.log(await gateway.post(G, JSON.stringify(steps)));
      const told = record.attempts.map((
        { step, number, provider, status },
      ) => [step, number, provider, status ?? null]);
      assert.deepEqual(told, [[0, 1, "openai", 503], [0, 2, "openai", 503], [1, 1, "deepseek", null], [
        2,
        1,
        "openai",
        200,
      ]]);
      assert.equal(typeof record.attempts[2]?.error, "string");
      assert.deepEqual([record.step, record.status, record.usage?.input], [2, 200, 11]);
    },
  },
  {
    name: "A refused call leaves a record with its error's code and no attempt",
    async run({ gateway }) {
      const record = await gateway.log(await gateway.post("/v1/acc/sec/openai/chat/completions", CHAT));
      assert.deepEqual([record.status, record.success, record.error?.code, record.attempts], [
        401,
        false,
        "unauthenticated",
        [],
      ]);
    },
  },
  {
    name: "A call whose stream broke off is logged as failed, though its status was 200",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket();
      const headers = { "content-type": "application/json", "authorization": ticket.bearer };
      const live = gateway.begin({ path: PATH, body: CHAT, headers });
      const provider = await ticket.next();
      provider.head(200, EVENTS);
      await provider.write(chunk("one"));
      await live.take(chunk("one").length);
      provider.reset();
      await live.rest();
      const record = await gateway.log(live);
      assert.deepEqual([record.status, record.success, record.outcome], [200, false, "failed"]);
    },
  },
  {
    name: "Of seven metadata entries the first five are kept; nested ones and what isn't JSON count as none",
    check: 50,
    async run(stage) {
      const kept = await tagged(stage, '{"a":"x","b":2,"c":true,"d":null,"e":"\\u00e9","f":1,"g":1}');
      assert.deepEqual(kept, { a: "x", b: 2, c: true, d: null, e: "\u00e9" });
      for (const header of ['{"a":{"b":1}}', "not json", "[1]", "7", '{"a":1', ""]) {
        assert.deepEqual(await tagged(stage, header), {});
      }
    },
  },
  {
    name: "Metadata can't forge a log line: breaks, escapes and prototypes stay data",
    async run(stage) {
      const kept = await tagged(
        stage,
        '{"a":"x\\r\\n{\\"id\\":\\"forged\\"}\\u001b[2J\\u0000","__proto__":"p","constructor":"c"}',
      );
      assert.deepEqual(Object.entries(kept as object), [["a", 'x\r\n{"id":"forged"}\u001b[2J\u0000'], [
        "__proto__",
        "p",
      ], ["constructor", "c"]]);
      assert.ok(!stage.gateway.output.split("\n").some((line) => line.startsWith('{"id":"forged"}')));
    },
  },
  {
    name: "A call that asks for no record leaves none; one that asks for a record overrules its gateway",
    check: 51,
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json(CHAT_ANSWER));
      const post = (name: string, headers: Record<string, string>) =>
        gateway.post(`/v1/acc/${name}/openai/chat/completions`, CHAT, { authorization: ticket.bearer, ...headers });
      const silent = await post("gw", { "cf-aig-collect-log": "false" });
      const quiet = await post("quiet", {});
      const loud = await post("quiet", { "cf-aig-collect-log": "true" });
      const bare = await post("gw", { "cf-aig-collect-log-payload": "false" });
      assert.equal((await gateway.log(loud)).status, 200);
      assert.equal((await gateway.log(bare)).payload, undefined);
      for (const answered of [silent, quiet]) {
        assert.deepEqual(gateway.logs(answered.headers.get("cf-aig-log-id") ?? "-"), []);
      }
    },
  },
  {
    name: "What a gateway's settings say about retries and time holds for calls that say nothing",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(failing(503));
      const answered = await gateway.post("/v1/acc/eager/openai/chat/completions", CHAT, {
        authorization: ticket.bearer,
      });
      assert.deepEqual([answered.status, ticket.calls.length], [503, 2]);
      const silent = upstream.ticket(() => {});
      const late = await gateway.post("/v1/acc/eager/openai/chat/completions", CHAT, {
        "authorization": silent.bearer,
        "cf-aig-max-attempts": "1",
      });
      assert.deepEqual([late.status, silent.calls.length], [504, 1]);
    },
  },
]);

/** What can only be said once everything else has happened. */
export const afterwards: readonly Behaviour[] = [
  {
    name: "Nothing that the process ever printed holds a credential, a cookie or a body",
    area: "logs",
    isAlone: true,
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(failing(401));
      await gateway.post(PATH, '{"model":"gpt-5","messages":[{"role":"user","content":"hush-prompt"}]}', {
        authorization: ticket.bearer,
        cookie: "session=hush-cookie",
      });
      await pause(50);
      const { output } = gateway;
      const at = output.indexOf("hush");
      assert.equal(at, -1, `printed: ${output.slice(Math.max(0, at - 200), at + 60)}`);
      assert.ok(output.length > 1000, "nothing was printed at all");
    },
  },
  {
    name: "Every line of the log is one whole JSON record, and no two are of the same call",
    area: "logs",
    isAlone: true,
    run({ gateway }) {
      const records = gateway.logs('"id"');
      assert.ok(records.length > 100);
      assert.equal(new Set(records.map(({ id }) => id)).size, records.length);
      return Promise.resolve();
    },
  },
  {
    name: "After all of this the gateway is in good health, no stranger was called and no stray request was made",
    area: "hostile input",
    isAlone: true,
    async run({ gateway, upstream }) {
      assert.equal((await gateway.call({ path: "/healthz" })).status, 200);
      assert.deepEqual(upstream.canaryHits, []);
      assert.deepEqual(upstream.strays, []);
    },
  },
];
