/** Streams that go on at another target: nothing of the text is lost, said twice, or made to look like an end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isSewable, SEAMS } from "../../src/providers/wires/seams.ts";
import { Splitter } from "../../src/providers/wires/split.ts";
import { readJson } from "../../src/json.ts";
import { house } from "./house.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const chunk = (delta: unknown, finish: string | null = null, extra = {}) =>
  `data: ${JSON.stringify({ id: "c", choices: [{ index: 0, delta, finish_reason: finish }], ...extra })}\n\n`;
const words = (...texts: string[]) => texts.map((content) => chunk({ content })).join("");
const named = (...texts: string[]) => texts.map((content) => chunk({ role: "assistant", content })).join("");
const ROLE = named("");
const DONE = "data: [DONE]\n\n";
const END = chunk({}, "stop") + DONE;
const CALL = chunk({ role: "assistant", tool_calls: [{ index: 0, id: "t" }] });

const claude = (type: string, rest = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`;
const BLOCK = claude("message_start", { message: { content: [] } }) +
  claude("content_block_start", { index: 0, content_block: { type: "text", text: "" } });
const said = (text: string, index = 0) => claude("content_block_delta", { index, delta: { type: "text_delta", text } });

const gemini = (text: string, rest = {}) =>
  `data: ${JSON.stringify({ candidates: [{ content: { role: "model", parts: [{ text }] }, ...rest }] })}\r\n\r\n`;

type Format = "openai-chat" | "anthropic-messages" | "gemini";
const ENDPOINTS: Readonly<Record<Format, string>> = {
  "openai-chat": "chat/completions",
  "anthropic-messages": "messages",
  gemini: "models/g:streamGenerateContent?alt=sse",
};

/** One chunk; all but the last answer break off behind it. */
function stream(text: string, isLast: boolean) {
  let isGiven = false;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(out) {
      if (!isGiven) out.enqueue(encode(text));
      else if (isLast) out.close();
      else out.error(new Error("reset"));
      isGiven = true;
    },
  }, { highWaterMark: 0 });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

async function asked(wire: Format, answers: readonly string[], prefills: boolean) {
  const slugs = ["custom-a", "custom-b", "custom-c"].slice(0, answers.length);
  const providers = Object.fromEntries(
    slugs.map((slug) => [slug, { origin: `https://${slug}.example/v1`, wire, prefills }]),
  );
  const { ask, sent } = house(
    (_, count) => stream(answers[count - 1]!, count === answers.length),
    { providers, gateways: { gw: { midStream: "continue" } } },
  );
  const query = { model: "m", stream: true, stream_options: { include_usage: true }, messages: [], contents: [] };
  const answer = await ask("/v1/acc/gw", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(slugs.map((provider) => ({ provider, endpoint: ENDPOINTS[wire], headers: {}, query }))),
  });
  const reader = answer.body!.getReader();
  let text = "";
  let isWhole = false;
  try {
    for (let part = await reader.read(); part.value !== undefined; part = await reader.read()) {
      text += new TextDecoder().decode(part.value);
    }
    isWhole = true;
  } catch {
    // Broken off, as it should be where nobody can go on.
  }
  const heard = [...text.matchAll(/"(?:content|text)":"([^"]*)"/g)].map(([, word]) => word).join("");
  return { text, heard, isWhole, sent: sent.length };
}

for (
  const [name, wire, answers, expected, prefills] of [
    [
      "every chunk names the role",
      "openai-chat",
      [named("one ", "two"), named("one ", "two", " three") + END],
      "one two three",
    ],
    [
      "every chunk names the role, and it goes on",
      "openai-chat",
      [named("one ", "two"), named(" three") + END],
      "one two three",
      true,
    ],
    [
      "the second says more before it can't be sewn, and a third goes on",
      "openai-chat",
      [
        ROLE + words("one ", "two"),
        ROLE + words("one two", " three") + CALL + END,
        ROLE + words("one two three four") + END,
      ],
      "one two three four",
    ],
    ["nothing follows but the end", "openai-chat", [ROLE + words("one "), ROLE + END], "one ", true],
    [
      "the data comes in two lines",
      "openai-chat",
      [words("one "), `data: {"choices":\ndata: [{"index":0,"delta":{"content":"one two"}}]}\n\n` + END],
      "one two",
    ],
    [
      "the end comes with what was said",
      "openai-chat",
      [words("one "), chunk({ content: "one " }, "stop") + DONE],
      "one ",
    ],
    ["the end comes with what was said, and Google's", "gemini", [
      gemini("one "),
      gemini("one ", { finishReason: "STOP" }),
    ], "one "],
    [
      "a choice tells why the first broke off",
      "openai-chat",
      [
        words("one ") + `data: {"choices":[{"delta":{"content":""},"error":{"code":502},"finish_reason":"error"}]}\n\n`,
        words("one two") + END,
      ],
      "one two",
    ],
    [
      "every chunk says that there is no error",
      "openai-chat",
      [chunk({ content: "one " }, null, { error: "" }), chunk({ content: "one two" }, null, { error: {} }) + END],
      "one two",
    ],
  ] as const
) {
  test(`a sewn stream is whole where ${name}`, async () => {
    const { text, heard, isWhole } = await asked(wire, answers, prefills ?? false);
    assert.deepEqual([heard, isWhole], [expected, true]);
    assert.match(text, /"finish_?[rR]eason":"(stop|STOP)"/);
    assert.doesNotMatch(text, /"error":[{"][^"}]/);
  });
}

for (
  const [name, wire, answers, prefills] of [
    ["brings a call with the role", "openai-chat", [
      words("one "),
      words("one ") + CALL + chunk({}, "tool_calls") + DONE,
    ]],
    ["brings a call of nothing", "anthropic-messages", [
      BLOCK + said("one"),
      BLOCK + said("one") + claude("content_block_stop", { index: 0 }) +
      claude("content_block_start", { index: 1, content_block: { type: "tool_use", id: "t", name: "n", input: {} } }) +
      claude("content_block_delta", { index: 1, delta: { type: "input_json_delta", partial_json: "" } }) +
      claude("message_delta", { delta: { stop_reason: "tool_use" } }) + claude("message_stop"),
    ]],
    ["would add to what had finished", "openai-chat", [words("one ") + chunk({}, "stop"), words("more") + END], true],
  ] as const
) {
  test(`a stream is not sewn, and doesn't look whole, where the second ${name}`, async () => {
    const { text, isWhole } = await asked(wire, answers, prefills ?? false);
    assert.equal(isWhole, false);
    assert.doesNotMatch(text, /more|tool_calls|tool_use|message_stop|\[DONE/);
  });
}

for (
  const [wire, request] of [
    ["openai-chat", { logprobs: true }],
    ["openai-chat", { modalities: ["text", "audio"] }],
    ["anthropic-messages", { thinking: { type: "enabled" } }],
    ["gemini", { generationConfig: { candidateCount: 2 } }],
  ] as const
) {
  test(`no answer is sewn to a request with ${JSON.stringify(request)}`, () => {
    assert.equal(isSewable(SEAMS[wire]!, readJson(encode(JSON.stringify(request)))), false);
  });
}

test("an event is cut out the same however its bytes come", () => {
  const text = "data: a\n\ndata: b\r\n\r\ndata: c\r\rdata: d\n\r\n: e\n\n";
  const whole = new Splitter().push(encode(text)).map((event) => new TextDecoder().decode(event));
  assert.deepEqual(whole, ["data: a\n\n", "data: b\r\n\r\n", "data: c\r\r", "data: d\n\r\n", ": e\n\n"]);
  for (let size = 1; size < 9; size++) {
    const splitter = new Splitter();
    const events: string[] = [];
    for (let at = 0; at < text.length; at += size) {
      for (const event of splitter.push(encode(text.slice(at, at + size)))) {
        events.push(new TextDecoder().decode(event));
      }
    }
    assert.deepEqual(events, whole, `${size}`);
    assert.equal(splitter.rest().byteLength, 0);
  }
});
