/**
 * Bodies of provider-native calls, in either direction: the bytes are kept, whatever they are and however many.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Agent } from "node:http";
import { CHAT, chunk, DONE, EVENTS, json, ODD } from "../answers.ts";
import { area, type Behaviour } from "../stage.ts";
import type { Answer } from "../exchange.ts";

const G = "/v1/acc/gw";

/** Behaviours of bodies. */
export const bodies: readonly Behaviour[] = area("native", [
  {
    name: "HEAD passes, and its answer has no body",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket((exchange) =>
        exchange.reply(200, [["content-type", "audio/mpeg"], ["etag", '"e"']], "x")
      );
      const answered = await gateway.call({
        method: "HEAD",
        path: `${G}/openai/files/f-1`,
        headers: { authorization: ticket.bearer },
      });
      assert.equal(answered.status, 200);
      assert.equal(answered.body.length, 0);
      assert.equal(answered.headers.get("etag"), '"e"');
      assert.equal((await ticket.next()).method, "HEAD");
    },
  },
  {
    name: "A binary answer arrives byte for byte",
    async run({ gateway, upstream }) {
      const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7 + (index >> 8)) & 255);
      const ticket = upstream.ticket(async (exchange) => {
        await exchange.body;
        exchange.reply(200, [["content-type", "audio/mpeg"]], bytes);
      });
      const body = '{"model":"tts-1","input":"Hi","voice":"alloy"}';
      const answered = await gateway.post(`${G}/openai/audio/speech`, body, { authorization: ticket.bearer });
      assert.equal(answered.headers.get("content-type"), "audio/mpeg");
      assert.ok(answered.body.equals(Buffer.from(bytes)));
    },
  },
  {
    name: "A multipart upload arrives byte for byte under its own boundary",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json('{"text":"ok"}'));
      const type = "multipart/form-data; boundary=----x1Y2";
      const file = Buffer.from(Uint8Array.from({ length: 70_000 }, (_, index) => (index * 31) & 255));
      const body = Buffer.concat([
        Buffer.from(
          '------x1Y2\r\ncontent-disposition: form-data; name="file"; filename="a\u00e9.wav"\r\ncontent-type: audio/wav\r\n\r\n',
        ),
        file,
        Buffer.from(
          '\r\n------x1Y2\r\ncontent-disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n------x1Y2--\r\n',
        ),
      ]);
      const headers = { "authorization": ticket.bearer, "content-type": type };
      const answered = await gateway.call({ path: `${G}/openai/audio/transcriptions`, headers, body });
      assert.equal(answered.text, '{"text":"ok"}');
      const seen = await ticket.next();
      assert.equal(seen.header("content-type"), type);
      assert.ok((await seen.body).equals(body));
    },
  },
  {
    name: "An upload streams through: the provider has the first part before the client has sent the second",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket();
      const headers = { "authorization": ticket.bearer, "content-type": "audio/wav" };
      const live = gateway.upload({ method: "POST", path: `${G}/openai/audio/stream`, headers });
      const parts = ["a", "b", "c"].map((letter) => letter.repeat(3000));
      let sent = 0;
      for (const part of parts) {
        await live.write(part);
        sent += part.length;
        const seen = ticket.calls[0] ?? await ticket.next();
        assert.equal((await seen.received(sent)).length, sent);
      }
      live.end();
      const seen = ticket.calls[0]!;
      assert.equal((await seen.body).toString(), parts.join(""));
      seen.reply(200, [["content-type", "text/plain"]], "done");
      await live.answered();
      assert.equal((await live.rest()).bytes.toString(), "done");
    },
  },
  {
    name: "Request bytes are kept: big integers, odd spacing, unknown fields, escapes",
    async run({ gateway, upstream }) {
      for (const [path, place] of [["openai/chat/completions", "alpha"], ["custom-foo/anything", "gamma"]] as const) {
        const ticket = upstream.ticket(json("{}"));
        const answered = await gateway.post(`${G}/${path}`, ODD, { authorization: ticket.bearer });
        assert.equal(answered.status, 200, answered.text);
        const seen = await ticket.next();
        assert.equal(seen.place, place);
        assert.equal((await seen.body).toString(), ODD);
      }
    },
  },
  {
    name: "Answer bytes are kept: big integers, odd spacing, unknown fields, escapes",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json(ODD));
      const answered = await gateway.post(`${G}/openai/chat/completions`, CHAT, { authorization: ticket.bearer });
      assert.ok(answered.body.equals(Buffer.from(ODD)));
      assert.equal(answered.headers.get("content-type"), "application/json");
    },
  },
  {
    name: "Statuses without a body stay without one: 204, 304",
    async run({ gateway, upstream }) {
      for (const status of [204, 304]) {
        const ticket = upstream.ticket((exchange) => exchange.reply(status, [["etag", '"e"']]));
        const answered = await gateway.call({ path: `${G}/openai/files/f`, headers: { authorization: ticket.bearer } });
        assert.equal(answered.status, status, answered.text);
        assert.equal(answered.body.length, 0);
        assert.ok(answered.isWhole);
      }
    },
  },
  {
    name: "The provider's own statuses and error bodies come back unchanged",
    async run({ gateway, upstream }) {
      for (const status of [201, 202, 400, 401, 403, 404, 409, 418, 422, 429, 500, 503, 529]) {
        const body = `{"error":{"message":"no ${status}","n":12345678901234567890}}`;
        const ticket = upstream.ticket(json(body, status, [["retry-after", "7"], ["x-request-id", "req-1"]]));
        const answered = await gateway.post(`${G}/openai/chat/completions`, CHAT, { authorization: ticket.bearer });
        assert.deepEqual([answered.status, answered.text], [status, body]);
        assert.equal(answered.headers.get("retry-after"), "7");
        assert.equal(answered.headers.get("x-request-id"), "req-1");
        assert.equal(ticket.calls.length, 1, `${status} was tried again unasked`);
      }
    },
  },
  {
    name: "A JSON body of 9 MiB goes through whole",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json("{}"));
      const body = `{"model":"gpt-5","input":"${"x".repeat(9 * 1024 * 1024)}"}`;
      const answered = await gateway.post(`${G}/openai/embeddings`, body, { authorization: ticket.bearer });
      assert.equal(answered.status, 200, answered.text);
      const received = await (await ticket.next()).body;
      assert.ok(received.equals(Buffer.from(body)), `came: ${received.length} bytes`);
    },
  },
  {
    name: "An answer of 8 MiB comes back whole",
    async run({ gateway, upstream }) {
      const body = JSON.stringify({ data: Array.from({ length: 8192 }, (_, index) => `${index}`.padEnd(1020, ".")) });
      const ticket = upstream.ticket(json(body));
      const answered = await gateway.post(`${G}/openai/embeddings`, CHAT, { authorization: ticket.bearer });
      assert.ok(answered.isWhole && answered.body.equals(Buffer.from(body)), `came: ${answered.body.length} bytes`);
    },
  },
  {
    name: "Calls over one connection get each its own answer, whatever came before: an error, a stream, an empty body",
    async run({ gateway, upstream }) {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const answers: Answer[] = [
        json('{"n":1}'),
        json('{"error":{}}', 500),
        async (exchange) => {
          await exchange.body;
          exchange.head(200, EVENTS);
          await exchange.write(chunk("a"));
          await exchange.write(DONE);
          exchange.end();
        },
        (exchange) => exchange.reply(204, []),
        json('{"n":5}'),
      ];
      const expected = ['{"n":1}', '{"error":{}}', chunk("a") + DONE, "", '{"n":5}'];
      const ticket = upstream.ticket(...answers);
      const headers = { "authorization": ticket.bearer, "content-type": "application/json" };
      for (const [index, text] of expected.entries()) {
        const live = await gateway.begin({ path: `${G}/openai/x`, headers, body: "{}", agent }).answered();
        const { bytes, isWhole } = await live.rest();
        assert.deepEqual([bytes.toString(), isWhole], [text, true]);
        assert.equal(live.isReused, index > 0, `answer ${index} closed its connection`);
      }
      agent.destroy();
    },
  },
]);
