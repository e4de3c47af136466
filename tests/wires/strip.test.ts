import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type UsageFilter, withoutUsageChunk } from "../../src/providers/wires/include.ts";
import { joinedBytes } from "./frame.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const data = (document: unknown) => `data: ${JSON.stringify(document)}\n\n`;

const USAGE = { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21 };
const says = (content: string) => ({ id: "c1", model: "m", choices: [{ index: 0, delta: { content } }], usage: null });
const EXTRA = data({ id: "c1", object: "chat.completion.chunk", created: 1, model: "m", choices: [], usage: USAGE });
const DONE = "data: [DONE]\n\n";
const TOLD = { usage: { input: 9, output: 12 }, model: "m", costUsd: undefined };

function run(filter: UsageFilter, chunks: readonly Uint8Array<ArrayBuffer>[]): string {
  return decode(joinedBytes([...chunks.map((chunk) => filter.pass(chunk)), filter.flush()]));
}

function through(text: string): string {
  return run(withoutUsageChunk(), [encode(text)]);
}

/** Streams in which every chunk but the extra one must pass, each with what must come out. */
const STREAMS: readonly (readonly [what: string, stream: string, passed: string])[] = [
  ["a plain stream", data(says("Grüß 😀")) + EXTRA + DONE, data(says("Grüß 😀")) + DONE],
  ["nothing but the extra chunk", EXTRA, ""],
  ["no extra chunk", data(says("Hi")) + DONE, data(says("Hi")) + DONE],
  ["an extra chunk without a last line end", data(says("a")) + EXTRA.trimEnd(), data(says("a"))],
  [
    "CRLF line ends",
    (data(says("a")) + EXTRA + DONE).replaceAll("\n", "\r\n"),
    (data(says("a")) + DONE).replaceAll("\n", "\r\n"),
  ],
  [
    "data without a space, members in another order, spaces in the list",
    `data:{"usage":{"prompt_tokens":9,"completion_tokens":12},"model":"m","choices" : [ ]}\n\n${DONE}`,
    DONE,
  ],
  [
    "comments, also just before the extra chunk",
    `: PROCESSING\n\n${data(says("a"))}: ping\n\n: last\n${EXTRA}: bye\n`,
    `: PROCESSING\n\n${data(says("a"))}: ping\n\n: last\n: bye\n`,
  ],
  [
    "an id beside the data",
    `id: 7\nevent: x\n${data(says("a"))}id: 8\n${EXTRA}${DONE}`,
    `id: 7\nevent: x\n${data(says("a"))}${DONE}`,
  ],
  [
    "no choices and no usage: a content filter's result",
    data({ choices: [], usage: null, prompt_filter_results: [] }) + EXTRA + DONE,
    data({ choices: [], usage: null, prompt_filter_results: [] }) + DONE,
  ],
  [
    "usage in a chunk with a choice",
    data({ ...says("a"), usage: USAGE }) + DONE,
    data({ ...says("a"), usage: USAGE }) + DONE,
  ],
  [
    "a model that writes an extra chunk",
    data(says(EXTRA)) + data(says(`{"choices":[],"usage":{}}`)) + EXTRA,
    data(says(EXTRA)) + data(says(`{"choices":[],"usage":{}}`)),
  ],
  ["an error in between", `data: {"error":{"message":"[]"}}\n\n${DONE}`, `data: {"error":{"message":"[]"}}\n\n${DONE}`],
  ["broken JSON", `data: {"choices":[],"usage":{\n\n${DONE}`, `data: {"choices":[],"usage":{\n\n${DONE}`],
  ["no events at all", `{"choices":[],"usage":{}}`, `{"choices":[],"usage":{}}`],
  [
    "a name that looks like a list of choices",
    `data: {"id":"\\"choices\\":[1","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}\n\n${DONE}`,
    DONE,
  ],
  ["a blank line with a return before the extra chunk", `\r\n${EXTRA}`, "\r\n"],
  ["blank lines", `\n\r\n\n${data(says("a"))}\n\n${EXTRA}\n`, `\n\r\n\n${data(says("a"))}\n\n\n`],
];

for (const [what, stream, passed] of STREAMS) {
  test(`the usage chunk is dropped and all else passes: ${what}`, () => assert.equal(through(stream), passed));

  test(`where the chunks are cut changes nothing: ${what}`, () => {
    const bytes = encode(stream);
    const whole = withoutUsageChunk();
    run(whole, [bytes]);
    for (let cut = 0; cut <= bytes.byteLength; cut++) {
      const filter = withoutUsageChunk();
      assert.equal(run(filter, [bytes.slice(0, cut), bytes.slice(cut)]), passed, `cut at ${cut}`);
      assert.deepEqual(filter.told(), whole.told(), `cut at ${cut}`);
    }
    const single = withoutUsageChunk();
    assert.equal(run(single, Array.from(bytes, (byte) => Uint8Array.of(byte))), passed, "cut at every byte");
    assert.deepEqual(single.told(), whole.told());
  });
}

const piece = fc.constantFrom(
  ...STREAMS.map(([, stream]) => stream),
  EXTRA,
  DONE,
  data(says("b")),
  ": c\n",
  "\n",
  "\r\n",
  "\r",
  "data:",
  "data: []\n",
  `data: {"choices":[`,
  `{"a":{"choices":[1]},`,
  `"choices":[],"usage":{}}\n\n`,
);

test("any stream in any chunks: what passes is the same as in one chunk", () => {
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
      (parts, steps) => {
        const bytes = encode(parts.join(""));
        const chunks: Uint8Array<ArrayBuffer>[] = [];
        for (let at = 0, turn = 0; at < bytes.byteLength; turn++) {
          const end = at + (steps[turn % steps.length] ?? 1);
          chunks.push(bytes.slice(at, end));
          at = end;
        }
        assert.equal(run(withoutUsageChunk(), chunks), through(decode(bytes)));
      },
    ),
    { numRuns: 2000 },
  );
});

test("any bytes pass unchanged when no event is a usage chunk", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 80 })), (chunks) => {
    const filter = withoutUsageChunk();
    const out = joinedBytes([...chunks.map((chunk) => filter.pass(chunk.slice())), filter.flush()]);
    assert.deepEqual(out, joinedBytes(chunks));
  }));
});

test("usage and model are told, dropped chunk or not", () => {
  for (const stream of [data(says("a")) + EXTRA + DONE, data({ ...says("a"), usage: USAGE })]) {
    const filter = withoutUsageChunk();
    run(filter, [encode(stream)]);
    assert.deepEqual(filter.told(), TOLD);
  }
});

test("a whole event is never held, and passes as the very bytes that came", () => {
  const filter = withoutUsageChunk();
  for (const event of [": ping\n\n", data(says("a")), data(says("a")) + data(says("b")), DONE, ": ping\n"]) {
    const bytes = encode(event);
    assert.equal(filter.pass(bytes), bytes);
  }
});

test("an event that has begun is held only while it may be the usage chunk", () => {
  const filter = withoutUsageChunk();
  const pass = (text: string) => decode(filter.pass(encode(text)));
  assert.equal(pass(`data: {"id":"c1","model":"m",`), "");
  assert.equal(pass(`"choices":[`), "");
  assert.equal(pass(`{"delta":`), `data: {"id":"c1","model":"m","choices":[{"delta":`);
  assert.equal(pass(`{"content":"[]"}}]`), `{"content":"[]"}}]`);
  assert.equal(pass(`}\n`), `}\n`);
  assert.equal(pass(`\nda`), `\n`);
  assert.equal(pass(`ta: [DONE]\n\n`), DONE);
  assert.equal(pass(`: keep-al`), `: keep-al`);
  assert.equal(pass(`ive\n`), `ive\n`);
});

test("an event too long for a usage chunk passes as soon as it is", () => {
  const filter = withoutUsageChunk();
  const start = encode(`data: {"id":"${"x".repeat(16_000)}`);
  assert.equal(filter.pass(start).byteLength, 0);
  const passed = filter.pass(encode("y".repeat(500)));
  assert.equal(passed.byteLength, start.byteLength + 500);
});
