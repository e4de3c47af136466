import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readJson } from "../../src/json.ts";
import { addIncludeUsage } from "../../src/providers/wires/include.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const asking = (text: string) => addIncludeUsage(readJson(encode(text)));

/** Bodies before and after; the same text where there is nothing to do. */
const CASES: readonly (readonly [what: string, before: string, after: string | undefined])[] = [
  ["no options", `{"stream":true}`, `{"stream":true,"stream_options":{"include_usage":true}}`],
  [
    "no options, spaces and a big number kept",
    `{ "n" : 12345678901234567890 ,\n "stream" : true \n}\n`,
    `{ "n" : 12345678901234567890 ,\n "stream" : true,"stream_options":{"include_usage":true} \n}\n`,
  ],
  [
    "other options",
    `{"stream_options": { "include_obfuscation": false },"stream":true}`,
    `{"stream_options": {"include_usage":true, "include_obfuscation": false },"stream":true}`,
  ],
  ["empty options", `{"stream":true,"stream_options":{ }}`, `{"stream":true,"stream_options":{"include_usage":true }}`],
  [
    "no options, said so",
    `{"stream_options":null,"stream":true}`,
    `{"stream_options":{"include_usage":true},"stream":true}`,
  ],
  [
    "asked not to",
    `{"stream":true,"stream_options":{"a":1,"include_usage" : false,"b":{"include_usage":false}}}`,
    `{"stream":true,"stream_options":{"a":1,"include_usage" : true,"b":{"include_usage":false}}}`,
  ],
  [
    "asked for nothing",
    `{"stream":true,"stream_options":{"include_usage":null}}`,
    `{"stream":true,"stream_options":{"include_usage":true}}`,
  ],
  ["asked already", `{"stream":true,"stream_options":{"include_usage":true}}`, undefined],
  ["an escaped key", `{"stream":true,"stream_options":{"include_us\\u0061ge":true}}`, undefined],
  ["no stream", `{"stream":false}`, undefined],
  ["no stream, by default", `{"messages":[{"stream":true}]}`, undefined],
  ["a stream that is no boolean", `{"stream":"true"}`, undefined],
  ["options that are none", `{"stream":true,"stream_options":"all"}`, undefined],
  ["options in a list", `{"stream":true,"stream_options":[]}`, undefined],
  ["an answer to the question that is none", `{"stream":true,"stream_options":{"include_usage":"yes"}}`, undefined],
  ["no object", `[{"stream":true}]`, undefined],
];

for (const [what, before, after] of CASES) {
  test(`a chat request asks for usage: ${what}`, () => assert.equal(asking(before)?.text, after));
}

test("asked once, nothing is left to ask", () => {
  for (const [, before] of CASES) {
    const json = asking(before);
    if (json !== undefined) assert.equal(addIncludeUsage(json), undefined);
  }
});

test("nothing but the options changes, whatever the request holds", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.boolean(), (messages, extra, hasOptions) => {
      const request = { messages, stream: true, ...(hasOptions ? { stream_options: { extra } } : {}), last: "é\u2028" };
      const json = asking(JSON.stringify(request, null, 1));
      const stream_options = { ...(hasOptions ? { extra } : {}), include_usage: true };
      assert.deepEqual(json?.value, JSON.parse(JSON.stringify({ ...request, stream_options })));
      assert.equal(new TextDecoder().decode(json?.bytes), json?.text);
    }),
    { numRuns: 300 },
  );
});

test("a request with very many members is no trouble", () => {
  const members = Array.from({ length: 200_000 }, (_, index) => `"m${index}":1`).join();
  assert.ok(asking(`{"stream":true,${members}}`)?.text.endsWith(`,"stream_options":{"include_usage":true}}`));
});
