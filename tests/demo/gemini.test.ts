import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { events, json, type Loose, visitor } from "./visit.ts";

const ask = visitor();
const body = { contents: [{ role: "user", parts: [{ text: "one two" }] }] };
const generate = (more: object = {}, model = "demo/echo") =>
  json(ask(`/v1beta/models/${model}:generateContent`, { ...body, ...more }));

const functionDeclarations = [{
  name: "seek",
  parameters: { type: "OBJECT", properties: { depth: { type: "INTEGER", minimum: 2 } }, required: ["depth"] },
}, { name: "hide", parametersJsonSchema: { type: "object", properties: { at: { type: "string" } } } }];
const asking = { contents: [{ role: "user", parts: [{ text: "seek!" }] }], tools: [{ functionDeclarations }] };
const called = (answer: Loose) =>
  answer.candidates[0].content.parts.map((part: Loose) => part.functionCall?.name ?? "text");

describe("Gemini's paths of the demo", () => {
  test("The last user content comes back, with its words counted.", async () => {
    const { responseId, ...answer } = await generate({ systemInstruction: { parts: [{ text: "Be brief." }] } });
    assert.match(responseId, /^[0-9a-f]{16}$/);
    assert.deepEqual(answer, {
      candidates: [{ content: { parts: [{ text: "one two" }], role: "model" }, finishReason: "STOP", index: 0 }],
      usageMetadata: {
        promptTokenCount: 4,
        candidatesTokenCount: 2,
        totalTokenCount: 6,
        promptTokensDetails: [{ modality: "TEXT", tokenCount: 4 }],
      },
      modelVersion: "echo",
    });
  });

  test("A stream of events grows in usage and tells the reason last.", async () => {
    const answer = ask("/v1beta/models/echo:streamGenerateContent?alt=sse", body);
    const chunks = (await events(answer)).map(({ data }) => data);
    assert.deepEqual(chunks.map((chunk) => chunk.candidates[0].content.parts[0].text), ["one", " two", ""]);
    assert.deepEqual(chunks.map((chunk) => chunk.candidates[0].finishReason), [undefined, undefined, "STOP"]);
    assert.deepEqual(chunks.map((chunk) => chunk.usageMetadata.candidatesTokenCount), [1, 2, 2]);
  });

  test("Without alt=sse a stream is one JSON array.", async () => {
    const answer = await ask("/models/echo:streamGenerateContent", body);
    assert.equal(answer.headers.get("content-type"), "application/json");
    const chunks = await answer.json();
    assert.deepEqual(chunks.map((chunk: Loose) => chunk.candidates[0].content.parts[0].text), ["one", " two", ""]);
  });

  test("Functions are called, plain and in a stream, and their responses cited.", async () => {
    const answer = await generate(asking);
    const [{ functionCall }] = answer.candidates[0].content.parts;
    assert.equal(functionCall.name, "seek");
    assert.deepEqual(functionCall.args, { depth: 2 });
    const all = await events(ask("/v1beta/models/echo:streamGenerateContent?alt=sse", asking));
    assert.deepEqual(all[0]!.data.candidates[0].content.parts[0].functionCall.args, { depth: 2 });
    assert.equal(all.length, 2);
    const contents = [
      ...asking.contents,
      { role: "model", parts: [{ functionCall }] },
      { role: "user", parts: [{ functionResponse: { name: "seek", response: { found: 1 } } }] },
    ];
    const cited = await generate({ ...asking, contents });
    assert.equal(cited.candidates[0].content.parts[0].text, 'The tool answered: {"found":1}');
  });

  test("The calling mode is obeyed.", async () => {
    const calling = async (functionCallingConfig: object, text = "Hello.") => {
      const contents = [{ role: "user", parts: [{ text }] }];
      return called(await generate({ ...asking, contents, toolConfig: { functionCallingConfig } })).join();
    };
    assert.equal(await calling({ mode: "AUTO" }), "text");
    assert.equal(await calling({ mode: "NONE" }, "seek"), "text");
    assert.equal(await calling({ mode: "ANY" }), "seek");
    assert.equal(await calling({ mode: "ANY", allowedFunctionNames: ["hide"] }), "hide");
    assert.equal(await calling({ mode: "AUTO" }, "hide and seek"), "seek,hide");
  });

  test("JSON output is a value of the schema, in Google's own writing too.", async () => {
    const text = async (config: object) =>
      (await generate({ generationConfig: config })).candidates[0].content.parts[0].text;
    const responseMimeType = "application/json";
    const google = { type: "OBJECT", properties: { a: { type: "ARRAY", items: { type: "STRING" }, minItems: "2" } } };
    assert.deepEqual(JSON.parse(await text({ responseMimeType, responseSchema: google })), { a: ["a", "a 2"] });
    const standard = { type: "object", properties: { b: { $ref: "#/$defs/b" } }, $defs: { b: { const: 5 } } };
    assert.deepEqual(JSON.parse(await text({ responseMimeType, responseJsonSchema: standard })), { b: 5 });
    assert.equal(typeof JSON.parse(await text({ responseMimeType })), "object");
    const choice = { type: "STRING", enum: ["yes", "no"] };
    assert.equal(await text({ responseMimeType: "text/x.enum", responseSchema: choice }), "yes");
  });

  test("Fields may be written in snake case.", async () => {
    const answer = await generate({
      system_instruction: { parts: [{ text: "Be brief." }] },
      generation_config: { max_output_tokens: 1 },
    });
    assert.equal(answer.usageMetadata.promptTokenCount, 4);
    assert.equal(answer.candidates[0].finishReason, "MAX_TOKENS");
  });

  test("Tokens are counted.", async () => {
    const counted = await json(ask("/v1beta/models/echo:countTokens", body));
    assert.equal(counted.totalTokens, 2);
    const generateContentRequest = { ...body, systemInstruction: { parts: [{ text: "Be brief." }] } };
    assert.equal((await json(ask("/models/echo:countTokens", { generateContentRequest }))).totalTokens, 4);
  });

  test("Texts are embedded, one or many.", async () => {
    const content = { parts: [{ text: "one two" }] };
    const one = await json(ask("/v1beta/models/echo:embedContent", { content, outputDimensionality: 8 }));
    assert.equal(one.embedding.values.length, 8);
    const requests = [{ model: "models/echo", content, outputDimensionality: 8 }, { model: "models/echo", content }];
    const many = await json(ask("/v1beta/models/echo:batchEmbedContents", { requests }));
    assert.deepEqual(many.embeddings[0], one.embedding);
    assert.equal(many.embeddings[1].values.length, 1536);
  });

  test("Filtered content has the reason SAFETY, and an empty answer no parts.", async () => {
    assert.equal((await generate({}, "content-filter")).candidates[0].finishReason, "SAFETY");
    assert.deepEqual((await generate({}, "empty")).candidates[0].content, { role: "model" });
  });
});
