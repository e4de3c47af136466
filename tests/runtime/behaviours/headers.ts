/**
 * Headers: what is the gateway's stays with the gateway, in both directions.
 *
 * @module
 */
import assert from "node:assert/strict";
import { CHAT, CHAT_ANSWER, chunk, DONE, EVENTS, json } from "../answers.ts";
import { GATEWAY_KEY } from "../config.ts";
import { area, type Behaviour } from "../stage.ts";
import type { Exchange, Fields } from "../exchange.ts";

const G = "/v1/acc/gw";
const PATH = `${G}/openai/chat/completions`;

/** Names that mean something to one connection alone. */
const HOP = ["keep-alive", "te", "trailer", "upgrade", "proxy-authorization", "proxy-connection", "expect"];

const names = (seen: Exchange) => seen.fields.map(([name]) => name.toLowerCase());

/** Header behaviours. */
export const headers: readonly Behaviour[] = area("headers", [
  {
    name: "No cookie, forwarding or platform header of the client reaches the provider",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json("{}"));
      const sent = [
        "cookie",
        "x-forwarded-for",
        "x-forwarded-host",
        "forwarded",
        "x-real-ip",
        "cf-connecting-ip",
        "cf-ray",
        "cf-worker",
        "true-client-ip",
      ];
      const given = [
        ...sent,
        "x-vercel-id",
        "x-internal-role",
        "via",
        "origin",
        "referer",
        "x-middleware-subrequest",
        "accept-encoding",
      ];
      await gateway.post(PATH, CHAT, {
        authorization: ticket.bearer,
        ...Object.fromEntries(given.map((name) => [name, `hush-${name}`])),
      });
      const seen = await ticket.next();
      assert.deepEqual(seen.fields.filter(([, value]) => value.includes("hush-")).map(([name]) => name), []);
    },
  },
  {
    name: "A request goes out with what the client sent and its framing, and nothing of the gateway's own",
    limits: { vercel: "adds accept-language: * and sec-fetch-mode: cors" },
    async run({ gateway, upstream, isLimited }) {
      const ticket = upstream.ticket(json("{}"));
      await gateway.post(PATH, CHAT, { "authorization": ticket.bearer, "user-agent": "Suite/1.0", "accept": "*/*" });
      const seen = await ticket.next();
      const framing = ["host", "content-length", "connection", "accept-encoding"];
      const known = [...framing, "authorization", "content-type", "user-agent", "accept"];
      const added = ["accept-language", "sec-fetch-mode"];
      assert.deepEqual(names(seen).filter((name) => !known.includes(name)).sort(), isLimited ? added : []);
      assert.equal(seen.header("user-agent"), "Suite/1.0");
      assert.equal(seen.header("accept-encoding"), "identity");
      assert.equal(seen.header("host"), `127.0.0.1:${upstream.ports.alpha}`);
    },
  },
  {
    name: "Hop-by-hop headers of the client don't reach the provider",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json("{}"));
      const lines = [
        "keep-alive: timeout=5",
        "te: trailers",
        "trailer: x-t",
        "proxy-authorization: Basic eDp5",
        "proxy-connection: keep-alive",
      ];
      const echo = await gateway.shout(
        `POST ${PATH} HTTP/1.1\r\nhost: h\r\nauthorization: ${ticket.bearer}\r\ncontent-type: application/json\r\n${
          lines.join("\r\n")
        }\r\n` +
          "connection: close, te\r\ncontent-length: 2\r\n\r\n{}",
      );
      assert.equal(echo.status, 200, echo.text);
      assert.deepEqual(names(await ticket.next()).filter((name) => HOP.includes(name)), []);
    },
  },
  {
    name: "A header that the client lists in Connection doesn't reach the provider",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json("{}"));
      const headers = {
        "authorization": ticket.bearer,
        "connection": "close, X-Request-Id, openai-project",
        "x-request-id": "r",
        "openai-project": "p",
      };
      const answered = await gateway.post(PATH, CHAT, headers);
      assert.equal(answered.status, 200, answered.text);
      const seen = await ticket.next();
      assert.equal(seen.header("x-request-id"), undefined);
      assert.equal(seen.header("openai-project"), undefined);
    },
  },
  {
    name: "A credential or a control that the client lists in Connection can't be switched off that way",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json("{}"));
      const listed = {
        "connection": "close, cf-aig-authorization, cf-aig-max-attempts",
        "authorization": ticket.bearer,
      };
      const locked = await gateway.post("/v1/acc/sec/openai/x", "{}", {
        ...listed,
        "cf-aig-authorization": "Bearer wrong",
      });
      assert.equal(locked.status, 401);
      const open = await gateway.post(`${G}/openai/x`, "{}", { ...listed, "cf-aig-authorization": GATEWAY_KEY });
      assert.equal(open.status, 200, open.text);
      assert.ok(!JSON.stringify((await ticket.next()).fields).includes(GATEWAY_KEY));
    },
  },
  {
    name: "A provider is shown its own credential header alone, not those of others",
    async run({ gateway, upstream }) {
      const [ticket, other] = [upstream.ticket(json("{}")), upstream.ticket()];
      await gateway.post(`${G}/anthropic/v1/messages`, "{}", {
        "x-api-key": ticket.key,
        "x-goog-api-key": other.key,
        "api-key": other.key,
        "xi-api-key": other.key,
        "x-amz-security-token": other.key,
      });
      assert.ok(!JSON.stringify((await ticket.next()).fields).includes(other.key));
    },
  },
  {
    name: "What clients' libraries tell a provider passes: its own headers, idempotency, traces",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json("{}"));
      const passing = {
        "accept": "application/json",
        "user-agent": "OpenAI/JS 6.49.0",
        "openai-organization": "org-1",
        "openai-beta": "assistants=v2",
        "idempotency-key": "idem-1",
        "x-stainless-lang": "js",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      };
      await gateway.post(PATH, CHAT, { authorization: ticket.bearer, ...passing });
      const seen = await ticket.next();
      for (const [name, value] of Object.entries(passing)) assert.equal(seen.header(name), value);
    },
  },
  {
    name: "No cookie or internal header of a provider reaches the client",
    async run({ gateway, upstream }) {
      const internal: Fields = [
        ["set-cookie", "__cf_bm=hush; Path=/"],
        ["set-cookie", "b=hush"],
        ["server", "hush"],
        ["x-powered-by", "hush"],
        ["via", "1.1 hush"],
        ["openai-organization", "hush-org"],
        ["x-internal-debug", "hush"],
        ["alt-svc", 'h3=":443"; hush'],
        ["access-control-allow-origin", "https://hush.example"],
        ["cf-aig-log-id", "hush"],
        ["cf-aig-step", "7"],
        ["connection", "x-request-id"],
        ["x-request-id", "hush"],
        ["keep-alive", "timeout=5; hush"],
      ];
      const plain = upstream.ticket(json(CHAT_ANSWER, 200, internal));
      const answered = await gateway.post(PATH, CHAT, { authorization: plain.bearer });
      assert.equal(answered.status, 200);
      assert.deepEqual([...answered.headers].filter(([, value]) => value.includes("hush")), []);
      assert.notEqual(answered.headers.get("cf-aig-step"), "7");
      const stream = upstream.ticket(async (exchange) => {
        await exchange.body;
        exchange.head(200, [...EVENTS, ...internal]);
        await exchange.write(chunk("x") + DONE);
        exchange.end();
      });
      const live = await gateway.begin({
        path: PATH,
        body: CHAT,
        headers: { "content-type": "application/json", "authorization": stream.bearer },
      }).answered();
      assert.deepEqual([...live.headers].filter(([, value]) => value.includes("hush")), []);
      await live.rest();
    },
  },
  {
    name: "What a client needs to know of a provider's answer passes: type, ids, rate limits, retry-after",
    async run({ gateway, upstream }) {
      const passing: Fields = [
        ["x-request-id", "req-1"],
        ["openai-processing-ms", "12"],
        ["x-ratelimit-remaining-requests", "9"],
        ["anthropic-ratelimit-requests-remaining", "9"],
        ["retry-after", "2"],
        ["retry-after-ms", "1500"],
        ["etag", '"v1"'],
      ];
      const ticket = upstream.ticket(json("{}", 429, passing));
      const answered = await gateway.post(PATH, CHAT, { authorization: ticket.bearer });
      for (const [name, value] of passing) assert.equal(answered.headers.get(name), value);
    },
  },
  {
    name: "An answer is framed once: its length or its chunks, as the client can read it",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json(CHAT_ANSWER));
      const answered = await gateway.post(PATH, CHAT, { authorization: ticket.bearer });
      const isChunked = answered.headers.has("transfer-encoding");
      const length = answered.headers.get("content-length");
      assert.ok(isChunked ? length === undefined : length === String(answered.body.length), `${isChunked} ${length}`);
      assert.ok(answered.isWhole);
    },
  },
  {
    name: "The event id of the client is echoed; log id and request id are one lower-case UUIDv7",
    check: 49,
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json("{}"));
      const answered = await gateway.post(PATH, CHAT, { "authorization": ticket.bearer, "cf-aig-event-id": "evt-42" });
      assert.equal(answered.headers.get("cf-aig-event-id"), "evt-42");
      const id = answered.headers.get("cf-aig-log-id") ?? "";
      assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      assert.ok(Math.abs(parseInt(id.replace("-", "").slice(0, 12), 16) - Date.now()) < 60_000, "its time is off");
      assert.equal(answered.headers.get("cf-aig-request-id"), id);
      const unnamed = await gateway.post(PATH, CHAT, { authorization: ticket.bearer });
      assert.equal(unnamed.headers.get("cf-aig-event-id"), unnamed.headers.get("cf-aig-log-id"));
      assert.notEqual(unnamed.headers.get("cf-aig-log-id"), id);
      assert.equal((await ticket.next()).header("cf-aig-event-id"), undefined);
    },
  },
  {
    name: "The gateway says what it added, in milliseconds",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json("{}"));
      const answered = await gateway.post(PATH, CHAT, { authorization: ticket.bearer });
      assert.match(answered.headers.get("server-timing") ?? "", /^headgate;dur=\d+(\.\d+)?$/);
    },
  },
  {
    name: "Where caching isn't in play, nothing is said of a cache",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json("{}"));
      const answered = await gateway.post(PATH, CHAT, { authorization: ticket.bearer });
      assert.equal(answered.headers.get("cf-aig-cache-status"), undefined);
    },
  },
  {
    name: "Neither gateway keys nor stored keys come back in any answer",
    async run({ gateway }) {
      const answers = [
        await gateway.post(`${G}/mistral/v1/chat/completions`, CHAT, { "cf-aig-authorization": GATEWAY_KEY }),
        await gateway.post("/v1/acc/sec/openai/x", "{", {
          "cf-aig-authorization": GATEWAY_KEY,
          "content-type": "application/json",
        }),
        await gateway.post("/v1/acc/sec/openai/x", "{}", { "cf-aig-authorization": `Bearer ${GATEWAY_KEY}x` }),
        await gateway.call({ path: "/healthz" }),
        await gateway.call({ path: "/readyz" }),
      ];
      for (const { headers, text } of answers) assert.ok(!/gw-hush|sk-hush/.test(JSON.stringify([...headers]) + text));
    },
  },
]);
