import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { json, type Loose, visitor } from "./visit.ts";

const messages = [{ role: "user", content: "hello" }];
const contents = [{ parts: [{ text: "hello" }] }];
const format = (schema: unknown) => ({ type: "json_schema", name: "x", schema });

/** Every path that takes a body, with one that it answers and fields that may be wrong. */
const PATHS: Readonly<Record<string, Loose>> = {
  "/chat/completions": {
    model: "echo",
    messages,
    stream: false,
    tools: [{ type: "function", function: { name: "f", parameters: {} } }],
    tool_choice: { type: "function", function: { name: "f" } },
    response_format: { type: "json_schema", json_schema: format({ type: "string" }) },
    stream_options: { include_usage: true },
    max_tokens: 5,
    parallel_tool_calls: true,
  },
  "/responses": {
    model: "echo",
    input: [{ role: "user", content: [{ type: "input_text", text: "hello" }] }],
    stream: true,
    instructions: "x",
    tools: [{ type: "function", name: "f", parameters: {} }],
    tool_choice: "auto",
    text: { format: format({ type: "string" }) },
    max_output_tokens: 5,
  },
  "/messages": {
    model: "echo",
    max_tokens: 5,
    system: "x",
    messages: [...messages, { role: "user", content: [{ type: "tool_result", tool_use_id: "t", content: "x" }] }],
    stream: true,
    tools: [{ name: "f", input_schema: {} }],
    tool_choice: { type: "any" },
    output_config: { format: format({ type: "string" }) },
  },
  "/messages/count_tokens": { model: "echo", messages, system: [{ type: "text", text: "x" }] },
  "/models/echo:generateContent": {
    contents: [...contents, { parts: [{ functionResponse: { name: "f", response: {} } }] }],
    systemInstruction: { parts: [{ text: "x" }] },
    generationConfig: { responseSchema: { type: "STRING" }, responseMimeType: "application/json", maxOutputTokens: 5 },
    tools: [{ functionDeclarations: [{ name: "f", parameters: {} }] }],
    toolConfig: { functionCallingConfig: { mode: "ANY", allowedFunctionNames: ["f"] } },
  },
  "/models/echo:streamGenerateContent": { contents },
  "/models/echo:embedContent": { content: contents[0], outputDimensionality: 4 },
  "/models/echo:batchEmbedContents": { requests: [{ content: contents[0] }] },
  "/models/echo:countTokens": { contents },
  "/embeddings": { model: "echo", input: "hello", dimensions: 4, encoding_format: "float" },
};

const ODD = [null, true, 0, -1, 1.5, 1e300, "", "x", [], [null], [[]], ["x"], [0], {}, { type: "function" }, {
  role: 1,
}];

/** The document once for each place in it and each odd value there. */
function* spoilt(document: Loose): Generator<Loose> {
  for (const value of ODD) yield value;
  if (typeof document !== "object" || document === null) return;
  for (const key of Object.keys(document)) {
    for (const value of spoilt(document[key])) {
      yield Array.isArray(document) ? document.with(Number(key), value) : { ...document, [key]: value };
    }
  }
}

const errorOf = (path: string, answer: Loose) => {
  const { error } = answer;
  if (path.startsWith("/messages")) return answer.type === "error" && typeof error.type === "string";
  if (path.startsWith("/models")) return typeof error.code === "number" && typeof error.status === "string";
  return "code" in error && "param" in error && typeof error.type === "string";
};

describe("What the demo makes of bad input", () => {
  const ask = visitor();

  for (const [path, whole] of Object.entries(PATHS)) {
    test(`${path} answers what is whole, and 400 in its dialect to what is no JSON object.`, async () => {
      assert.equal((await ask(path, whole)).status, 200);
      const bodies = [
        "",
        "{",
        "[]",
        "null",
        '"x"',
        "1",
        undefined,
        new Uint8Array([0x7b, 0xff, 0x7d]),
        "[".repeat(1e5),
      ];
      for (const body of bodies) {
        const answer = await ask(path, body);
        assert.equal(answer.status, 400);
        assert.ok(errorOf(path, await answer.json()));
      }
    });

    test(`${path} takes an odd value anywhere without failing.`, async () => {
      const met = new Set<number>();
      for (const body of spoilt(whole)) {
        const answer = await ask(path, body);
        const text = await answer.text();
        met.add(answer.status);
        assert.ok([200, 400, 404].includes(answer.status), `${answer.status} to ${JSON.stringify(body)}: ${text}`);
        if (answer.status !== 200) assert.ok(errorOf(path, JSON.parse(text)), text);
      }
      assert.ok(met.has(400));
    });
  }

  test("A field of the wrong type is named.", async () => {
    const wrong: readonly (readonly [path: string, field: string, value: unknown])[] = [
      ["/chat/completions", "messages", "hello"],
      ["/chat/completions", "messages", []],
      ["/chat/completions", "stream", "yes"],
      ["/chat/completions", "tools", {}],
      ["/chat/completions", "response_format", "json"],
      ["/chat/completions", "max_tokens", 0],
      ["/chat/completions", "model", 1],
      ["/responses", "input", 1],
      ["/responses", "text", "x"],
      ["/embeddings", "dimensions", "4"],
    ];
    for (const [path, field, value] of wrong) {
      const answer = await ask(path, { ...PATHS[path], [field]: value });
      assert.equal(answer.status, 400);
      assert.equal((await answer.json()).error.param, field);
    }
  });

  test("Bytes that are not UTF-8 are refused.", async () => {
    const bytes = new TextEncoder().encode(JSON.stringify({ model: "echo", messages }).replace("hello", "h?llo"));
    const at = bytes.indexOf("?".charCodeAt(0));
    assert.equal((await ask("/chat/completions", bytes)).status, 200);
    bytes[at] = 0xff;
    assert.equal((await ask("/chat/completions", bytes)).status, 400);
  });

  test("A schema that nests without end is refused, and one that is merely deep costs little.", async () => {
    const endless = { type: "object", properties: { a: { $ref: "#" } }, required: ["a"] };
    const response_format = { type: "json_schema", json_schema: format(endless) };
    const refused = await ask("/chat/completions", { model: "echo", messages, response_format });
    assert.equal(refused.status, 400);
    assert.equal((await refused.json()).error.code, "invalid_schema");
    const tool = { type: "function", function: { name: "hello", parameters: endless } };
    assert.equal((await ask("/chat/completions", { model: "echo", messages, tools: [tool] })).status, 400);
    const deep = `${'{"type":"array","items":'.repeat(50_000)}{}${"}".repeat(50_000)}`;
    const body = `{"model":"echo","input":"x","text":{"format":{"type":"json_schema","schema":${deep}}}}`;
    const answer = await ask("/responses", body);
    assert.ok([200, 400].includes(answer.status));
    assert.ok((await answer.text()).length > 0);
  });

  test("Long and strange texts come back whole.", async () => {
    const texts = [
      " ".repeat(100_000),
      "x".repeat(100_000),
      "a\n\n b\t",
      "\ud83d\ude00".repeat(50),
      "漢字".repeat(500),
      "\ud800 x",
    ];
    for (const content of texts) {
      const body = { model: "echo", messages: [{ role: "user", content }] };
      const plain = (await json(ask("/chat/completions", body))).choices[0].message.content;
      const stream =
        await (await ask("/models/echo:streamGenerateContent", { contents: [{ parts: [{ text: content }] }] })).json();
      assert.equal(plain, content);
      const pieces = stream.map((item: Loose) => item.candidates[0].content.parts[0].text);
      assert.equal(pieces.join(""), content);
    }
  });

  test("A wrong method and a wrong path are told apart, in the dialect of the path.", async () => {
    const get = await ask("/chat/completions", undefined, { method: "GET" });
    assert.equal(get.status, 405);
    assert.equal(get.headers.get("allow"), "POST");
    assert.equal((await ask("/models", {})).status, 405);
    assert.equal((await ask("/completions", {})).status, 404);
    assert.equal((await ask("/toString", {})).status, 404);
    assert.equal((await json(ask("/v1beta/models/echo:explain", {}))).error.status, "NOT_FOUND");
    const anthropic = ask("/v1/files", {}, { headers: { "anthropic-version": "2023-06-01" } });
    assert.equal((await json(anthropic)).error.type, "not_found_error");
    assert.equal((await ask("/models/echo:toString", { contents })).status, 404);
    assert.equal((await ask("/models/%zz:generateContent", { contents })).status, 404);
  });
});

describe("The paths and models of the demo", () => {
  const ask = visitor();
  const get = (path: string, headers = {}) => json(ask(path, undefined, { method: "GET", headers }));

  test("Paths are found with a version before them and without.", async () => {
    for (const path of ["/chat/completions", "/v1/chat/completions", "//v1//chat/completions/"]) {
      assert.equal((await ask(path, { model: "echo", messages })).status, 200, path);
    }
    for (const path of ["/models/echo", "/v1/models/echo", "/v1beta/models/demo/echo", "/v1beta/models/demo%2Fecho"]) {
      assert.equal((await ask(`${path}:generateContent`, { contents })).status, 200, path);
    }
  });

  test("Models are listed, and found by name, in each dialect.", async () => {
    const openai = await get("/v1/models");
    assert.equal(openai.object, "list");
    const ids = openai.data.map(({ id }: Loose) => id);
    for (const id of ["echo", "flaky-429", "overloaded-in-stream"]) assert.ok(ids.includes(id));
    assert.equal((await get("/models/demo/echo")).id, "echo");
    assert.equal((await get("/models/nowhere")).error.code, "model_not_found");
    const gemini = await get("/v1beta/models");
    assert.deepEqual(gemini.models.map(({ name }: Loose) => name), ids.map((id: string) => `models/${id}`));
    const anthropic = await get("/v1/models", { "anthropic-version": "2023-06-01" });
    assert.deepEqual(anthropic.data.map(({ id }: Loose) => id), ids);
    assert.equal(anthropic.has_more, false);
  });

  test("The same request has the same answer, to the byte, from any instance.", async () => {
    for (const [path, body] of Object.entries(PATHS)) {
      const [one, other] = await Promise.all([visitor()(path, body), visitor()(path, body)]);
      assert.deepEqual([...one.headers], [...other.headers]);
      assert.equal(await one.text(), await other.text());
    }
    const id = async (content: string) =>
      (await json(ask("/chat/completions", { model: "echo", messages: [{ role: "user", content }] }))).id;
    assert.notEqual(await id("one"), await id("two"));
  });
});
