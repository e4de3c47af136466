import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { MODELS } from "../../src/providers/demo/model.ts";
import { visitor } from "./visit.ts";

const page = readFileSync(new URL("../../docs/demo.md", import.meta.url), "utf8");

describe("The page about the demo", () => {
  test("It has a row for every model, and for no other.", () => {
    const section = page.split("\n## ").find((part) => part.startsWith("Models"))!;
    const rows = [...section.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name]) => name);
    assert.deepEqual(rows.sort(), Object.keys(MODELS).sort());
  });

  test("Its requests are answered.", async () => {
    const requests = [...page.matchAll(/curl .*?'?http:\/\/127\.0\.0\.1:8787\/demo(\/[^' ]+)'? \\\n +-d '(.*)'$/gm)];
    assert.equal(requests.length, 3);
    const ask = visitor();
    for (const [, path, body] of requests) {
      const answer = await ask(path!, body);
      assert.equal(answer.status, 200, path);
      await answer.body?.cancel();
    }
  });
});
