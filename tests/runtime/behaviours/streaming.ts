/**
 * Streams: each piece passes before the next one exists, unchanged, and a broken one never looks whole.
 *
 * @module
 */
import assert from "node:assert/strict";
import { brotliCompressSync, brotliDecompressSync, deflateSync, gunzipSync, gzipSync, inflateSync } from "node:zlib";
import { CHAT, CHAT_ANSWER, chunk, DONE, EVENTS, STOP_CHUNK, USAGE_CHUNK } from "../answers.ts";
import type { Live } from "../client.ts";
import { area, type Behaviour, type Stage } from "../stage.ts";
import type { Exchange, Fields } from "../exchange.ts";
import { pause } from "../wait.ts";

const G = "/v1/acc/gw";
const CHAT_PATH = `${G}/openai/chat/completions`;
const STREAM = '{"model":"gpt-5","stream":true,"messages":[{"role":"user","content":"Hi"}]}';
const ASKED =
  '{"model":"gpt-5","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"Hi"}]}';

/** Sends each piece only once the client holds the one before. */
async function lockStep(provider: Exchange, live: Live, pieces: readonly (string | Uint8Array)[]): Promise<void> {
  for (const piece of pieces) {
    const bytes = Buffer.from(piece as string);
    await provider.write(bytes);
    assert.deepEqual((await live.take(bytes.length)).toString("latin1"), bytes.toString("latin1"));
  }
}

/** Begins a call; the provider's pen and the client's eye are the test's. */
async function opened(stage: Stage, path: string, body: string, fields: Fields = EVENTS, header = "authorization") {
  const ticket = stage.upstream.ticket();
  const value = header === "authorization" ? ticket.bearer : ticket.key;
  const live = stage.gateway.begin({ path, body, headers: { "content-type": "application/json", [header]: value } });
  const provider = await ticket.next();
  provider.head(200, fields);
  return { live, provider, ticket };
}

/** Streams a few events in lock step, ends, and expects a clean end. */
async function streamsThrough(
  stage: Stage,
  path: string,
  body: string,
  pieces: readonly string[],
  header?: string,
): Promise<Exchange> {
  const { live, provider } = await opened(stage, path, body, EVENTS, header);
  await provider.write(pieces[0]!);
  await live.answered();
  assert.equal(live.status, 200);
  assert.match(live.headers.get("content-type") ?? "", /^text\/event-stream/);
  assert.equal((await live.take(pieces[0]!.length)).toString(), pieces[0]);
  await lockStep(provider, live, pieces.slice(1));
  provider.end();
  assert.deepEqual(await live.rest(), { bytes: Buffer.alloc(0), isWhole: true });
  return provider;
}

/** A stream that broke off: its end isn't a clean one. */
async function assertBroken(live: Live): Promise<void> {
  const { bytes, isWhole } = await live.rest();
  const text = bytes.toString();
  assert.ok(!text.includes("[DONE]"), text);
  assert.equal(isWhole, false, `the answer ended cleanly: ${JSON.stringify(text)}`);
}

const CODECS = {
  gzip: [gzipSync, gunzipSync],
  deflate: [deflateSync, inflateSync],
  br: [brotliCompressSync, brotliDecompressSync],
} as const;

/** Streaming behaviours. */
export const streaming: readonly Behaviour[] = area("streaming", [
  {
    name: "An OpenAI chat stream passes event by event",
    run: async (stage) =>
      void await streamsThrough(stage, CHAT_PATH, ASKED, [chunk("one"), chunk("two"), STOP_CHUNK, USAGE_CHUNK, DONE]),
  },
  {
    name: "An Anthropic stream passes event by event",
    run: async (stage) =>
      void await streamsThrough(
        stage,
        `${G}/anthropic/v1/messages`,
        '{"model":"claude-sonnet-5","max_tokens":9,"stream":true,"messages":[]}',
        [
          'event: message_start\ndata: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"c","content":[],"usage":{"input_tokens":3,"output_tokens":1}}}\n\n' +
          'event: ping\ndata: {"type":"ping"}\n\n' +
          'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}\n\n',
          'event: message_stop\ndata: {"type":"message_stop"}\n\n',
        ],
        "x-api-key",
      ),
  },
  {
    name: "A Gemini stream passes event by event, and keeps its query",
    check: 5,
    async run(stage) {
      const path = "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse";
      const event = 'data: {"candidates":[{"content":{"role":"model","parts":[{"text":"Hi"}]}}]}\r\n\r\n';
      const seen = await streamsThrough(
        stage,
        `${G}/google-ai-studio${path}`,
        '{"contents":[]}',
        [event, event, event.replace("]}}", ']},"finishReason":"STOP"}')],
        "x-goog-api-key",
      );
      assert.deepEqual([seen.place, seen.target], ["gamma", path]);
    },
  },
  {
    name: "A stream in no known format passes piece by piece",
    async run(stage) {
      const pieces = [
        chunk("x"),
        ": comment\n\n",
        "event: odd\nid: 1\ndata: a\ndata: b\n\n",
        "data: [1,2]\r\r",
        "not sse at all",
      ];
      await streamsThrough(stage, `${G}/openai/live`, "{}", pieces);
    },
  },
  {
    name: "Audio streams in lock step, with bytes of every value",
    async run(stage) {
      const { live, provider } = await opened(stage, `${G}/openai/audio/speech`, CHAT, [["content-type", "audio/pcm"]]);
      const piece = Uint8Array.from({ length: 4096 }, (_, index) => index & 255);
      await lockStep(provider, live, [piece, piece, piece, piece]);
      provider.end();
      assert.ok((await live.rest()).isWhole);
    },
  },
  {
    name: "A character that is split over two pieces stays whole",
    async run(stage) {
      const { live, provider } = await opened(stage, CHAT_PATH, ASKED);
      const bytes = Buffer.from(chunk("caf\u00e9 \u{1f600} \u4f60"));
      for (const byte of bytes) await provider.write(Uint8Array.of(byte));
      await provider.write(DONE);
      provider.end();
      await live.answered();
      assert.equal((await live.rest()).bytes.toString(), bytes.toString() + DONE);
    },
  },
  {
    name: "The answer's head arrives before the first byte of its body exists",
    limits: { bun: "sends an answer's head together with the first byte of its body, not before" },
    async run(stage) {
      const { live, provider } = await opened(stage, `${G}/openai/audio/speech`, CHAT, [["content-type", "audio/pcm"]]);
      if (!stage.isLimited) await live.answered();
      else await assert.rejects(live.answered(100), "the head came by itself: the limit no longer exists, take it out");
      await lockStep(provider, live, ["late"]);
      assert.equal(live.status, 200);
      provider.end();
      await live.rest();
    },
  },
  {
    name: "A stream isn't compressed for a client that could read it compressed",
    async run(stage) {
      const ticket = stage.upstream.ticket();
      const headers = {
        "content-type": "application/json",
        "authorization": ticket.bearer,
        "accept-encoding": "gzip, deflate, br",
      };
      const live = stage.gateway.begin({ path: CHAT_PATH, body: ASKED, headers });
      const provider = await ticket.next();
      assert.match(provider.header("accept-encoding") ?? "identity", /^identity$/);
      provider.head(200, EVENTS);
      await lockStep(provider, live, [chunk("plain"), chunk("text")]);
      assert.equal(live.headers.get("content-encoding"), undefined);
      provider.end();
      await live.rest();
    },
  },
  {
    name: "Usage is asked for behind the client's back: the body gains stream_options and nothing else",
    async run(stage) {
      const { live, provider } = await opened(stage, CHAT_PATH, STREAM);
      const body = (await provider.body).toString();
      assert.deepEqual(JSON.parse(body).stream_options, { include_usage: true });
      const without = body.replace(
        /,?\s*"stream_options"\s*:\s*\{"include_usage":\s*true\}\s*,?/,
        (match) => match.startsWith(",") && match.endsWith(",") ? "," : "",
      );
      assert.equal(without, STREAM);
      provider.end();
      await live.answered();
    },
  },
  {
    name: "The usage event that the client didn't ask for doesn't reach it; all others do, byte for byte",
    async run(stage) {
      const { live, provider } = await opened(stage, CHAT_PATH, STREAM);
      await lockStep(provider, live, [chunk("a"), chunk("b")]);
      for (const event of [STOP_CHUNK, USAGE_CHUNK, DONE]) await provider.write(event);
      provider.end();
      const { bytes, isWhole } = await live.rest();
      assert.deepEqual([bytes.toString(), isWhole], [STOP_CHUNK + DONE, true]);
      const record = await stage.gateway.log(live);
      assert.match(JSON.stringify(record), /\b21\b.*\b13\b|\b13\b.*\b21\b/);
    },
  },
  {
    name: "The usage event that the client asked for reaches it, and its request goes out unchanged",
    async run(stage) {
      const { live, provider } = await opened(stage, CHAT_PATH, ASKED);
      assert.equal((await provider.body).toString(), ASKED);
      await lockStep(provider, live, [chunk("a"), STOP_CHUNK, USAGE_CHUNK, DONE]);
      provider.end();
      assert.ok((await live.rest()).isWhole);
    },
  },
  {
    name: "A stream that the provider resets ends broken for the client",
    async run(stage) {
      const { live, provider } = await opened(stage, CHAT_PATH, ASKED);
      await lockStep(provider, live, [chunk("one"), chunk("two")]);
      provider.reset();
      await assertBroken(live);
    },
  },
  {
    name: "A stream that the provider hangs up on in the middle ends broken for the client",
    async run(stage) {
      const { live, provider } = await opened(stage, CHAT_PATH, ASKED);
      await lockStep(provider, live, [chunk("one")]);
      provider.hangUp();
      await assertBroken(live);
    },
  },
  {
    name: "A chat stream that breaks off tells so in its own dialect before it ends",
    async run(stage) {
      const cases = [
        [CHAT_PATH, ASKED, "authorization", chunk("one"), /\ndata: \{"error":\{[^\n]*"message":"[^"]+"/],
        [
          `${G}/anthropic/v1/messages`,
          '{"model":"c","max_tokens":9,"stream":true,"messages":[]}',
          "x-api-key",
          'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}\n\n',
          /\nevent: error\ndata: \{"type":"error","error":\{[^\n]*"message":"[^"]+"/,
        ],
        [
          `${G}/google-ai-studio/v1beta/models/m:streamGenerateContent?alt=sse`,
          "{}",
          "x-goog-api-key",
          'data: {"candidates":[{"content":{"role":"model","parts":[{"text":"Hi"}]}}]}\n\n',
          /\ndata: \{"error":\{[^\n]*"message":"[^"]+"/,
        ],
      ] as const;
      for (const [path, body, header, event, expected] of cases) {
        const { live, provider } = await opened(stage, path, body, EVENTS, header);
        await lockStep(provider, live, [event]);
        provider.reset();
        const { bytes, isWhole } = await live.rest();
        assert.equal(isWhole, false);
        assert.match(`\n${bytes.toString()}`, expected, path);
      }
    },
  },
  {
    name: "A stream in no known format that breaks off ends broken too",
    async run(stage) {
      const { live, provider } = await opened(stage, `${G}/custom-foo/live`, "{}", [[
        "content-type",
        "application/octet-stream",
      ]]);
      await lockStep(provider, live, ["some bytes"]);
      provider.reset();
      await assertBroken(live);
    },
  },
  {
    name: "An answer that is shorter than it announced ends broken for the client",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(async (exchange) => {
        await exchange.body;
        exchange.raw(
          'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\nconnection: close\r\n\r\n{"half":',
        );
        await pause(20);
        exchange.hangUp();
      });
      const headers = { "content-type": "application/json", "authorization": ticket.bearer };
      const live = gateway.begin({ path: `${G}/openai/embeddings`, body: CHAT, headers });
      const outcome = await live.answered().then(() => live.rest(), () => undefined);
      if (outcome !== undefined && live.status === 200) assert.equal(outcome.isWhole, false, outcome.bytes.toString());
      else assert.equal(live.status, 502);
    },
  },
  {
    name: "An answer that the provider compressed unasked reaches the client readable and labelled truthfully",
    async run({ gateway, upstream }) {
      for (const [name, [pack, unpack]] of Object.entries(CODECS)) {
        const ticket = upstream.ticket(async (exchange) => {
          await exchange.body;
          exchange.reply(200, [["content-type", "application/json"], ["content-encoding", name]], pack(CHAT_ANSWER));
        });
        const headers = { "authorization": ticket.bearer, "accept-encoding": "gzip, deflate, br" };
        const answered = await gateway.post(CHAT_PATH, CHAT, headers);
        assert.ok(answered.isWhole);
        const label = answered.headers.get("content-encoding");
        assert.ok(label === undefined || label === name, `${name} came labelled ${label}`);
        const plain = label === undefined ? answered.body : unpack(answered.body);
        assert.equal(plain.toString(), CHAT_ANSWER, name);
      }
    },
  },
]);
