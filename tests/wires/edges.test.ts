import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { itemsAt, membersAt } from "../../src/json.ts";
import { back, front } from "../../src/providers/wires/edges.ts";
import { frames } from "../../src/providers/wires/frames.ts";
import { frame, joinedBytes } from "./frame.ts";

/** Strings full of what JSON is made of. */
const hard = fc.array(fc.constantFrom('"', "\\", "\\\\", "{", "}", "[", "]", ",", ":", "a", " ", "\n", '"usage":{'), {
  maxLength: 12,
}).map((parts) => parts.join(""));
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    hard,
    fc.integer(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(hard, tie("value"), { maxKeys: 3 }),
  ),
}));
const object = fc.array(value, { maxLength: 5 }).map((values) =>
  Object.fromEntries(values.map((one, index) => [`k${index}`, one]))
);
const text = (json: unknown, indent: boolean) => JSON.stringify(json, null, indent ? 2 : 0);

/** Members of the object at `start` that stand whole, with what divides them from the last, within a range. */
function whole(json: string, start: number, from: number, to: number): unknown {
  const members = [...membersAt(json, start)];
  const dividers = members.map(([, span], index) => {
    const before = members[index - 1]?.[1].end ?? start;
    return { divider: index === 0 ? start : json.indexOf(",", before), span };
  });
  const kept = members.filter((_, index) => {
    const { divider = -1, span } = dividers[index] ?? {};
    return divider >= from && span !== undefined && span.end <= to;
  });
  return Object.fromEntries(kept.map(([key, span]) => [key, JSON.parse(json.slice(span.start, span.end))]));
}

const merged = (texts: readonly string[]) => Object.assign({}, ...texts.map((one) => JSON.parse(one))) as unknown;

test("of an object without its beginning, exactly the whole members are found", () => {
  fc.assert(
    fc.property(object, fc.boolean(), fc.nat(), (json, indent, at) => {
      const all = text(json, indent);
      const cut = at % all.length;
      assert.deepEqual(merged(back(all.slice(cut), false)), whole(all, 0, cut, all.length));
    }),
    { numRuns: 2000 },
  );
});

test("of a wrapped object without its beginning, exactly the whole members of both are found", () => {
  fc.assert(
    fc.property(object, fc.boolean(), fc.nat(), fc.boolean(), (json, indent, at, isLast) => {
      const all = text(isLast ? { x: 1, result: json } : { result: json, x: 1 }, indent);
      const start = all.indexOf("{", all.indexOf('"result"'));
      const cut = start + at % (all.length - start);
      const expected = { ...whole(all, start, cut, all.length) as object, ...whole(all, 0, cut, all.length) as object };
      assert.deepEqual(merged(back(all.slice(cut), true)), expected);
    }),
    { numRuns: 2000 },
  );
});

test("of an object without its end, exactly the whole members are found, but the last before the cut", () => {
  fc.assert(
    fc.property(object, fc.boolean(), fc.nat(), (json, indent, at) => {
      const all = text(json, indent);
      const cut = 1 + at % all.length;
      const found = merged(front(all.slice(0, cut))) as Record<string, unknown>;
      const members = [...membersAt(all, 0)].filter(([, span]) => all.indexOf(",", span.end) >= 0);
      const known = members.filter(([, span], index) =>
        index < membersAt(all, 0).size - 1 && all.indexOf(",", span.end) < cut
      );
      assert.deepEqual(Object.keys(found), known.map(([key]) => key));
      for (const [key, span] of known) assert.deepEqual(found[key], JSON.parse(all.slice(span.start, span.end)));
    }),
    { numRuns: 2000 },
  );
});

test("of an array without its beginning, the whole items at its end are found, each as a document", () => {
  fc.assert(
    fc.property(fc.array(object, { minLength: 1, maxLength: 4 }), fc.nat(), (json, at) => {
      const all = text(json, true);
      const cut = at % all.length;
      const spans = itemsAt(all, 0).filter(({ start }) => start > cut);
      const found = back(all.slice(cut), false).slice(-Math.max(1, spans.length));
      const expected = spans.map(({ start, end }) => JSON.parse(all.slice(start, end)));
      if (spans.length > 0) assert.deepEqual(found.map((one) => JSON.parse(one)).slice(-spans.length), expected);
    }),
    { numRuns: 1000 },
  );
});

test("a text cut off within a string is not read from its end", () => {
  const cutOff = String.raw`{"text":"look, \"usage\":{\"prompt_tokens\":1}}`;
  assert.deepEqual(back(cutOff, false), []);
  for (const found of back(cutOff, true)) assert.throws(() => JSON.parse(found));
});

test("no text at all is harmless", () => {
  for (const nothing of ["", " ", "}", "]", "{", "[", ",", '"', "\\", "null", "}}", ",}", '"}', "\\}"]) {
    for (const found of [...back(nothing, true), ...front(nothing)]) assert.equal(typeof found, "string");
  }
});

const encode = (json: string) => new TextEncoder().encode(json);

test("a frame is found among bytes that look like the beginning of one", () => {
  const lookalike = Uint8Array.of(0, 0, 0, 40, 0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 20, 0, 0, 0, 0);
  assert.deepEqual(frames(joinedBytes([lookalike, frame("metadata", encode(`{"a":1}`))])), [`{"a":1}`]);
});

test("a broken frame costs no other", () => {
  const [first, broken, last] = ["1", "2", "3"].map((number) => frame("chunk", encode(number)));
  assert.ok(first !== undefined && broken !== undefined && last !== undefined);
  broken[3] = 255;
  assert.deepEqual(frames(joinedBytes([first, broken, last])), ["1", "3"]);
  assert.deepEqual(frames(joinedBytes([first, last.slice(0, -1)])), ["1"]);
});
