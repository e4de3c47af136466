/**
 * Hostile wire: hosts, paths, framings and answers that mean to lead elsewhere.
 *
 * @module
 */
import assert from "node:assert/strict";
import { CHAT, CHAT_ANSWER, json } from "../answers.ts";
import { rawHead } from "../raw.ts";
import { area, type Behaviour } from "../stage.ts";
import type { Ticket } from "../upstream.ts";
import { until } from "../wait.ts";

const G = "/v1/acc/gw";
const PATH = `${G}/openai/chat/completions`;

/** Requests whose length can be read in two ways; each hides a second one. All are for paths of their own. */
function smugglers(ticket: Ticket): readonly string[] {
  let number = 0;
  const open = (framing: string) => rawHead(ticket, framing, `${G}/openai/outer-${++number}`);
  const hidden = () => `GET ${G}/openai/inner-${number} HTTP/1.1\r\nhost: h\r\nauthorization: ${ticket.bearer}\r\n\r\n`;
  const chunked = "2\r\n{}\r\n0\r\n\r\n";
  const cases = [
    ["content-length: 2\r\ntransfer-encoding: chunked", chunked],
    [`transfer-encoding: chunked\r\ncontent-length: ${chunked.length + hidden().length}`, chunked],
    [`content-length: 2\r\ncontent-length: ${2 + hidden().length}`, "{}"],
    [`content-length: 2, ${2 + hidden().length}`, "{}"],
    ["content-length: +2", "{}"],
    ["content-length: -2", "{}"],
    ["content-length: 0x2", "{}"],
    ["transfer-encoding: xchunked\r\ncontent-length: 2", "{}"],
    ["transfer-encoding : chunked", chunked],
    ["transfer-encoding: chunked, identity", chunked],
    ["transfer-encoding: identity\r\ntransfer-encoding: chunked", chunked],
    ["x: y\r\n transfer-encoding: chunked\r\ncontent-length: 2", "{}"],
    ["transfer-encoding: chunked", '2;ext="\r\n\r\n"\r\n{}\r\n0\r\n\r\n'],
    ["transfer-encoding: chunked", "-2\r\n{}\r\n0\r\n\r\n"],
    ["transfer-encoding: chunked", "fffffffffffffffff\r\n{}\r\n0\r\n\r\n"],
    ["transfer-encoding: chunked", "2\n{}\n0\n\n"],
    ["content-length: 2\r\nexpect: 100-continue", "{}"],
    ["content-length: 2\nx-bare: 1", "{}"],
  ] as const;
  return cases.map(([framing, body]) => open(framing) + body + hidden());
}

/** Hostile-wire behaviours. */
export const wire: readonly Behaviour[] = area("hostile input", [
  {
    name: "A hostile Host header never changes which path is served, and no other host is asked",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json("{}"));
      const canary = `127.0.0.1:${upstream.canaryPort}`;
      const hosts = [
        `x${G}/openai/evil?`,
        `x${G}/openai/evil#`,
        `x\\${G}/openai/evil`,
        `evil@${canary}`,
        `${canary}/x?`,
        canary,
        "a b",
        "[::1",
        "x:99999",
        "",
      ];
      for (const host of hosts) {
        const echo = await gateway.shout(
          `GET ${G}/openai/safe HTTP/1.1\r\nhost: ${host}\r\nauthorization: ${ticket.bearer}\r\nconnection: close\r\n\r\n`,
        );
        assert.ok(
          echo.status === 200 || (echo.status >= 400 && echo.status < 500) || echo.didClose,
          `${host}: ${echo.text.slice(0, 200)}`,
        );
        assert.ok(echo.status !== 500, `${host}: ${echo.text.slice(0, 200)}`);
      }
      for (const seen of ticket.calls) {
        assert.equal(seen.target, "/v1/safe");
        assert.equal(seen.header("host"), `127.0.0.1:${upstream.ports.alpha}`);
      }
    },
  },
  {
    name: "A hostile path stays with its provider or is refused",
    async run({ gateway, upstream }) {
      const canary = `127.0.0.1:${upstream.canaryPort}`;
      const ticket = upstream.ticket(json("{}"));
      const targets = [
        `//${canary}/v1`,
        `${G}/openai//${canary}/x`,
        `${G}/openai/\\${canary}/x`,
        `${G}/openai/\\\\${canary}\\x`,
        `${G}/openai/@${canary}/`,
        `${G}/openai/http://${canary}/x`,
        `${G}/openai/http:/${canary}/x`,
        `${G}/openai/%2f%2f${canary}/x`,
        `${G}/openai/../../../x`,
        `${G}/openai/a/../../admin`,
        `${G}/openai/%2e%2e/admin`,
        `${G}/openai/..%2f..%2fadmin`,
        `${G}/openai/.%2e/admin`,
        `${G}/openai/..;/admin`,
        `${G}/openai/..\\..\\admin`,
        `${G}/openai/%5c%5c${canary}`,
        `${G}/openai/%00`,
        `${G}/openai/a%0d%0ax-injected:%201`,
        `${G}/openai/%zz`,
        `${G}/openai/#//${canary}`,
        `${G}/openai?//${canary}`,
        `${G}/openai/x?u=http://${canary}/`,
        `${G}/custom-foo/../../x`,
        `${G}/custom-foo/%2e%2e/%2e%2e/x`,
        `${G}/azure-openai/${canary}/dep/x`,
        `${G}/azure-openai/evil.example%23/dep/x`,
        `${G}/azure-openai/res@evil/dep/x`,
        `${G}/azure-openai/res/..%2f..%2fx/chat/completions`,
        `${G}/google-vertex-ai/v1/projects/p/locations/evil.example%2f/publishers/x`,
        `/v1/..%2f..%2fx/gw/workers-ai/@cf/m`,
        `/v1/a%3fb/gw/workers-ai/@cf/m`,
        `/v1/acc/..%2fgw/openai/x`,
        `http://${canary}/v1/acc/gw/openai/x`,
        `${G}/openai/${"a/".repeat(3000)}`,
      ];
      const bases = {
        alpha: /^\/v1\/(?!\.\.)/,
        gamma: /^\/(base|openai\/deployments|v1|client\/v4\/accounts\/[\w-]+\/ai)\//,
        beta: /^\/v1\//,
      };
      for (const target of targets) {
        const before = ticket.calls.length;
        const echo = await gateway.shout(
          `GET ${target} HTTP/1.1\r\nhost: gateway.example\r\nauthorization: ${ticket.bearer}\r\napi-key: ${ticket.key}\r\nconnection: close\r\n\r\n`,
        );
        assert.ok(
          echo.status === 200 || (echo.status >= 400 && echo.status < 500) || echo.status === 0,
          `${target}: ${echo.text.slice(0, 300)}`,
        );
        for (const seen of ticket.calls.slice(before)) {
          assert.match(seen.target, bases[seen.place as keyof typeof bases], target);
          assert.ok(!/(^|\/)\.\.?(\/|$)|\\/.test(seen.target), `${target} became ${seen.target}`);
          assert.equal(seen.header("x-injected"), undefined);
        }
      }
      assert.deepEqual(upstream.canaryHits, []);
    },
  },
  {
    name: "A target that the client names in headers, query or body is never called",
    async run({ gateway, upstream }) {
      const url = `http://127.0.0.1:${upstream.canaryPort}`;
      const names = ["base_url", "baseURL", "api_base", "custom_host", "target", "url"];
      const ticket = upstream.ticket(json("{}"));
      const body = JSON.stringify({ model: "m", ...Object.fromEntries(names.map((name) => [name, url])) });
      const headers = Object.fromEntries(
        [
          "x-custom-host",
          "x-portkey-custom-host",
          "x-base-url",
          "x-target-url",
          "x-fal-target-url",
          "x-original-url",
          "x-rewrite-url",
        ]
          .map((name) => [name, url]),
      );
      const answered = await gateway.post(`${PATH}?${names.map((name) => `${name}=${url}`).join("&")}`, body, {
        authorization: ticket.bearer,
        ...headers,
      });
      assert.equal(answered.status, 200, answered.text);
      assert.equal((await (await ticket.next()).body).toString(), body);
      assert.deepEqual(upstream.canaryHits, []);
    },
  },
  {
    name: "A request that can be read in two ways smuggles no second one in",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json("{}"));
      for (const bytes of smugglers(ticket)) await gateway.shout(bytes);
      for (const seen of ticket.calls) {
        const framings = [...seen.all("content-length"), ...seen.all("transfer-encoding")];
        assert.ok(framings.length <= 1, `${seen.target} went out with ${framings.join(" and ")}`);
      }
      // What the provider saw is what the gateway knows that it sent: nothing rode along in another request's body.
      for (const target of new Set(ticket.calls.map((seen) => seen.target))) {
        const asked = ticket.calls.filter((seen) => seen.target === target).length;
        const known = () => gateway.logs(`${target.slice(3)}"`).length;
        await until(() => known() >= asked, `${asked} records of ${target}`, 1500);
        assert.equal(known(), asked, target);
      }
    },
  },
  {
    name: "Bytes that are no HTTP cost nobody else anything",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json(CHAT_ANSWER));
      const key = `authorization: ${ticket.bearer}`;
      const nonsense = [
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET /\r\n\r\n",
        `GET ${G}/openai/x HTTP/9.9\r\nhost: h\r\n${key}\r\n\r\n`,
        `GET ${G}/openai/x HTTP/1.1\r\n${key}\r\n\r\n`,
        `GET ${G}/openai/x HTTP/1.1\r\nhost: h\r\nx: \x00\r\n${key}\r\n\r\n`,
        `GET ${G}/openai/x HTTP/1.1\r\nhost: h\r\n: v\r\n${key}\r\n\r\n`,
        `G\x00T ${G}/openai/x HTTP/1.1\r\nhost: h\r\n${key}\r\n\r\n`,
        `CONNECT 127.0.0.1:${upstream.canaryPort} HTTP/1.1\r\nhost: h\r\n${key}\r\n\r\n`,
        `GET ${G}/openai/${"x".repeat(100_000)} HTTP/1.1\r\nhost: h\r\n${key}\r\n\r\n`,
        `GET ${G}/openai/x HTTP/1.1\r\nhost: h\r\nx: ${"x".repeat(200_000)}\r\n${key}\r\n\r\n`,
        `GET ${G}/openai/x HTTP/1.1\r\nhost: h\r\n${
          Array.from({ length: 5000 }, (_, index) => `x-${index}: 1\r\n`).join("")
        }${key}\r\n\r\n`,
      ];
      await Promise.all(nonsense.map((bytes) => gateway.shout(bytes)));
      assert.equal((await gateway.post(PATH, CHAT, { authorization: ticket.bearer })).text, CHAT_ANSWER);
      assert.deepEqual(upstream.canaryHits, []);
    },
  },
  {
    name: "Methods that mirror or tunnel are refused, and no provider is asked",
    limits: { workers: "answers CONNECT with a 500 of its own before any code is asked" },
    async run({ gateway, upstream, isLimited }) {
      const ticket = upstream.ticket(json("{}"));
      const refused = async (method: string, target: string): Promise<number> => {
        const key = `authorization: ${ticket.bearer}`;
        const echo = await gateway.shout(`${method} ${target} HTTP/1.1\r\nhost: h\r\n${key}\r\n\r\n`);
        return echo.status === 0 && echo.didClose ? 400 : echo.status;
      };
      for (const method of ["TRACE", "TRACK"]) {
        const status = await refused(method, `${G}/openai/x`);
        assert.ok((status >= 400 && status < 500) || status === 501, `${method} is answered with ${status}`);
      }
      const status = await refused("CONNECT", "127.0.0.1:80");
      if (isLimited) assert.equal(status, 500, "the limit no longer exists, take it out");
      else assert.ok((status >= 400 && status < 500) || status === 501, `CONNECT is answered with ${status}`);
      assert.equal(ticket.calls.length, 0);
    },
  },
  {
    name: "A provider's hostile answer costs its own call alone: header floods, odd bytes, bad statuses",
    async run({ gateway, upstream }) {
      const answers = [
        `HTTP/1.1 200 OK\r\nx-request-id: caf\u00e9\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}`,
        `HTTP/1.1 200 OK\r\n${
          Array.from({ length: 3000 }, (_, index) => `x-${index}: 1\r\n`).join("")
        }content-length: 2\r\nconnection: close\r\n\r\n{}`,
        `HTTP/1.1 200 OK\r\nx: ${"x".repeat(200_000)}\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}`,
        `HTTP/1.1 600 What\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}`,
        `HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n`,
        `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99999999999999999999\r\nconnection: close\r\n\r\n{}`,
        `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 8\r\nconnection: close\r\n\r\nnot gzip`,
      ];
      for (const bytes of answers) {
        const ticket = upstream.ticket(async (exchange) => {
          await exchange.body;
          exchange.raw(Buffer.from(bytes, "latin1"));
          exchange.hangUp();
        });
        const live = gateway.begin({
          path: PATH,
          body: CHAT,
          headers: { "content-type": "application/json", "authorization": ticket.bearer },
        });
        // Where not even the head can be trusted, a reset tells the client as much as a 502 does; silence doesn't.
        const failure = await live.answered().then(() => live.rest()).then(() => undefined, (error: Error) => error);
        const isTold = failure === undefined ? live.status === 200 || live.status === 502 : "code" in failure;
        assert.ok(isTold, `${bytes.slice(0, 60)}: ${live.status} ${failure?.message}`);
      }
    },
  },
]);
