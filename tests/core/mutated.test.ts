import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { house } from "./house.ts";

/** As many as a run is given; a hundred thousand were tried with `MUTATED_STREAMS=100000`. */
const ROUNDS = Number(process.env["MUTATED_STREAMS"] ?? 2000);

const chat = (delta: unknown, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: "c", model: "m", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
const claude = (type: string, rest = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`;
const gemini = (text: string, rest = {}) =>
  `data: ${JSON.stringify({ candidates: [{ content: { role: "model", parts: [{ text }] }, ...rest }] })}\r\n\r\n`;

const STREAMS = [
  {
    path: "/openai/chat/completions",
    text: chat({ role: "assistant", content: "" }) + chat({ content: "one" }) + chat({ content: " two" }) +
      chat({}, "stop") + "data: [DONE]\n\n",
  },
  {
    path: "/anthropic/v1/messages",
    text:
      claude("message_start", { message: { id: "m", role: "assistant", content: [], usage: { input_tokens: 3 } } }) +
      claude("content_block_start", { index: 0, content_block: { type: "text", text: "" } }) + claude("ping") +
      claude("content_block_delta", { index: 0, delta: { type: "text_delta", text: "one" } }) +
      claude("content_block_delta", { index: 0, delta: { type: "text_delta", text: " two" } }) +
      claude("content_block_stop", { index: 0 }) +
      claude("message_delta", { delta: { stop_reason: "end_turn" }, usage: { output_tokens: 2 } }) +
      claude("message_stop"),
  },
  {
    path: "/google-ai-studio/v1beta/models/g:streamGenerateContent?alt=sse",
    text: gemini("one") + gemini(" two") + gemini(".", { finishReason: "STOP" }),
  },
];

/** Repeatable chance. */
function dice(seed: number) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function mutated(bytes: Uint8Array<ArrayBuffer>, roll: () => number): Uint8Array<ArrayBuffer> {
  const at = () => Math.floor(roll() * bytes.length);
  const [one, two] = [at(), at()].sort((a, b) => a - b) as [number, number];
  switch (Math.floor(roll() * 5)) {
    case 0:
      return bytes.slice(0, one);
    case 1:
      return Uint8Array.from([...bytes.subarray(0, one), ...bytes.subarray(two)]);
    case 2:
      return Uint8Array.from([...bytes.subarray(0, two), ...bytes.subarray(one)]);
    case 3:
      return bytes.map((byte, index) => index === one ? byte ^ (1 << Math.floor(roll() * 8)) : byte);
    default:
      return Uint8Array.from([...bytes.subarray(0, one), 0, 0xff, 0x0a, ...bytes.subarray(one)]);
  }
}

function streamOf(bytes: Uint8Array<ArrayBuffer>, roll: () => number) {
  let at = 0;
  const most = 1 + Math.floor(roll() * 200);
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(out) {
      if (at >= bytes.length) return out.close();
      out.enqueue(bytes.slice(at, at += 1 + Math.floor(roll() * most)));
    },
  }, { highWaterMark: 0 });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

async function read(answer: Response): Promise<{ bytes: Uint8Array; isWhole: boolean }> {
  const chunks: Uint8Array[] = [];
  const reader = answer.body!.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { bytes: Buffer.concat(chunks), isWhole: true };
      chunks.push(value);
    }
  } catch {
    return { bytes: Buffer.concat(chunks), isWhole: false };
  }
}

for (const { path, text } of STREAMS) {
  const whole = new TextEncoder().encode(text);
  const ask = (stream: Response) => {
    const body = '{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[],"contents":[]}';
    return house(() => stream).ask(path, { method: "POST", headers: { "content-type": "application/json" }, body });
  };

  test(`a stream of ${path} passes byte for byte, wherever it is cut in two`, async () => {
    for (let cut = 1; cut < whole.length; cut++) {
      let left = [whole.slice(0, cut), whole.slice(cut)];
      const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
        pull(out) {
          const piece = left.shift();
          if (piece === undefined) out.close();
          else out.enqueue(piece);
        },
      }, { highWaterMark: 0 });
      const { bytes, isWhole } = await read(
        await ask(new Response(body, { headers: { "content-type": "text/event-stream" } })),
      );
      assert.ok(isWhole && new TextDecoder().decode(bytes) === text, `cut at ${cut}`);
      left = [];
    }
  });

  test(`a stream of ${path} that ends anywhere before the model has said that it stops never looks whole`, async () => {
    const finish = text.search(/"finish_reason":"|"stop_reason"|"finishReason"/);
    for (let end = 0; end < finish; end++) {
      const answer = await ask(streamOf(whole.slice(0, end), () => 0.5));
      if (answer.status === 502) continue;
      assert.equal((await read(answer)).isWhole, false, `ended at ${end}`);
    }
  });

  test(`broken streams of ${path} fail their own call at most`, async () => {
    const roll = dice(path.length);
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = mutated(roll() < 0.5 ? whole : mutated(whole, roll), roll);
      const answer = await ask(streamOf(bytes, roll));
      const seen = await read(answer);
      const passed = Buffer.from(seen.bytes);
      if (answer.status === 200 && seen.isWhole) assert.deepEqual(passed, Buffer.from(bytes), `round ${round}`);
      else if (answer.status === 200) {
        const start = passed.subarray(0, passed.lastIndexOf("\n\n", passed.length - 3));
        assert.ok(seen.isWhole || start.length <= bytes.length + 2, `round ${round}`);
      } else assert.ok(answer.status >= 400 && answer.status < 600);
    }
  });
}
