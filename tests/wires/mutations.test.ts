import assert from "node:assert/strict";
import { test } from "node:test";
import { ending, listener } from "../../src/providers/wires/listener.ts";
import { WIRES } from "../../src/providers/wires/table.ts";
import { bytesOf, type Stream, STREAMS } from "./streams.ts";

/** Mutated streams to be heard: set MUTATIONS for more. */
const ROUNDS = Number(
  (globalThis as { process?: { env?: Record<string, string> } }).process?.env?.["MUTATIONS"] ?? 6000,
);

const WHOLE = STREAMS.map(bytesOf);
const ENDINGS: readonly string[] = ["whole", "empty", "cut"];

/** Numbers from 0 up to, but not including, another: the same ones each time. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 0x100000000 * sides);
  };
}

type Bytes = Uint8Array<ArrayBuffer>;

const spliced = (...parts: readonly Bytes[]): Bytes => {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.byteLength;
  }
  return all;
};

/** What can happen to a stream on its way. */
const HARMS: readonly ((bytes: Bytes, roll: (sides: number) => number) => Bytes)[] = [
  (bytes, roll) => {
    const harmed = bytes.slice();
    for (let left = 1 + roll(8); left > 0 && harmed.byteLength > 0; left--) {
      harmed[roll(harmed.byteLength)]! ^= 1 << roll(8);
    }
    return harmed;
  },
  (bytes, roll) => {
    const at = roll(bytes.byteLength + 1);
    return spliced(bytes.subarray(0, at), bytes.subarray(at + roll(40)));
  },
  (bytes, roll) => {
    const at = roll(bytes.byteLength + 1);
    return spliced(bytes.subarray(0, at), bytes.subarray(Math.max(0, at - roll(200))));
  },
  (bytes, roll) => bytes.slice(0, roll(bytes.byteLength + 1)),
  (bytes, roll) => {
    const other = WHOLE[roll(WHOLE.length)]!;
    return spliced(bytes.subarray(0, roll(bytes.byteLength + 1)), other.subarray(roll(other.byteLength + 1)));
  },
  (bytes, roll) => {
    const at = roll(bytes.byteLength + 1);
    return spliced(bytes.subarray(0, at), Uint8Array.from({ length: roll(20) }, () => roll(256)), bytes.subarray(at));
  },
];

/** All that a listener can say, hearing a stream in chunks of at most so many bytes. */
function heard({ wire, contentType }: Stream, bytes: Bytes, next: () => number): string {
  const ear = listener(WIRES[wire], contentType);
  assert.ok(ear);
  for (let at = 0; at < bytes.byteLength;) {
    const end = at + next();
    ear.hear(bytes.slice(at, end));
    at = end;
  }
  const end = ending(ear);
  assert.ok(ENDINGS.includes(end));
  if (ear.fault !== undefined) {
    JSON.parse(ear.fault.body);
    assert.ok(ear.fault.status >= 400 && ear.fault.status < 600);
  }
  return JSON.stringify([ear.hasSpoken, ear.hasFinished, ear.hasEnded, ear.badEvents, ear.fault, end]);
}

test(`${ROUNDS} broken streams throw nothing, and say the same however they are cut`, () => {
  for (let round = 0; round < ROUNDS; round++) {
    const roll = dice(round);
    const index = roll(STREAMS.length);
    let bytes = WHOLE[index]!;
    for (let left = 1 + roll(3); left > 0; left--) bytes = HARMS[roll(HARMS.length)]!(bytes, roll);
    const stream = STREAMS[index]!;
    const whole = heard(stream, bytes, () => bytes.byteLength);
    assert.equal(heard(stream, bytes, () => 1 + roll(60)), whole, `round ${round}, ${stream.name}`);
  }
});

/** Bytes that a careless listener would look at again and again. */
const TIRING: readonly (readonly [name: string, piece: string])[] = [
  ["lines of data without end", "data: x\n"],
  ["returns", "\r"],
  ["blank lines", "\n"],
  ["spaces", " "],
  ["brackets", "["],
  ["closing brackets", "]"],
  ["braces", "{"],
  ["commas", ","],
  ["quotes", '"'],
  ["escapes", "\\"],
  ["marks", '"finish_reason":'],
  ["spaces behind a mark", '"error":                '],
  ["the beginning of data", "data:"],
  ["broken events", 'data: {"error":\n\n'],
  ["zeroes", "\0"],
  ["headers of frames", "\0\0\0\x10\0\0\0\0"],
];

test("what could be looked at again and again is heard to its end", () => {
  const types = ["text/event-stream", "application/x-ndjson", "application/vnd.amazon.eventstream"];
  for (const [name, piece] of TIRING) {
    const bytes = new TextEncoder().encode(piece.repeat(Math.ceil(2 ** 19 / piece.length)));
    for (const type of types) {
      const ear = listener(WIRES["openai-chat"], type);
      assert.ok(ear, name);
      for (let at = 0; at < bytes.byteLength; at += 1000) ear.hear(bytes.slice(at, at + 1000));
      ending(ear);
    }
  }
});

test("what comes byte by byte is heard to its end", () => {
  for (const piece of ["data: x\n", "\r", "[", "x"]) {
    const bytes = new TextEncoder().encode(piece.repeat(2 ** 17 / piece.length));
    for (const type of ["text/event-stream", "application/vnd.amazon.eventstream"]) {
      const ear = listener(WIRES["openai-chat"], type);
      assert.ok(ear);
      for (let at = 0; at < bytes.byteLength; at++) ear.hear(bytes.subarray(at, at + 1));
      ending(ear);
    }
  }
});
