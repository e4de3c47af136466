import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { example } from "../../src/providers/demo/schema.ts";

describe("A value for a JSON Schema", () => {
  test("Constants and enumerations win over the type.", () => {
    assert.equal(example({ const: 0 }), 0);
    assert.equal(example({ const: null }), null);
    assert.equal(example({ type: "string", enum: ["b", "a"] }), "b");
  });

  test("Types may be many, in any case, or told by other keywords.", () => {
    assert.equal(example({ type: ["null", "integer"] }), 1);
    assert.equal(example({ type: "null" }), null);
    assert.equal(example({ type: "BOOLEAN" }), true);
    assert.deepEqual(example({ properties: { a: {} } }), { a: "a" });
    assert.deepEqual(example({ items: { type: "integer" } }), [1]);
    assert.equal(example({ minimum: 4 }), 4);
    assert.equal(example({}), "text");
    assert.equal(example(true), "text");
  });

  test("What is required is there; everything where nothing is.", () => {
    const properties = { a: { type: "integer" }, b: { type: "object", properties: { c: { type: "null" } } } };
    assert.deepEqual(example({ type: "object", properties, required: ["a"] }), { a: 1 });
    assert.deepEqual(example({ type: "object", properties }), { a: 1, b: { c: null } });
    assert.deepEqual(example({ type: "object", required: ["x"], additionalProperties: { type: "integer" } }), { x: 1 });
  });

  test("Numbers keep within their bounds.", () => {
    const cases: readonly (readonly [object, number])[] = [
      [{ type: "number" }, 1],
      [{ type: "integer", minimum: 7 }, 7],
      [{ type: "integer", maximum: -2 }, -2],
      [{ type: "integer", exclusiveMinimum: 7 }, 8],
      [{ type: "number", exclusiveMinimum: 0, exclusiveMaximum: 1 }, 0.5],
      [{ type: "integer", minimum: 2.5, maximum: 3.5 }, 3],
      [{ type: "integer", multipleOf: 5, minimum: 7 }, 10],
      [{ type: "number", maximum: 0, exclusiveMaximum: 0 }, -1],
    ];
    for (const [schema, value] of cases) assert.equal(example(schema), value, JSON.stringify(schema));
    assert.equal(example({ type: "integer", minimum: 3, maximum: 2 }), undefined);
  });

  test("Strings keep their format and their length.", () => {
    assert.equal(example({ type: "string", format: "date" }), "2026-01-01");
    assert.match(String(example({ type: "string", format: "uuid" })), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.equal(example({ type: "string", format: "constructor" }), "text");
    assert.equal(example({ type: "string", minLength: 6 }), "text..");
    assert.equal(example({ type: "string", maxLength: 2 }), "te");
  });

  test("Lists are as long as they must be, and their items differ.", () => {
    assert.deepEqual(example({ type: "array", items: { type: "string" }, minItems: 3 }), ["text", "text 2", "text 3"]);
    assert.deepEqual(example({ type: "array", items: { type: "integer" }, minItems: 2 }), [1, 2]);
    assert.deepEqual(example({ type: "array", items: { enum: ["a", "b"] }, minItems: 2 }), ["a", "b"]);
    assert.deepEqual(example({ type: "array", items: { type: "string" }, maxItems: 0 }), []);
    assert.deepEqual(example({ type: "array", prefixItems: [{ const: 1 }, { const: "x" }] }), [1, "x"]);
  });

  test("References, combinations and choices are followed.", () => {
    const $defs = { "a/b": { type: "string", enum: ["x"] }, p: { properties: { p: { const: 1 } }, required: ["p"] } };
    assert.equal(example({ $ref: "#/$defs/a~1b", $defs }), "x");
    const all = { allOf: [{ $ref: "#/$defs/p" }, { allOf: [{ properties: { q: { const: 2 } }, required: ["q"] }] }] };
    assert.deepEqual(example({ ...all, $defs }), { p: 1, q: 2 });
    assert.equal(example({ anyOf: [{ type: "null" }, { type: "integer" }] }), 1);
    assert.deepEqual(example({ type: "object", properties: { k: { const: 1 } }, oneOf: [{ required: ["k"] }] }), {
      k: 1,
    });
    assert.equal(example({ anyOf: [false, { const: "last" }] }), "last");
  });

  test("A recursive schema ends as soon as it may.", () => {
    const list = {
      type: "object",
      properties: { value: { type: "integer" }, next: { anyOf: [{ $ref: "#" }, { type: "null" }] } },
      required: ["value", "next"],
    };
    const text = JSON.stringify(example(list));
    assert.ok(text.endsWith('"next":null}' + "}".repeat(text.split("next").length - 2)), text);
    const tree = { type: "object", properties: { kids: { type: "array", items: { $ref: "#" } } }, required: ["kids"] };
    assert.ok(JSON.stringify(example(tree)).length < 100);
  });

  test("A property named __proto__ is a property.", () => {
    const schema = JSON.parse(
      '{"type":"object","properties":{"__proto__":{"type":"integer"}},"required":["__proto__"]}',
    );
    assert.equal(JSON.stringify(example(schema)), '{"__proto__":1}');
    assert.deepEqual(example({ type: "object", required: ["toString"] }), { toString: "toString" });
  });

  test("What has no finite value, or would cost too much, has none.", () => {
    const double = (next: string) => ({ properties: { a: { $ref: next }, b: { $ref: next } }, required: ["a", "b"] });
    const $defs = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`d${at}`, double(`#/$defs/d${at + 1}`)]));
    const wide = Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`p${at}`, {}]));
    const narrow = Array.from({ length: 5000 }, () => ({ properties: { z: false }, required: ["z"] }));
    let deep: object = { type: "string" };
    for (let level = 0; level < 5000; level++) deep = { type: "object", properties: { a: deep }, required: ["a"] };
    const hopeless = [
      { $ref: "#" },
      { $ref: "#/nowhere" },
      { $ref: "https://elsewhere.example/schema" },
      { type: "object", properties: { a: { $ref: "#" } }, required: ["a"] },
      { $ref: "#/$defs/d0", $defs },
      { properties: wide, anyOf: narrow },
      { type: "array", items: {}, minItems: 1e9 },
      { type: "array", items: { type: "array", items: {}, minItems: 1000 }, minItems: 1000 },
      { type: "string", minLength: 1e9 },
      { enum: [] },
      deep,
      false,
      "string",
    ];
    for (const schema of hopeless) assert.equal(example(schema), undefined);
  });
});
