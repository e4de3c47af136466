import assert from "node:assert/strict";
import { test } from "node:test";
import { timeOf } from "../src/date.ts";

test("a date is one that the calendar has, on every runtime", () => {
  assert.equal(timeOf("2028-02-29"), Date.UTC(2028, 1, 29));
  assert.equal(timeOf("2027-01-31T12:00:00+02:00"), Date.UTC(2027, 0, 31, 10));
  for (
    const text of ["2031-02-31", "2027-02-29", "2027-13-01", "2027-00-10", "2027-01-00", "2027-01-01T25:00:00Z", "soon"]
  ) {
    assert.ok(Number.isNaN(timeOf(text)), text);
  }
});
