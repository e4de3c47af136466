import assert from "node:assert/strict";
import { test } from "node:test";
import type { Options } from "../../mod.ts";
import type { Outbound } from "../../src/call.ts";
import { house } from "./house.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const chunk = (delta: unknown, finish: string | null = null, extra = {}) =>
  `data: ${
    JSON.stringify({ id: "c", model: "m", choices: [{ index: 0, delta, finish_reason: finish }], ...extra })
  }\n\n`;
const ROLE = chunk({ role: "assistant", content: "" });
const END = chunk({}, "stop") + "data: [DONE]\n\n";
const words = (...texts: string[]) => texts.map((content) => chunk({ content })).join("");

function stream(text: string, isWhole: boolean) {
  const left = [...text.matchAll(/[\s\S]{1,37}/g)].map(([piece]) => piece);
  return new Response(
    new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(out) {
        const piece = left.shift();
        if (piece !== undefined) out.enqueue(encode(piece));
        else if (isWhole) out.close();
        else out.error(new Error("reset"));
      },
    }, { highWaterMark: 0 }),
    { headers: { "content-type": "text/event-stream" } },
  );
}

const modelOf = (outbound: Outbound) => requestOf(outbound).model;
const requestOf = ({ body }: Outbound) =>
  JSON.parse(new TextDecoder().decode(body as Uint8Array)) as {
    model: string;
    messages: { role: string; content: string }[];
  };

async function ask(answers: Record<string, () => Response>, extra = {}, prefills = false) {
  const origin = "https://two.example/v1";
  const options: Options = {
    providers: { "custom-two": { origin, wire: "openai-chat", prefills } },
    gateways: { gw: { midStream: "continue" } },
  };
  const built = house((outbound) => answers[modelOf(outbound)]!(), options);
  const query = (model: string) => ({
    model,
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: "user", content: "hi" }],
    ...extra,
  });
  const headers = { authorization: "Bearer sk-a" };
  const answer = await built.ask("/v1/acc/gw", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify([
      { provider: "openai", endpoint: "chat/completions", headers, query: query("a") },
      { provider: "custom-two", endpoint: "chat/completions", headers, query: query("b") },
    ]),
  });
  let text = "";
  let isWhole = false;
  const reader = answer.body!.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      text += new TextDecoder().decode(value);
    }
    isWhole = true;
  } catch {
    // Broken off, as it should be where nobody can go on.
  }
  const said = [...text.matchAll(/"content":"([^"]*)"/g)].map(([, word]) => word).join("");
  return { text, said, isWhole, sent: built.sent, records: built.records };
}

test("a target that begins anew is passed over as long as it says the same, and goes on from there", async () => {
  const { said, isWhole, text, sent, records } = await ask({
    a: () => stream(ROLE + words("one ", "two ", "thr"), false),
    b: () => stream(ROLE + words("one two", " three ", "four") + END, true),
  });
  assert.deepEqual([said, isWhole, sent.length], ["one two three four", true, 2]);
  assert.equal(text.match(/\[DONE\]/g)?.length, 1);
  assert.equal(text.match(/"role"/g)?.length, 1);
  assert.deepEqual(sent.map((outbound) => requestOf(outbound).messages.length), [1, 1]);
  const [record] = await records();
  assert.deepEqual([record?.attempts.map(({ why }) => why), record?.outcome], [["first", "continue"], "complete"]);
});

test("a target that takes a beginning is given it, and its words follow", async () => {
  const { said, isWhole, sent } = await ask(
    {
      a: () => stream(ROLE + words("one ", "two "), false),
      b: () => stream(ROLE + words(" three", " four") + END, true),
    },
    {},
    true,
  );
  assert.deepEqual([said, isWhole], ["one two three four", true]);
  assert.deepEqual(requestOf(sent[1]!).messages.at(-1), { role: "assistant", content: "one two" });
});

for (
  const [name, first, second, extra] of [
    ["says something else", words("one ", "two "), words("one ", "too ") + END, {}],
    ["says less", words("one ", "two "), words("one ") + END, {}],
    ["brings a tool call", words("one "), chunk({ tool_calls: [{ index: 0, id: "t" }] }) + END, {}],
    [
      "was to go on after a tool call",
      words("one ") + chunk({ tool_calls: [{ index: 0, id: "t" }] }),
      words("one ", "two") + END,
      {},
    ],
    ["was to go on within a schema", words("one "), words("one ", "two") + END, {
      response_format: { type: "json_object" },
    }],
    ["breaks off, too", words("one "), words("one ", "two"), {}],
  ] as const
) {
  test(`where the other target ${name} the stream ends with the honest error`, async () => {
    const { text, isWhole } = await ask({
      a: () => stream(ROLE + first, false),
      b: () => stream(ROLE + second, second.includes("DONE")),
    }, extra);
    assert.equal(isWhole, false);
    assert.match(text, /\n\ndata: \{"error":\{"message":"Try again: provider/);
    assert.ok(!text.includes("[DONE]"), text);
  });
}

test("where the other target refuses the beginning the stream ends with the honest error", async () => {
  const { text, isWhole, sent } = await ask(
    {
      a: () => stream(ROLE + words("one "), false),
      b: () => Response.json({ error: { message: "no prefill", type: "invalid_request_error" } }, { status: 400 }),
    },
    {},
    true,
  );
  assert.deepEqual([isWhole, sent.length], [false, 2]);
  assert.ok(!text.includes("[DONE]"));
});

test("an error event of the provider's own is told only if nobody goes on", async () => {
  const fault = `data: {"error":{"message":"overloaded","code":503}}\n\n`;
  const gone = await ask({
    a: () => stream(ROLE + words("one ") + fault, true),
    b: () => stream(ROLE + words("one ", "two") + END, true),
  });
  assert.deepEqual([gone.said, gone.isWhole, gone.text.includes("overloaded")], ["one two", true, false]);
  const told = await ask({
    a: () => stream(ROLE + words("one ") + fault, true),
    b: () => Response.json({}, { status: 500 }),
  });
  assert.equal(told.isWhole, false);
  assert.ok(told.text.endsWith(fault), told.text);
});

test("a whole stream passes byte for byte", async () => {
  const text = ": hello\r\n\r\n" + ROLE + words("one ", "twö ") + "event: x\ndata: y\r\r" + END;
  assert.equal((await ask({ a: () => stream(text, true) })).text, text);
});
