import assert from "node:assert/strict";
import { test } from "node:test";
import { type Closer, closer } from "../../src/providers/wires/closing.ts";
import { finishReader } from "../../src/providers/wires/finish.ts";
import { ending, listener } from "../../src/providers/wires/listener.ts";
import { WIRES } from "../../src/providers/wires/table.ts";
import { joinedBytes } from "./frame.ts";
import { bytesOf, type Stream, STREAMS } from "./streams.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function open(wire: Stream["wire"]): Closer {
  const found = closer(wire);
  assert.ok(found);
  return found;
}

const CLOSED = STREAMS.filter(({ wire }) => closer(wire) !== undefined);

for (const stream of CLOSED) {
  test(`${stream.name}: every byte passes, and no event before it is whole`, () => {
    const bytes = bytesOf(stream);
    const step = Math.max(1, Math.ceil(bytes.byteLength / 300));
    for (let cut = 0; cut <= bytes.byteLength; cut += step) {
      const its = open(stream.wire);
      const given = [its.pass(bytes.slice(0, cut)), its.pass(bytes.slice(cut)), its.rest()];
      assert.equal(decode(joinedBytes(given)), decode(bytes), `cut at ${cut}`);
    }
    const its = open(stream.wire);
    let given = "";
    for (let at = 0; at < bytes.byteLength; at++) {
      const more = decode(its.pass(bytes.slice(at, at + 1)));
      given += more;
      if (more !== "") assert.match(given, given.startsWith("{") ? /\n$/ : /(\r\r|\n\r?\n|[}\]])$/);
    }
    assert.equal(given + decode(its.rest()), decode(bytes));
  });
}

/** What says that an answer was cut for its length. */
const LENGTH = /^(length|max_tokens|MAX_TOKENS|max_output_tokens)$/;

/** Some can't be ended: errors are their own end, and version 1 of Cohere's and what isn't a response have none. */
const isEnded = ({ name, fault }: Stream) =>
  fault === undefined && !/^(Cohere version 1|OpenAI's transcription|OpenAI drawing)$/.test(name);

for (const stream of CLOSED.filter(isEnded)) {
  test(`${stream.name}: ended behind any of its events, the stream is whole`, () => {
    const { wire, contentType, events } = stream;
    for (let count = 1; count <= events.length; count++) {
      const its = open(wire);
      const given = [...events.slice(0, count).map((event) => its.pass(event)), its.end()];
      const text = decode(joinedBytes(given));
      if (text.startsWith("[")) assert.ok(Array.isArray(JSON.parse(text)), `behind ${count} events`);
      const ear = listener(WIRES[wire], contentType)!;
      const reader = finishReader(WIRES[wire], contentType)!;
      for (const bytes of given) {
        ear.hear(bytes);
        reader.chunk(bytes);
      }
      const cutHere = decode(given.at(-1)!);
      if (ear.hasSpoken) assert.equal(ending(ear), "whole", `behind ${count} events`);
      const isCut = stream.finish < 0 || count <= stream.finish;
      if (isCut && !/^(data: \[DONE]\n\n)?$/.test(cutHere)) {
        assert.match(reader.reasons().at(-1) ?? "", LENGTH, `behind ${count} events`);
      }
      const isWhole = count === events.length && stream.finish >= 0 && stream.hasEnded;
      if (isWhole && its.rest().byteLength === 0) assert.equal(cutHere, "");
    }
  });
}

test("there are streams of every format that is ended", () => {
  assert.deepEqual(
    [...new Set(CLOSED.map(({ wire }) => wire))].sort(),
    ["anthropic-messages", "cohere", "gemini", "ollama", "openai-chat", "openai-responses", "workers-ai"],
  );
});

const data = (...documents: readonly object[]) =>
  documents.map((document) => `data: ${JSON.stringify(document)}\n\n`).join("");
const named = (...documents: readonly { type: string }[]) =>
  documents.map((document) => `event: ${document.type}\ndata: ${JSON.stringify(document)}\n\n`).join("");
const lines = (...documents: readonly object[]) => documents.map((line) => `${JSON.stringify(line)}\n`).join("");

const head = { id: "c1", object: "chat.completion.chunk", created: 17, model: "m" };
const says = (index: number, finish_reason: string | null = null) => ({
  ...head,
  choices: [{ index, delta: { content: "Hi" }, finish_reason }],
});
const ends = (index: number) => ({
  ...head,
  choices: [{ index, delta: {}, logprobs: null, finish_reason: "length" }],
});
const DONE = "data: [DONE]\n\n";
const start = { type: "message_start", message: { id: "m1", usage: { input_tokens: 9, output_tokens: 3 } } };
const block = (index: number) => ({ type: "content_block_start", index, content_block: { type: "text", text: "" } });
const stop = (index: number) => ({ type: "content_block_stop", index });
const cutOff = (output_tokens: number) => ({
  type: "message_delta",
  delta: { stop_reason: "max_tokens", stop_sequence: null },
  usage: { output_tokens },
});
const candidate = (index: number, finishReason?: string) => ({
  candidates: [{ content: { parts: [{ text: "Hi" }], role: "model" }, finishReason, index }],
  usageMetadata: { promptTokenCount: 4 },
  modelVersion: "g",
  responseId: "r",
});
const cutCandidate = (...numbers: readonly number[]) => ({
  candidates: numbers.map((index) => ({
    content: { parts: [{ text: "" }], role: "model" },
    finishReason: "MAX_TOKENS",
    index,
  })),
  usageMetadata: { promptTokenCount: 4 },
  modelVersion: "g",
  responseId: "r",
});

for (
  const [name, wire, given, ended] of [
    ["a chat", "openai-chat", data(says(0)), data(ends(0)) + DONE],
    ["a chat of two answers", "openai-chat", data(says(0), says(1)), data(ends(0), ends(1)) + DONE],
    [
      "a chat, one answer of which is over",
      "openai-chat",
      data(says(0, "stop"), says(1), says(0)),
      data(ends(1)) + DONE,
    ],
    ["a chat that is over but for its last event", "openai-chat", data(says(0, "stop")), DONE],
    ["a chat that is over", "openai-chat", data(says(0, "stop")) + DONE, ""],
    ["a chat that only began", "openai-chat", data({ ...head, choices: [] }), data(ends(0)) + DONE],
    ["a chat with other line ends", "openai-chat", data(says(0)).replaceAll("\n", "\r\n"), data(ends(0)) + DONE],
    [
      "a completion",
      "openai-chat",
      data({ ...head, choices: [{ index: 0, text: "Hi", finish_reason: null }] }),
      data({ ...head, choices: [{ index: 0, text: "", logprobs: null, finish_reason: "length" }] }) + DONE,
    ],
    [
      "a chat with lone returns",
      "openai-chat",
      `event: message\r${data(says(0)).replaceAll("\n", "\r")}:\n\n`,
      data(ends(0)) + DONE,
    ],
    ["Workers AI's own words", "workers-ai", data({ response: "Hi" }), DONE],
    [
      "Anthropic",
      "anthropic-messages",
      named(start, block(0), stop(0), block(1)),
      named(stop(1), cutOff(3), { type: "message_stop" }),
    ],
    [
      "Anthropic's last event missing",
      "anthropic-messages",
      named(start, { type: "message_delta", delta: { stop_reason: "end_turn" } } as { type: string }),
      named({ type: "message_stop" }),
    ],
    ["Anthropic that is over", "anthropic-messages", named(start, { type: "message_stop" }), ""],
    ["Anthropic that only pings", "anthropic-messages", named({ type: "ping" }), ""],
    ["Gemini", "gemini", data(candidate(0), candidate(1)), data(cutCandidate(0, 1))],
    ["Gemini, one answer of which is over", "gemini", data(candidate(0, "STOP"), candidate(1)), data(cutCandidate(1))],
    ["Gemini refusing the prompt", "gemini", data({ promptFeedback: { blockReason: "SAFETY" } }), ""],
    ["Gemini that is over", "gemini", data(candidate(0, "STOP")), ""],
    ["Gemini's list", "gemini", `[${JSON.stringify(candidate(0))}`, `,${JSON.stringify(cutCandidate(0))}]`],
    ["Gemini's list that is over", "gemini", `[${JSON.stringify(candidate(0, "STOP"))}`, "]"],
    ["Gemini's list that is closed", "gemini", `[${JSON.stringify(candidate(0, "STOP"))}\n]`, ""],
    [
      "Ollama",
      "ollama",
      lines({ model: "m", created_at: "t", message: { content: "Hi" }, done: false }),
      lines({
        model: "m",
        created_at: "t",
        message: { role: "assistant", content: "" },
        done: true,
        done_reason: "length",
      }),
    ],
    [
      "Ollama generating",
      "ollama",
      lines({ model: "m", response: "Hi", done: false }),
      lines({ model: "m", response: "", done: true, done_reason: "length" }),
    ],
    [
      "Cohere",
      "cohere",
      named({ type: "message-start" }, { type: "content-start", index: 0 } as { type: string }),
      named(
        { type: "content-end", index: 0 } as { type: string },
        { type: "message-end", delta: { finish_reason: "MAX_TOKENS" } } as { type: string },
      ),
    ],
    [
      "Cohere between its parts",
      "cohere",
      named({ type: "message-start" }, { type: "content-start" }, {
        type: "content-end",
      }),
      named({ type: "message-end", delta: { finish_reason: "MAX_TOKENS" } } as { type: string }),
    ],
    ["nothing", "openai-chat", "", ""],
    ["a comment", "openai-responses", ": hello\n\n", ""],
  ] as const
) {
  test(`${name}: it ends as its format does, wherever the chunks were cut`, () => {
    const bytes = encode(given);
    for (let cut = 0; cut <= bytes.byteLength; cut++) {
      const its = open(wire);
      its.pass(bytes.slice(0, cut));
      its.pass(bytes.slice(cut));
      assert.equal(decode(its.end()), ended, `cut at ${cut}`);
    }
  });
}

for (const { name, wire, events, fault } of CLOSED) {
  if (fault === undefined) continue;
  test(`${name}: an error is the stream's own end`, () => {
    const its = open(wire);
    for (const event of events) its.pass(event);
    assert.match(decode(its.end()), /^]?$/);
  });
}

test("all that has begun of a response is closed from within, and what is closed is told once", () => {
  const place = { item_id: "i", output_index: 3 };
  const part = { ...place, content_index: 1 };
  const response = { id: "r", status: "in_progress", output: [], usage: null };
  const its = open("openai-responses");
  its.pass(encode(named(
    ...[
      { type: "response.created", response },
      { type: "response.output_item.added", output_index: 3, item: { id: "i", type: "message" } },
      { type: "response.content_part.added", ...part, part: { type: "output_text", text: "" } },
      { type: "response.output_text.delta", ...part, delta: "Hi" },
      { type: "response.output_text.annotation.added", ...part, annotation: { url: "u" } },
      { type: "response.output_text.delta", ...part, delta: "!" },
    ].map((event, index) => ({ ...event, sequence_number: 40 + index })),
  )));
  const said = { type: "output_text", text: "Hi!", annotations: [{ url: "u" }] };
  const item = { id: "i", type: "message", content: [said], status: "incomplete" };
  const incomplete = { status: "incomplete", incomplete_details: { reason: "max_output_tokens" }, output: [item] };
  assert.deepEqual(
    decode(its.end()).trim().split("\n\n").map((event) => JSON.parse(event.replace(/^event: .+\ndata: /, ""))),
    [
      { type: "response.output_text.done", ...part, text: "Hi!", logprobs: [], sequence_number: 46 },
      { type: "response.content_part.done", ...part, part: said, sequence_number: 47 },
      { type: "response.output_item.done", output_index: 3, item, sequence_number: 48 },
      { type: "response.incomplete", response: { ...response, ...incomplete }, sequence_number: 49 },
    ],
  );
});

test("an event that isn't whole is held back, and left out at the end", () => {
  for (
    const [wire, whole, begun] of [
      ["openai-chat", data(says(0)), data(says(1)).slice(0, -1)],
      ["gemini", `[${JSON.stringify(candidate(0))}`, `,\r\n${JSON.stringify(candidate(1)).slice(0, -1)}`],
      ["ollama", lines({ model: "m", response: "Hi" }), `{"model":"m","done":true}`],
    ] as const
  ) {
    const its = open(wire);
    assert.equal(decode(its.pass(encode(whole + begun))), whole);
    assert.equal(decode(its.rest()), begun);
    assert.match(decode(its.end()), /length|MAX_TOKENS/);
    assert.doesNotMatch(decode(its.end()), /"index":1/);
  }
});

test("brackets and quotes in a list's texts close nothing", () => {
  const text = `[{"a":"}]\\"}\\\\"},{"b":["\\\\\\"]"]}`;
  const its = open("gemini");
  const pieces = [...text].map((character) => decode(its.pass(encode(character)))).filter((piece) => piece !== "");
  assert.deepEqual(pieces, [`[{"a":"}]\\"}\\\\"}`, `,{"b":["\\\\\\"]"]}`]);
});

test("streams of frames, and answers that don't stream, can't be ended", () => {
  for (const wire of ["bedrock-converse", "bedrock-invoke", "openai-embeddings"] as const) {
    assert.equal(closer(wire), undefined);
  }
});

test("events of any shape throw nothing", () => {
  for (const { wire } of CLOSED) {
    for (
      const text of ["data: null\n\n", 'data: {"choices":[null,{"index":-1}],"output_index":{}}\n\n', "[null,1]", "{\n"]
    ) {
      const its = open(wire);
      its.pass(encode(text));
      its.end();
    }
  }
});
