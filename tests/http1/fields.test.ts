import assert from "node:assert/strict";
import { test } from "node:test";
import { Fields } from "../../adapters/http1/fields.ts";

const both = (act: (headers: Headers) => unknown) => [act(new Fields()), act(new Headers())];

const same = (act: (headers: Headers) => unknown) => {
  const [ours, theirs] = both((headers) => {
    const result = act(headers);
    const list = [...headers].sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
    return { result, list, cookies: headers.getSetCookie() };
  });
  assert.deepEqual(ours, theirs);
};

test("fields are found by any case of their name, and are gone once deleted", () => {
  same((headers) => {
    headers.set("Content-Type", "text/plain");
    headers.append("X-One", "1");
    headers.delete("x-ONE");
    return [headers.get("CONTENT-type"), headers.has("content-type"), headers.get("x-one"), headers.has("X-One")];
  });
});

test("values of one name are joined, and a value that is set replaces them", () => {
  same((headers) => {
    headers.append("accept", "a");
    headers.append("Accept", "b");
    headers.append("vary", "x");
    headers.append("vary", "y");
    headers.set("vary", "z");
    return headers.get("accept");
  });
});

test("cookies stay apart", () => {
  same((headers) => {
    headers.append("set-cookie", "a=1; Expires=Mon, 01 Jan 2035 00:00:00 GMT");
    headers.append("Set-Cookie", "b=2");
    return headers.get("set-cookie");
  });
  same((headers) => {
    headers.append("set-cookie", "a=1");
    headers.set("set-cookie", "b=2");
  });
});

test("blanks around a value are taken off, and those within it stay", () => {
  same((headers) => {
    headers.set("a", " \t x  y\t ");
    headers.append("b", "y");
    headers.append("b", "\r\n z");
    return [headers.get("a"), headers.get("b")];
  });
});

test("what can't be a header is refused", () => {
  for (
    const [name, value] of [["", "x"], ["a b", "x"], ["a:", "x"], ["é", "x"], ["a", "x\ny"], ["a", "x\0"], ["a", "ł"]]
  ) {
    for (const headers of [new Fields(), new Headers()]) {
      assert.throws(() => headers.append(name!, value!), TypeError, `append ${JSON.stringify([name, value])}`);
      assert.throws(() => headers.set(name!, value!), TypeError, `set ${JSON.stringify([name, value])}`);
    }
  }
  assert.equal(new Fields([["a", "é"]]).get("a"), "é");
});

test("fields are made of whatever Headers are made of, and the other way round", () => {
  const list: [string, string][] = [["b", "2"], ["a", "1"], ["b", "3"]];
  for (const init of [list, { b: "2, 3", a: "1" }, new Headers(list), Fields.of(list.flat())]) {
    const fields = new Fields(init);
    assert.deepEqual(Object.fromEntries(fields), { a: "1", b: "2, 3" });
    assert.deepEqual([...new Headers(fields)], [["a", "1"], ["b", "2, 3"]]);
    assert.deepEqual([...new Response(null, { headers: fields }).headers], [["a", "1"], ["b", "2, 3"]]);
  }
});

test("fields stay in the order in which they came", () => {
  const fields = Fields.of(["Zeta", "1", "set-cookie", "a=1", "Alpha", "2", "set-cookie", "b=2", "zeta", "3"]);
  const told: string[] = [];
  fields.forEach(function (this: unknown, value, name, all) {
    assert.equal(this, told);
    assert.equal(all, fields);
    told.push(`${name}: ${value}`);
  }, told);
  assert.deepEqual(told, ["zeta: 1, 3", "set-cookie: a=1", "set-cookie: b=2", "alpha: 2"]);
  assert.deepEqual([...fields.keys()], ["zeta", "set-cookie", "set-cookie", "alpha"]);
  assert.deepEqual([...fields.values()], ["1, 3", "a=1", "b=2", "2"]);
  assert.deepEqual([...fields.entries()], [...fields]);
});
