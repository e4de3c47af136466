import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { errorBody } from "../../src/dialects.ts";
import { ERRORS, GatewayError, toGatewayError } from "../../src/errors.ts";

test("the page about errors has exactly the rows of the table", () => {
  const page = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| `(\w+)` \| (\d+) \| (\d+) \| (\w+) \| (yes|no) \| .{10,} \|$/gm)].map((row) =>
    row.slice(1)
  );
  const table = Object.entries(ERRORS).map(([code, { status, number, source, canRetry }]) => [
    code,
    String(status),
    String(number),
    source,
    canRetry ? "yes" : "no",
  ]);
  assert.deepEqual(rows, table);
});

test("every number is used once", () => {
  const numbers = Object.values(ERRORS).map(({ number }) => number);
  assert.equal(new Set(numbers).size, numbers.length);
});

test("what isn't an error of ours is told without its message", () => {
  const shown = errorBody(toGatewayError(new Error("password is hunter2")), "openai", "id");
  assert.equal(shown.includes("hunter2"), false);
  assert.equal(JSON.parse(shown).httpCode, 500);
});

test("each dialect holds the sentence where its clients look for it", () => {
  const error = new GatewayError("unknown_provider", "Name a known provider.");
  const [openai, anthropic, gemini, cloudflare] = (["openai", "anthropic", "gemini", "cloudflare"] as const).map((
    dialect,
  ) => JSON.parse(errorBody(error, dialect, "id")));
  const sentences = [openai.error.message, anthropic.error.message, gemini.error.message, cloudflare.error[0].message];
  assert.deepEqual(sentences, Array(4).fill("Name a known provider."));
  assert.deepEqual([anthropic.type, anthropic.request_id, gemini.error.status], ["error", "id", "NOT_FOUND"]);
});
