import assert from "node:assert/strict";
import { test } from "node:test";
import { edgesOf, WINDOW, windowOf } from "../../src/limits/window.ts";

const at = (text: string) => Date.parse(text);

test("a window is a count and a unit", () => {
  assert.deepEqual(windowOf("250ms"), { ms: 250 });
  assert.deepEqual(windowOf("1m"), { ms: 60_000 });
  assert.deepEqual(windowOf("7d"), { ms: 604_800_000 });
  for (const text of ["1m", "day", "week", "month", "90s", "24h"]) assert.match(text, WINDOW);
  for (const text of ["", "0s", "1", "m", "1 m", "1mo", "-1s", "year", "1.5h"]) assert.doesNotMatch(text, WINDOW);
});

test("a month begins on its first day in UTC, whatever its length", () => {
  assert.deepEqual(edgesOf("month", at("2024-02-29T23:59:59.999Z")).map((edge) => new Date(edge).toISOString()), [
    "2024-01-01T00:00:00.000Z",
    "2024-02-01T00:00:00.000Z",
    "2024-03-01T00:00:00.000Z",
    "2024-04-01T00:00:00.000Z",
  ]);
  assert.equal(edgesOf("month", at("2026-12-31T12:00:00Z"))[2], at("2027-01-01T00:00:00Z"));
});

test("a week begins on Monday", () => {
  const monday = at("2026-11-23T00:00:00Z");
  for (const day of ["2026-11-23T00:00:00Z", "2026-11-26T18:00:00Z", "2026-11-29T23:59:59Z"]) {
    assert.equal(edgesOf("week", at(day))[1], monday, day);
  }
  assert.equal(edgesOf("week", at("2026-11-30T00:00:00Z"))[1], monday + 604_800_000);
});

test("a day's edges are a day apart, so that a clock that is off by hours still finds the right one", () => {
  const edges = edgesOf("day", at("2026-03-01T06:00:00Z"));
  assert.deepEqual(edges.map((edge) => new Date(edge).toISOString().slice(0, 10)), [
    "2026-02-28",
    "2026-03-01",
    "2026-03-02",
    "2026-03-03",
  ]);
});
