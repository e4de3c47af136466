import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { json, visitor } from "./visit.ts";

const ask = visitor();
const embed = (body: object) => json(ask("/v1/embeddings", { model: "demo/echo", ...body }));
const vectorOf = async (input: unknown, more: object = {}): Promise<number[]> =>
  (await embed({ input, ...more })).data[0].embedding;
const product = (one: number[], other: number[]) => one.reduce((sum, value, at) => sum + value * other[at]!, 0);

describe("Embeddings of the demo", () => {
  test("Every text has its vector, in order, and the words are counted.", async () => {
    const answer = await embed({ input: ["one two", "three"] });
    assert.equal(answer.object, "list");
    assert.equal(answer.model, "echo");
    assert.deepEqual(answer.usage, { prompt_tokens: 3, total_tokens: 3 });
    assert.deepEqual(answer.data.map(({ object, index }: Record<string, unknown>) => [object, index]), [
      ["embedding", 0],
      ["embedding", 1],
    ]);
    assert.equal(answer.data[0].embedding.length, 1536);
    assert.notDeepEqual(answer.data[0].embedding, answer.data[1].embedding);
  });

  test("Vectors have length 1 and as many dimensions as asked.", async () => {
    for (const dimensions of [1, 2, 256, 3072]) {
      for (const text of ["hello", "two words", "...", "привет мир"]) {
        const vector = await vectorOf(text, { dimensions });
        assert.equal(vector.length, dimensions);
        assert.ok(Math.abs(product(vector, vector) - 1) < 1e-5);
      }
    }
  });

  test("Base64 holds the very same floats.", async () => {
    const floats = await vectorOf("hello there", { dimensions: 64 });
    const answer = await embed({ input: "hello there", dimensions: 64, encoding_format: "base64" });
    const bytes = Uint8Array.from(atob(answer.data[0].embedding), (letter) => letter.charCodeAt(0));
    assert.deepEqual(Array.from(new Float32Array(bytes.buffer)), floats);
  });

  test("Texts that share words lie nearer than texts that share none.", async () => {
    const [base, near, far] = await Promise.all(
      ["the cat sat on the mat", "The cat sat on a chair.", "quarterly revenue grew again"].map((text) =>
        vectorOf(text)
      ),
    );
    assert.ok(product(base!, near!) > product(base!, far!) + 0.3);
    assert.deepEqual(await vectorOf("The cat sat on the mat."), base);
  });

  test("Token numbers are an input, alone and in lists.", async () => {
    assert.equal((await embed({ input: [1, 2, 3] })).data.length, 1);
    const answer = await embed({ input: [[1, 2, 3], [4]] });
    assert.equal(answer.data.length, 2);
    assert.equal(answer.usage.prompt_tokens, 4);
  });

  test("What cannot be embedded is refused.", async () => {
    const wrong = [{}, { input: "" }, { input: [] }, { input: ["a", ""] }, { input: ["a", 1] }, { input: { a: 1 } }];
    for (const body of [...wrong, { input: Array(2049).fill("a") }]) {
      assert.equal((await embed(body)).error.param, "input");
    }
    for (const dimensions of [0, 3073, 1.5, "8"]) {
      assert.equal((await embed({ input: "a", dimensions })).error.param, "dimensions");
    }
  });
});
