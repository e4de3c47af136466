/**
 * Errors: the caller's own dialect, one sentence that helps, nothing that leaks.
 *
 * @module
 */
import assert from "node:assert/strict";
import { CHAT, json, late, MESSAGE, silent, vanishing } from "../answers.ts";
import type { Answered, Told } from "../client.ts";
import { GATEWAY_KEY } from "../config.ts";
import { area, type Behaviour, type Stage } from "../stage.ts";

const G = "/v1/acc/gw";

type DialectName = "openai" | "anthropic" | "gemini" | "cloudflare";

/** Paths whose callers read three different dialects, and what they send. */
const DIALECTS = [
  ["openai", "openai/chat/completions", CHAT],
  ["openai", "compat/chat/completions", '{"model":"openai/gpt-5","messages":[]}'],
  ["anthropic", "anthropic/v1/messages", MESSAGE],
  ["gemini", "google-ai-studio/v1beta/models/m:generateContent", "{}"],
] as const;

/** Asserts that an answer is an error of the gateway in a dialect, and gives back its sentence. */
function refused(answered: Answered, status: number, dialect: DialectName, code?: number): string {
  assert.equal(answered.status, status, answered.text);
  assert.match(answered.headers.get("content-type") ?? "", /^application\/json/);
  assert.match(answered.headers.get("cf-aig-log-id") ?? "", /^[0-9a-f-]{36}$/);
  const body = answered.json();
  assert.deepEqual([body.success, body.name, body.httpCode], [false, "AiGatewayError", status]);
  assert.equal(typeof body.internalCode, "number");
  if (code !== undefined) assert.equal(body.internalCode, code);
  const sentence = OWN[dialect](body, status);
  assert.ok(sentence.length > 10 && !/127\.0\.0\.1|localhost|\bat \S+:\d+|node_modules|\.ts:/.test(sentence), sentence);
  return sentence;
}

/** What each dialect owes its readers; gives back the sentence. */
const OWN: Readonly<Record<DialectName, (body: Told, status: number) => string>> = {
  openai({ error }) {
    assert.equal(typeof error.type, "string");
    assert.ok(typeof error.code === "string" && "param" in error);
    return error.message;
  },
  anthropic({ type, error }) {
    assert.equal(type, "error");
    assert.equal(typeof error.type, "string");
    return error.message;
  },
  gemini({ error }, status) {
    assert.equal(error.code, status);
    assert.match(error.status, /^[A-Z_]+$/);
    return error.message;
  },
  cloudflare({ error, result, messages, message, internalCode }) {
    assert.deepEqual([result, messages], [[], []]);
    assert.deepEqual(error, [{ code: internalCode, message }]);
    return message;
  },
};

/** One universal step for OpenAI, as text. */
const step = (key: string, provider = "openai") =>
  JSON.stringify([{ provider, endpoint: "chat/completions", headers: { authorization: `Bearer ${key}` }, query: {} }]);

async function everyDialect(
  stage: Stage,
  prefix: string,
  status: number,
  code: number,
  headers: Record<string, string> = {},
): Promise<void> {
  for (const [dialect, path, body] of DIALECTS) {
    refused(await stage.gateway.post(`${prefix}/${path}`, body, headers), status, dialect, code);
  }
  refused(await stage.gateway.post(prefix, step("x"), headers), status, "cloudflare", code);
}

/** Error behaviours. */
export const errors: readonly Behaviour[] = area("errors", [
  {
    name: "A gateway that isn't configured is refused with 400 and code 2001, in the dialect of each path",
    run: (stage) => everyDialect(stage, "/v1/acc/nowhere", 400, 2001),
  },
  {
    name: "A call without the gateway's key is refused with 401 and code 2009, in the dialect of each path",
    run: (stage) => everyDialect(stage, "/v1/acc/sec", 401, 2009),
  },
  {
    name: "A wrong key is refused like none, and a gateway that doesn't say asks for one once keys exist",
    async run(stage) {
      await everyDialect(stage, "/v1/acc/sec", 401, 2009, { "cf-aig-authorization": "Bearer wrong" });
      await everyDialect(stage, "/v1/acc/unsaid", 401, 2009);
    },
  },
  {
    name: "The gateway's key is taken with and without Bearer",
    async run({ gateway, upstream }) {
      for (const value of [`Bearer ${GATEWAY_KEY}`, GATEWAY_KEY, `bearer ${GATEWAY_KEY}`]) {
        const ticket = upstream.ticket(json("{}"));
        const headers = { "authorization": ticket.bearer, "cf-aig-authorization": value };
        assert.equal((await gateway.post("/v1/acc/sec/openai/chat/completions", CHAT, headers)).status, 200);
        assert.ok(!JSON.stringify((await ticket.next()).fields).includes(GATEWAY_KEY));
      }
    },
  },
  {
    name: "A provider that isn't known is refused with 404 and a proposal",
    async run({ gateway }) {
      const message = refused(await gateway.post(`${G}/opnai/chat/completions`, CHAT), 404, "openai");
      assert.match(message, /openai/);
    },
  },
  {
    name: "A path that isn't known is refused with 404 and the nearest one",
    async run({ gateway }) {
      for (const path of ["/nothing/here", "/helthz", "/v2/acc/gw/openai"]) {
        const answered = await gateway.call({ path });
        assert.equal(answered.status, 404, path);
        assert.match(answered.json().error.message, /\//);
      }
      assert.match((await gateway.call({ path: "/helthz" })).json().error.message, /\/healthz/);
    },
  },
  {
    name: "A provider that can't be reached is 502, in the dialect of each path",
    async run({ gateway, upstream }) {
      for (const [dialect, path, body] of DIALECTS) {
        const ticket = upstream.ticket(vanishing);
        const headers = { "authorization": ticket.bearer, "x-api-key": ticket.key, "x-goog-api-key": ticket.key };
        refused(await gateway.post(`${G}/${path}`, body, headers), 502, dialect);
        assert.equal(ticket.calls.length, 1);
      }
      refused(await gateway.post(`${G}/deepseek/chat/completions`, CHAT), 502, "openai");
      refused(await gateway.post(G, step("x", "deepseek")), 502, "cloudflare");
    },
  },
  {
    name: "A provider that doesn't begin to answer in time is 504, in the dialect of each path, and is hung up on",
    async run({ gateway, upstream }) {
      await Promise.all(DIALECTS.map(async ([dialect, path, body]) => {
        const ticket = upstream.ticket(silent);
        const headers = { "authorization": ticket.bearer, "x-api-key": ticket.key, "x-goog-api-key": ticket.key };
        const answered = await gateway.post(`${G}/${path}`, body, { ...headers, "cf-aig-request-timeout": "400" });
        refused(answered, 504, dialect);
        await (await ticket.next()).closed;
      }));
    },
  },
  {
    name: "A redirect is 502 and never followed: the other origin hears nothing",
    async run({ gateway, upstream }) {
      const before = upstream.canaryHits.length;
      for (const status of [301, 302, 303, 307, 308]) {
        const to = `http://127.0.0.1:${upstream.canaryPort}/steal`;
        const ticket = upstream.ticket(async (exchange) => {
          await exchange.body;
          exchange.reply(status, [["location", to], ["set-cookie", "a=1"]], "moved");
        });
        const answered = await gateway.post(`${G}/openai/chat/completions`, CHAT, { authorization: ticket.bearer });
        refused(answered, 502, "openai");
        assert.equal(answered.headers.get("location"), undefined);
        assert.ok(!answered.text.includes(String(upstream.canaryPort)));
        assert.equal(ticket.calls.length, 1);
      }
      assert.equal(upstream.canaryHits.length, before);
    },
  },
  {
    name: "A provider that answers no HTTP is 502",
    async run({ gateway, upstream }) {
      for (const nonsense of ["what?\r\n\r\n", "HTTP/1.1 999999 x\r\n\r\n", "HTTP/1.1 200 OK\r\nbad header\r\n\r\nx"]) {
        const ticket = upstream.ticket(async (exchange) => {
          await exchange.body;
          exchange.raw(nonsense);
          exchange.hangUp();
        });
        refused(
          await gateway.post(`${G}/openai/chat/completions`, CHAT, { authorization: ticket.bearer }),
          502,
          "openai",
        );
      }
    },
  },
  {
    name: "/healthz and /readyz answer, to HEAD too",
    async run({ gateway, runtime }) {
      for (const path of ["/healthz", "/readyz"]) {
        const answered = await gateway.call({ path });
        assert.equal(answered.status, 200);
        assert.match(answered.headers.get("content-type") ?? "", /json/);
        const head = await gateway.call({ path, method: "HEAD" });
        assert.deepEqual([head.status, head.body.length], [200, 0]);
      }
      assert.match((await gateway.call({ path: "/healthz" })).json().runtime, new RegExp(`^${runtime}`));
    },
  },
  {
    name: "A client that looks whether anybody is there is told so",
    async run({ gateway }) {
      for (const path of [G, `${G}/`, `${G}/openai`]) {
        assert.equal((await gateway.call({ path })).status, 200, path);
        assert.equal((await gateway.call({ path, method: "HEAD" })).status, 200, path);
      }
    },
  },
  {
    name: "A browser's preflight is granted what it asks for, without a key",
    async run({ gateway }) {
      const answered = await gateway.call({
        method: "OPTIONS",
        path: "/v1/acc/sec/openai/chat/completions",
        headers: {
          "origin": "https://app.example",
          "access-control-request-method": "POST",
          "access-control-request-headers": "authorization,content-type,cf-aig-metadata,x-stainless-lang",
        },
      });
      assert.equal(answered.status, 204);
      assert.match(answered.headers.get("access-control-allow-origin") ?? "", /^(\*|https:\/\/app\.example)$/);
      assert.match(answered.headers.get("access-control-allow-methods") ?? "", /POST/);
      for (const name of ["authorization", "content-type", "cf-aig-metadata", "x-stainless-lang"]) {
        assert.ok(answered.headers.get("access-control-allow-headers")?.includes(name), name);
      }
      assert.equal(answered.headers.get("access-control-allow-credentials"), undefined);
    },
  },
  {
    name: "A browser may read answers, errors and streams alike, with the gateway's headers",
    async run({ gateway, upstream }) {
      const origin = { origin: "https://app.example" };
      const ticket = upstream.ticket(json("{}"), late(1, json("{}")));
      const good = await gateway.post(`${G}/openai/x`, "{}", { authorization: ticket.bearer, ...origin });
      const bad = await gateway.post("/v1/acc/sec/openai/x", "{}", origin);
      assert.deepEqual([good.status, bad.status], [200, 401]);
      for (const answered of [good, bad]) {
        assert.match(answered.headers.get("access-control-allow-origin") ?? "", /^(\*|https:\/\/app\.example)$/);
        assert.match(answered.headers.get("access-control-expose-headers") ?? "", /\*|cf-aig-log-id/);
      }
      assert.equal((await ticket.next()).header("origin"), undefined);
    },
  },
  {
    name: "A WebSocket upgrade is answered with 426 and a sentence, and no provider is asked",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json("{}"));
      for (const path of [`${G}/openai/realtime?model=gpt-realtime`, G]) {
        const echo = await gateway.shout(
          `GET ${path} HTTP/1.1\r\nhost: h\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n` +
            `sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nauthorization: ${ticket.bearer}\r\n\r\n`,
        );
        assert.equal(echo.status, 426, echo.text);
        assert.match(echo.text, /WebSocket/);
      }
      assert.equal(ticket.calls.length, 0);
    },
  },
]);
