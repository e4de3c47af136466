import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readJson } from "../../src/json.ts";
import type { WireId } from "../../src/providers/provider.ts";
import { type PromptPart, promptPart } from "../../src/providers/wires/prompt.ts";
import { WIRES } from "../../src/providers/wires/table.ts";

const PARTS: readonly PromptPart[] = ["system", "user", "tools", "model"];

const partOf = (wire: WireId, text: string, part: PromptPart) =>
  promptPart(wire, readJson(new TextEncoder().encode(text)), part);

const partsOf = (wire: WireId, request: unknown) => {
  const told = PARTS.map((part) => [part, partOf(wire, JSON.stringify(request), part)] as const);
  return Object.fromEntries(told.flatMap(([part, text]) => text === undefined ? [] : [[part, JSON.parse(text)]]));
};

const says = (role: string, content: unknown = role) => ({ role, content });
const picture = says("user", [{ type: "text", text: "What is it?" }, {
  type: "image_url",
  image_url: { url: "data:" },
}]);
const call = { role: "assistant", tool_calls: [{ id: "1" }] };
const tools = [{ name: "f" }];

for (
  const [name, wire, request, parts] of [
    [
      "OpenAI's chat",
      "openai-chat",
      {
        model: "m",
        tools,
        messages: [says("system"), says("user", "old"), says("developer"), says("assistant"), picture],
        tool_choice: "auto",
      },
      {
        system: { messages: [says("system"), says("developer")] },
        user: { messages: [picture] },
        tools: { tools, tool_choice: "auto" },
        model: { model: "m" },
      },
    ],
    [
      "OpenAI's chat after a tool",
      "openai-chat",
      { messages: [says("user", "old"), says("user"), call, says("tool"), says("assistant", "Well")] },
      { user: { messages: [says("user"), call, says("tool"), says("assistant", "Well")] } },
    ],
    ["OpenAI's completions", "openai-chat", { prompt: ["Hi"] }, { user: { prompt: ["Hi"] } }],
    [
      "OpenAI's responses of a text",
      "openai-responses",
      { instructions: "Be brief.", input: "Hi" },
      { system: { instructions: "Be brief." }, user: { input: "Hi" } },
    ],
    [
      "OpenAI's responses after a tool",
      "openai-responses",
      {
        input: [
          says("system"),
          { type: "message", ...says("user") },
          { type: "function_call", arguments: "{}" },
          { type: "function_call_output", output: "4" },
        ],
        tools: [],
      },
      {
        system: { input: [says("system")] },
        user: {
          input: [
            { type: "message", ...says("user") },
            { type: "function_call", arguments: "{}" },
            { type: "function_call_output", output: "4" },
          ],
        },
        tools: { tools: [] },
      },
    ],
    [
      "a prompt that is kept at OpenAI",
      "openai-responses",
      { prompt: { id: "p", variables: { city: "Bonn" } } },
      {
        system: { prompt: { id: "p", variables: { city: "Bonn" } } },
        user: { prompt: { id: "p", variables: { city: "Bonn" } } },
      },
    ],
    ["OpenAI's embeddings", "openai-embeddings", { model: "e", input: ["a", "b"] }, {
      user: { input: ["a", "b"] },
      model: { model: "e" },
    }],
    [
      "Anthropic after a tool",
      "anthropic-messages",
      {
        system: [{ type: "text", text: "Be brief." }],
        messages: [says("user"), call, says("user", [{ type: "tool_result", content: "4" }])],
      },
      {
        system: { system: [{ type: "text", text: "Be brief." }] },
        user: { messages: [says("user"), call, says("user", [{ type: "tool_result", content: "4" }])] },
      },
    ],
    [
      "Anthropic with a word beside a tool's result",
      "anthropic-messages",
      { messages: [says("user"), call, says("user", [{ type: "tool_result" }, { type: "text", text: "And?" }])] },
      { user: { messages: [says("user", [{ type: "tool_result" }, { type: "text", text: "And?" }])] } },
    ],
    [
      "Anthropic with nothing but the results of tools",
      "anthropic-messages",
      { messages: [says("user", [{ type: "tool_result", id: 1 }]), call, says("user", [{ type: "tool_result" }])] },
      { user: { messages: [says("user", [{ type: "tool_result" }])] } },
    ],
    [
      "Gemini",
      "gemini",
      {
        systemInstruction: { parts: [{ text: "Be brief." }] },
        contents: [
          { role: "user", parts: [{ text: "old" }] },
          { parts: [{ text: "Hi" }] },
          { role: "model", parts: [{ functionCall: {} }] },
          { role: "user", parts: [{ functionResponse: {} }] },
        ],
        toolConfig: {},
      },
      {
        system: { systemInstruction: { parts: [{ text: "Be brief." }] } },
        user: {
          contents: [
            { parts: [{ text: "Hi" }] },
            { role: "model", parts: [{ functionCall: {} }] },
            { role: "user", parts: [{ functionResponse: {} }] },
          ],
        },
        tools: { toolConfig: {} },
      },
    ],
    [
      "Gemini in its other spelling",
      "gemini",
      { system_instruction: { parts: [] }, contents: { parts: [{ text: "Hi" }] } },
      { system: { system_instruction: { parts: [] } }, user: { contents: { parts: [{ text: "Hi" }] } } },
    ],
    [
      "Bedrock's Converse",
      "bedrock-converse",
      {
        system: [{ text: "Be brief." }],
        messages: [says("user", [{ text: "Hi" }]), call, says("user", [{ toolResult: {} }])],
        toolConfig: { tools },
      },
      {
        system: { system: [{ text: "Be brief." }] },
        user: { messages: [says("user", [{ text: "Hi" }]), call, says("user", [{ toolResult: {} }])] },
        tools: { toolConfig: { tools } },
      },
    ],
    ["Bedrock's Invoke", "bedrock-invoke", { inputText: "Hi" }, { user: { inputText: "Hi" } }],
    [
      "Cohere",
      "cohere",
      { messages: [says("system"), says("user"), says("tool")] },
      { system: { messages: [says("system")] }, user: { messages: [says("user"), says("tool")] } },
    ],
    [
      "Cohere's version 1",
      "cohere",
      { preamble: "Be brief.", chat_history: [says("USER"), says("SYSTEM")], message: "Hi", tool_results: [1] },
      {
        system: { preamble: "Be brief.", chat_history: [says("SYSTEM")] },
        user: { message: "Hi", tool_results: [1] },
      },
    ],
    ["Workers AI", "workers-ai", { messages: [says("user")] }, { user: { messages: [says("user")] } }],
    [
      "Ollama",
      "ollama",
      { system: "Be brief.", prompt: "Hi", images: ["a"] },
      { system: { system: "Be brief." }, user: { prompt: "Hi", images: ["a"] } },
    ],
  ] as const
) {
  test(`${name}: each part of the request is told`, () => {
    assert.deepEqual(partsOf(wire, request), parts);
  });
}

test("what the client wrote is told as it was written", () => {
  const text = `{"model" : "m\\u006f", "messages": [ {"role":"user", "content":"a","x":12345678901234567890} ] }`;
  assert.equal(partOf("openai-chat", text, "model"), `{"model":"m\\u006f"}`);
  assert.equal(
    partOf("openai-chat", text, "user"),
    `{"messages":[{"role":"user", "content":"a","x":12345678901234567890}]}`,
  );
});

test("members in another order make the same text, and members of another name a different one", () => {
  const tools = (text: string) => partOf("openai-chat", text, "tools");
  assert.equal(tools(`{"tool_choice":1,"tools":2}`), tools(`{"tools":2,"tool_choice":1}`));
  assert.notEqual(tools(`{"tools":1}`), tools(`{"tool_choice":1}`));
  assert.notEqual(tools(`{"tools":"1,2"}`), tools(`{"tools":1,"tool_choice":2}`));
  const system = (messages: readonly object[]) => partOf("openai-chat", JSON.stringify({ messages }), "system");
  assert.notEqual(system([says("system", "ab")]), system([says("system", "a"), says("system", "b")]));
  assert.notEqual(system([says("system", "a")]), system([says("developer", "a")]));
});

test("a request of any shape has parts that are JSON, and none where it says nothing", () => {
  for (const wire of Object.keys(WIRES) as WireId[]) {
    for (const text of ["[]", "1", "{}", `{"messages":[],"input":[],"contents":[]}`]) {
      assert.equal(partOf(wire, text, "system"), undefined, `${wire} ${text}`);
    }
    const names = fc.constantFrom("messages", "input", "contents", "system", "tools", "role", "content", "parts");
    fc.assert(fc.property(fc.dictionary(names, fc.jsonValue()), (request) => {
      for (const part of PARTS) JSON.parse(partOf(wire, JSON.stringify(request), part) ?? "0");
    }));
  }
});
