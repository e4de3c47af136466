import assert from "node:assert/strict";
import { test } from "node:test";
import { ending, type Listener, listener } from "../../src/providers/wires/listener.ts";
import { WIRES } from "../../src/providers/wires/table.ts";
import { bytesOf, type Stream, STREAMS } from "./streams.ts";

const encode = (text: string) => new TextEncoder().encode(text);

function open({ wire, contentType }: Pick<Stream, "wire" | "contentType">): Listener {
  const found = listener(WIRES[wire], contentType);
  assert.ok(found);
  return found;
}

/** Hears a stream in chunks that end where told, and says all that was heard. */
function heard(stream: Stream, cuts: readonly number[] = []) {
  const ear = open(stream);
  const bytes = bytesOf(stream);
  let at = 0;
  for (const cut of [...cuts, bytes.byteLength]) {
    ear.hear(bytes.slice(at, cut));
    at = cut;
  }
  const end = ending(ear);
  const { hasSpoken, hasFinished, hasEnded, badEvents, fault } = ear;
  const told = fault && [fault.status, JSON.parse(fault.body)];
  return { hasSpoken, hasFinished, hasEnded, badEvents, fault: told, ending: end };
}

const expected = ({ first, finish, hasEnded, fault, badEvents = 0, ending }: Stream) => ({
  hasSpoken: first >= 0,
  hasFinished: finish >= 0,
  hasEnded,
  badEvents,
  fault,
  ending,
});

for (const stream of STREAMS) {
  const length = bytesOf(stream).byteLength;

  test(`${stream.name}: what the stream says is heard`, () => {
    assert.deepEqual(heard(stream), expected(stream));
  });

  test(`${stream.name}: the model speaks and finishes with the right events, and not before`, () => {
    const ear = open(stream);
    stream.events.forEach((event, index) => {
      ear.hear(event);
      if (index === stream.events.length - 1) ending(ear);
      assert.equal(ear.hasSpoken, stream.first >= 0 && index >= stream.first, `spoken with event ${index}`);
      assert.equal(ear.hasFinished, stream.finish >= 0 && index >= stream.finish, `finished with event ${index}`);
    });
  });

  test(`${stream.name}: where the chunks are cut changes nothing`, () => {
    for (let cut = 0; cut <= length; cut++) assert.deepEqual(heard(stream, [cut]), expected(stream), `cut at ${cut}`);
    const everyByte = Array.from({ length }, (_, index) => index);
    assert.deepEqual(heard(stream, everyByte), expected(stream), "cut at every byte");
    const step = Math.max(1, Math.ceil(length / 20));
    for (let cut = 0; cut < length; cut += step) {
      for (let other = cut; other < length; other += step) {
        assert.deepEqual(heard(stream, [cut, other]), expected(stream), `cut at ${cut} and ${other}`);
      }
    }
  });

  test(`${stream.name}: cut off anywhere, it is whole only once the model has finished or the stream has ended`, () => {
    const bytes = bytesOf(stream);
    const whole = stream.events.slice(0, Math.max(stream.first, 0)).reduce((sum, event) => sum + event.byteLength, 0);
    for (let end = 0; end < length; end++) {
      const ear = open(stream);
      ear.hear(bytes.slice(0, end));
      const said = ending(ear);
      if (end <= whole && stream.finish !== 0) assert.notEqual(said, "cut", `cut off at ${end}`);
      if (said === "whole") assert.ok(ear.hasFinished || (ear.hasEnded && ear.hasSpoken), `cut off at ${end}`);
      if (stream.ending !== "whole") assert.notEqual(said, "whole", `cut off at ${end}`);
    }
  });
}

const SHORT: readonly Stream[] = STREAMS.filter((stream) => bytesOf(stream).byteLength <= 160);

for (const stream of SHORT) {
  test(`${stream.name}: cut at every pair of bytes, it says the same`, () => {
    const { byteLength } = bytesOf(stream);
    for (let cut = 0; cut <= byteLength; cut++) {
      for (let other = cut; other <= byteLength; other++) {
        assert.deepEqual(heard(stream, [cut, other]), expected(stream), `cut at ${cut} and ${other}`);
      }
    }
  });
}

test("there are short streams of every kind to be cut at every pair of bytes", () => {
  assert.ok(SHORT.length >= 5, SHORT.map(({ name }) => name).join());
});

test("nothing is listened to that is no stream, or of no known format", () => {
  for (const type of ["application/json", "", "audio/mpeg", "application/octet-stream", "text/html"]) {
    assert.equal(listener(WIRES["openai-chat"], type), undefined, type);
  }
});

const SSE = { wire: "openai-chat", contentType: "text/event-stream" } as const;
const HELLO = 'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\n';

test("with an event that grows beyond the limit the model has spoken, and what follows is heard again", () => {
  for (const start of ["data: ", "data: a\ndata: ", "{", "\r"]) {
    const ear = open(SSE);
    const piece = encode("x".repeat(1000));
    ear.hear(encode(start));
    for (let index = 0; index < 250; index++) ear.hear(piece);
    assert.equal(ear.hasSpoken, false);
    for (let index = 0; index < 20; index++) ear.hear(piece);
    assert.equal(ear.hasSpoken, true);
    assert.equal(ear.hasFinished, false);
    ear.hear(encode('\n\ndata: {"error":{"message":"x"}}\n\n'));
    assert.equal(ear.fault?.status, 500);
  }
});

const picture = (end: string) => `data: {"type":"image_generation.completed","b64_json":"${"A".repeat(400_000)}${end}`;

for (
  const [name, text, expected] of [
    ["that ends the stream", picture('"}\n\n'), "whole"],
    ["that nothing closes after its end", picture('"}'), "whole"],
    ["that is cut", picture(""), "cut"],
    ["that is cut behind a whole line", picture("\n"), "cut"],
    [
      "that says why it stopped behind all it says",
      `data: {"candidates":[{"content":{"parts":[{"text":"${"A".repeat(400_000)}"}]},"finishReason":"STOP"}]}\n\n`,
      "whole",
    ],
    ["that isn't the last", HELLO.replace("Hi", "A".repeat(400_000)), "cut"],
    [
      "in a list",
      `[{\n  "candidates": [\n    {"inlineData": {"data": "${
        "A".repeat(400_000)
      }"},\n"finishReason": "STOP"}\n  ]\n}\n]`,
      "whole",
    ],
  ] as const
) {
  test(`an event beyond the limit ${name} is judged by its words and its end: ${expected}`, () => {
    const ear = open(text.startsWith("[") ? { wire: "gemini", contentType: "application/json" } : SSE);
    for (let at = 0; at < text.length; at += 9_973) ear.hear(encode(text.slice(at, at + 9_973)));
    assert.equal(ending(ear), expected);
  });
}

test("a frame beyond the limit is passed over, and cut where it is cut", () => {
  for (const [missing, expected] of [[0, "whole"], [1000, "cut"]] as const) {
    const ear = open({ wire: "bedrock-converse", contentType: "application/vnd.amazon.eventstream" });
    const frame = new Uint8Array(400_000);
    new DataView(frame.buffer).setUint32(0, frame.byteLength);
    for (let at = 0; at < frame.byteLength - missing; at += 9_000) {
      ear.hear(frame.slice(at, Math.min(at + 9_000, frame.byteLength - missing)));
    }
    assert.equal(ending(ear), expected);
  }
});

for (const cut of [0, 1, 9, 30, 60]) {
  test(`an error's event ends where it is said to, ${cut} bytes of it having come before`, () => {
    for (const end of ["\n", "\r\n", "\r"]) {
      const ear = open(SSE);
      const error = `data: {"error":{"message":"Überlast","type":"server_error"}}${end}${end}`;
      const all = encode(HELLO.replaceAll("\n", end) + error + HELLO.replaceAll("\n", end));
      const start = encode(HELLO.replaceAll("\n", end)).byteLength;
      if (cut > 0) ear.hear(all.slice(0, start + cut));
      const last = all.slice(cut > 0 ? start + cut : 0);
      ear.hear(last);
      assert.equal(ear.faultEnd, encode(error).byteLength - cut + (cut > 0 ? 0 : start));
    }
  });
}

test("an event made of endless lines is as long as one of an endless line", () => {
  const ear = open(SSE);
  const line = encode(`data: ${"x".repeat(1000)}\n`);
  for (let index = 0; index < 270; index++) ear.hear(line);
  assert.equal(ear.hasSpoken, true);
});

test("a frame that claims gigabytes is as long as that", () => {
  const ear = open({ wire: "bedrock-converse", contentType: "application/vnd.amazon.eventstream" });
  ear.hear(new Uint8Array([255, 255, 255, 255, 0, 0, 0, 1, 0, 0, 0, 0]));
  for (let index = 0; index < 270; index++) ear.hear(new Uint8Array(1000));
  assert.equal(ear.hasSpoken, true);
});

test("many events that come in one chunk are no long event", () => {
  const ear = open(SSE);
  ear.hear(encode(HELLO.repeat(10_000) + 'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'));
  assert.equal(ear.hasFinished, true);
  ear.hear(encode('data: {"error":{"message":"x"}}\n\n'));
  assert.equal(ear.fault?.status, 500);
});

test("the bytes that were heard may change afterwards", () => {
  const ear = open(SSE);
  const bytes = encode(HELLO.slice(0, 30));
  ear.hear(bytes);
  bytes.fill(0);
  ear.hear(encode(HELLO.slice(30)));
  assert.equal(ear.hasSpoken, true);
});

test("nesting without end throws nothing", () => {
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  const nested = '{"error":'.repeat(20_000) + '"x"' + "}".repeat(20_000);
  for (const body of [`data: ${deep}\n\n`, `data: ${nested}\n\n`, `data: {"choices":${deep}}\n\n`]) {
    const ear = open(SSE);
    ear.hear(encode(body));
    ending(ear);
  }
});
