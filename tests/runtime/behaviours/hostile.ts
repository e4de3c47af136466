/**
 * Hostile input: a clear refusal in the caller's dialect, no provider asked, memory flat.
 *
 * @module
 */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { CHAT, CHAT_ANSWER, json, MESSAGE } from "../answers.ts";
import { pour, rawHead } from "../raw.ts";
import { area, type Behaviour, type Stage } from "../stage.ts";

const G = "/v1/acc/gw";
const PATH = `${G}/openai/chat/completions`;
const MIB = 1024 * 1024;

/** Posts bytes to each kind of endpoint and expects the status and error code, in that endpoint's dialect. */
async function refusesEverywhere(stage: Stage, body: string | Uint8Array, status: number, code: number): Promise<void> {
  const ticket = stage.upstream.ticket(json("{}"));
  const credentials = { "authorization": ticket.bearer, "x-api-key": ticket.key, "x-goog-api-key": ticket.key };
  const headers = { "content-type": "application/json", ...credentials };
  for (
    const path of [
      "openai/chat/completions",
      "anthropic/v1/messages",
      "google-ai-studio/v1beta/models/m:generateContent",
      "compat/chat/completions",
      "",
    ]
  ) {
    const answered = await stage.gateway.call({ path: `${G}/${path}`, body, headers });
    const shown = `${path} with ${
      Buffer.from(body as string).toString("latin1", 0, 60)
    }: ${answered.status} ${answered.text}`;
    assert.equal(answered.status, status, shown);
    const { success, internalCode, error, type } = answered.json();
    assert.deepEqual([success, internalCode], [false, code], shown);
    if (path.startsWith("anthropic")) assert.equal(type, "error");
    else if (path.startsWith("google")) assert.equal(error.code, status);
    else if (path === "") assert.equal(error[0].code, code);
    else assert.equal(typeof error.message, "string");
  }
  assert.equal(ticket.calls.length, 0);
}

/** Hostile-input behaviours. */
export const hostile: readonly Behaviour[] = area("hostile input", [
  {
    name: "What isn't JSON is refused with 400 in the caller's dialect, and no provider is asked",
    async run(stage) {
      const bad = [
        "{",
        '{"a":1,}',
        "nul",
        "{'a':1}",
        "{} x",
        '{"a":NaN}',
        '{"a":01}',
        '"\u0001"',
        "\ufeff{",
        '{"a":"\\x"}',
        "<xml/>",
      ];
      for (const body of bad) await refusesEverywhere(stage, body, 400, 9001);
      for (const bytes of [[0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d], [0xc0, 0xaf], [0x00]]) {
        await refusesEverywhere(stage, Uint8Array.from(bytes), 400, 9001);
      }
    },
  },
  {
    name: "JSON of 100 000 levels is refused with 400, and of 513 too; 500 levels pass",
    async run(stage) {
      for (const depth of [100_000, 513]) {
        await refusesEverywhere(stage, "[".repeat(depth) + "]".repeat(depth), 400, 9002);
        await refusesEverywhere(stage, `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`, 400, 9002);
      }
      await refusesEverywhere(stage, "[".repeat(100_000), 400, 9002);
      const ticket = stage.upstream.ticket(json("{}"));
      const deep = `{"model":"m","a":${"[".repeat(499)}${"]".repeat(499)}}`;
      assert.equal((await stage.gateway.post(PATH, deep, { authorization: ticket.bearer })).status, 200);
      assert.equal((await (await ticket.next()).body).toString(), deep);
    },
  },
  {
    name: "A policy key that is named twice is refused with 400, however it is spelled",
    async run(stage) {
      const pairs = [
        '"model":"allowed","model":"denied"',
        '"model":"allowed","mod\\u0065l":"denied"',
        '"stream":false,"stream":true',
        '"stream_options":{},"stream_options":{"include_usage":true}',
        '"max_tokens":1,"messages":[],"max_tokens":100000',
        '"messages":[],"messages":[]',
      ];
      for (const pair of pairs) await refusesEverywhere(stage, `{"x":1,${pair}}`, 400, 9003);
    },
  },
  {
    name: "A body of more than 10 MiB is refused with 413, whether it announces its length or not",
    isAlone: true,
    async run(stage) {
      const ticket = stage.upstream.ticket(json("{}"));
      const plain = Buffer.alloc(64 * 1024, "x");
      const announced = await pour(
        stage.gateway.port,
        rawHead(ticket, `content-length: ${10 * MIB + 1}`, PATH),
        plain,
        161,
      );
      assert.equal(announced.status, 413, announced.text.slice(0, 300));
      assert.match(announced.text, /"internalCode":9011/);
      const piece = Buffer.from(`${(64 * 1024).toString(16)}\r\n${"x".repeat(64 * 1024)}\r\n`);
      const echo = await pour(stage.gateway.port, rawHead(ticket, "transfer-encoding: chunked", PATH), piece, 400);
      assert.equal(echo.status, 413, echo.text.slice(0, 300));
      assert.match(echo.text, /"internalCode":9011/);
      assert.equal(ticket.calls.length, 0);
    },
  },
  {
    name: "A body of 100 MB is refused with 413 long before it is all there, and memory stays flat",
    isAlone: true,
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json("{}"));
      const before = gateway.memoryMib ?? 0;
      const plain = Buffer.alloc(64 * 1024, "x");
      const chunked = Buffer.from(`${(64 * 1024).toString(16)}\r\n${"x".repeat(64 * 1024)}\r\n`);
      const cases = [["content-length: 100000000", plain, PATH], [
        "transfer-encoding: chunked",
        chunked,
        `${G}/`,
      ]] as const;
      for (const [framing, piece, path] of cases) {
        const echo = await pour(gateway.port, rawHead(ticket, framing, path), piece, 1526);
        assert.equal(echo.status, 413, `${framing} ${path} after ${echo.sentBytes}: ${echo.text.slice(0, 300)}`);
        assert.ok(echo.sentBytes < 40 * MIB, `${(echo.sentBytes / MIB).toFixed(0)} MiB were taken`);
      }
      const grown = (gateway.memoryMib ?? 0) - before;
      assert.ok(grown < 96, `memory grew by ${grown.toFixed(0)} MiB`);
      assert.equal(ticket.calls.length, 0);
    },
  },
  {
    name: "An upload that announces more than 100 MiB is refused with 413",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json("{}"));
      const framing = `content-length: ${101 * MIB}`;
      const upload = rawHead(ticket, framing, `${G}/openai/files`).replace(
        "application/json",
        "application/octet-stream",
      );
      const echo = await pour(gateway.port, upload, Buffer.alloc(16 * 1024), 4);
      assert.equal(echo.status, 413, echo.text.slice(0, 300));
      assert.equal(ticket.calls.length, 0);
    },
  },
  {
    name: "A compressed request body is refused with 415",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json("{}"));
      for (const encoding of ["gzip", "br", "deflate", "gzip, gzip", "x-unknown"]) {
        for (const type of ["application/json", "audio/wav"]) {
          const headers = { "authorization": ticket.bearer, "content-type": type, "content-encoding": encoding };
          const answered = await gateway.call({ path: PATH, body: gzipSync(CHAT), headers });
          assert.equal(answered.status, 415, `${encoding} ${type}: ${answered.text}`);
          assert.equal(answered.json().internalCode, 9012);
        }
      }
      assert.equal(ticket.calls.length, 0);
    },
  },
  {
    name:
      "Control values with breaks, bytes above ASCII or nonsense never come back as headers, and never break a call",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json("{}"));
      for (const value of ["caf\u00e9", "x".repeat(4000), "a\tb", "\u00ff\u00fe", "{}"]) {
        const answered = await gateway.post(PATH, CHAT, {
          "authorization": ticket.bearer,
          "cf-aig-event-id": value,
          "cf-aig-metadata": value,
          "cf-aig-cache-key": value,
          "cf-aig-unknown": value,
        });
        assert.equal(answered.status, 200, `${value}: ${answered.text}`);
        assert.match(answered.headers.get("cf-aig-event-id") ?? "", /^[\x20-\x7e]+$/);
        assert.ok((answered.headers.get("cf-aig-event-id") ?? "").length <= 256);
      }
      const model = await gateway.post(PATH, '{"model":"a\\r\\nx-injected: 1\\u0000\\u00e9\\u4f60"}', {
        authorization: ticket.bearer,
      });
      assert.equal(model.status, 200, model.text);
      assert.equal(model.headers.get("x-injected"), undefined);
    },
  },
  {
    name: "Controls that can't be understood are refused by name, and no provider is asked",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json("{}"));
      const bad = {
        "cf-aig-max-attempts": "many",
        "cf-aig-retry-delay": "-1",
        "cf-aig-backoff": "cubic",
        "cf-aig-request-timeout": "1e",
        "cf-aig-collect-log": "maybe",
      };
      for (const [name, value] of Object.entries(bad)) {
        const answered = await gateway.post(PATH, CHAT, { authorization: ticket.bearer, [name]: value });
        assert.equal(answered.status, 400, `${name}: ${answered.text}`);
        assert.ok(answered.json().error.message.includes(name), answered.text);
      }
      assert.equal(ticket.calls.length, 0);
    },
  },
  {
    name: "Keys named __proto__ and constructor are data like any other",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json(CHAT_ANSWER));
      const body = '{"__proto__":{"stream":true,"polluted":1},"constructor":{"prototype":{"polluted":1}},"model":"m"}';
      assert.equal((await gateway.post(PATH, body, { authorization: ticket.bearer })).text, CHAT_ANSWER);
      assert.equal((await (await ticket.next()).body).toString(), body);
      const steps = `[{"__proto__":{"provider":"openai"},"endpoint":"x","query":{}}]`;
      assert.equal((await gateway.post(G, steps)).status, 400);
    },
  },
  {
    name: "Anthropic's callers read refusals in Anthropic's words",
    async run({ gateway }) {
      const answered = await gateway.post(`${G}/anthropic/v1/messages`, `${MESSAGE}x`, { "x-api-key": "none" });
      assert.deepEqual([answered.status, answered.json().type, answered.json().error.type], [
        400,
        "error",
        "invalid_request_error",
      ]);
    },
  },
]);
