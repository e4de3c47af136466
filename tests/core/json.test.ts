import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { GatewayError } from "../../src/errors.ts";
import { itemsAt, membersAt, patchJson, readJson, sliceJson } from "../../src/json.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const read = (text: string) => readJson(encode(text));
const refuses = (text: string, code: string) =>
  assert.throws(() => read(text), (error) => error instanceof GatewayError && error.code === code);

test("members are found by span whatever the spacing", () => {
  const json = read(' { "a" : [1, {"a": 2}] ,\n"b":"}\\",{" , "c":12345678901234567890 } ');
  const at = (name: string) => {
    const { start, end } = json.members.get(name)!;
    return json.text.slice(start, end);
  };
  assert.deepEqual([at("a"), at("b"), at("c")], ['[1, {"a": 2}]', '"}\\",{"', "12345678901234567890"]);
});

test("a patch changes its span and nothing else", () => {
  const text = '{"n": 12345678901234567890,  "model":"openai/gpt",\t"x":1e400}';
  const json = read(text);
  const patched = patchJson(json, [{ ...json.members.get("model")!, text: '"gpt"' }]);
  assert.equal(new TextDecoder().decode(patched.bytes), text.replace("openai/gpt", "gpt"));
});

test("a key that is named twice is refused, also when one is spelt with escapes", () => {
  refuses('{"model":"a","model":"b"}', "duplicate_key");
  refuses('{"model":"a","mod\\u0065l":"b"}', "duplicate_key");
  assert.equal(read('{"a":{"x":1},"b":{"x":2}}').members.size, 2);
});

test("nesting is refused before it is parsed", () => {
  refuses("[".repeat(100_000), "too_deep");
  refuses('{"a":'.repeat(100_000), "too_deep");
  assert.doesNotThrow(() => read("[".repeat(512) + "]".repeat(512)));
});

test("what is no JSON in UTF-8 is refused", () => {
  for (const text of ["", "{", '{"a":}', "{'a':1}", "nul", '{"a":1}}', "[1,]", "\ufeff{}"]) {
    refuses(text, "invalid_json");
  }
  assert.throws(() => readJson(new Uint8Array([0x22, 0xff, 0x22])), GatewayError);
});

test("for any document, spans of members and items hold exactly what JSON.parse sees", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(3), (value, space) => {
      const text = JSON.stringify(value, null, space);
      const json = read(text);
      for (const [key, span] of json.members) assert.deepEqual(sliceJson(json, span).value, JSON.parse(text)[key]);
      assert.equal(json.members.size, Object.keys(JSON.parse(text)).length);
    }),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), (value) => {
      const text = JSON.stringify(value);
      assert.deepEqual(itemsAt(text, 0).map(({ start, end }) => JSON.parse(text.slice(start, end))), JSON.parse(text));
    }),
    { numRuns: 300 },
  );
});

test("text that is no JSON never makes the scan throw anything but its own error", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        read(text);
      } catch (error) {
        assert.ok(error instanceof GatewayError);
      }
    }),
    { numRuns: 500 },
  );
  assert.equal(membersAt('"text"', 0).size, 0);
});
