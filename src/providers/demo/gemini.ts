/**
 * Gemini's `generateContent` and its companions.
 *
 * @module
 */
import { ANY_OBJECT, type Ask, ask, type Choice, inputTokens, type Tool, type Turn } from "./ask.ts";
import { refusalBody } from "./refusal.ts";
import { type Finish, type Reply, type Speaker, TOKEN, type ToolCall } from "./reply.ts";
import { either, type Fields, isFields, objects, optionalFields, positive, texts, wrong } from "./shape.ts";
import { count, tokens } from "./text.ts";

/** Speaks Gemini. */
export const gemini: Speaker = {
  dialect: "gemini",
  hear,
  say: (reply) => chunk(reply, partsOf(reply), reply.outputTokens, FINISH[reply.finish]),
  stream,
  fail: (refusal, reply) => [refusalBody("gemini", refusal, reply.id)],
  newline: "\r\n",
};

/** Answers `:countTokens`. */
export function countTokens(body: Fields): Fields {
  const asked = either(body, "generateContentRequest");
  const totalTokens = inputTokens(turns(isFields(asked) ? asked : body));
  return { totalTokens, promptTokensDetails: [{ modality: "TEXT", tokenCount: totalTokens }] };
}

const FINISH: Readonly<Record<Finish, string>> = {
  stop: "STOP",
  length: "MAX_TOKENS",
  calls: "STOP",
  filter: "SAFETY",
};

function hear(body: Fields): Ask {
  const config = optionalFields(either(body, "generationConfig"), "generationConfig");
  const mime = either(config, "responseMimeType");
  return ask(turns(body), {
    body,
    tools: objects(body["tools"], "tools").flatMap((tool) =>
      objects(either(tool, "functionDeclarations"), "functionDeclarations").map(declared)
    ),
    choice: choice(body),
    schema: either(config, "responseJsonSchema") ?? either(config, "responseSchema") ??
      (mime === "application/json" ? ANY_OBJECT : undefined),
    wantsBare: mime === "text/x.enum",
    limit: positive(either(config, "maxOutputTokens"), "maxOutputTokens"),
  });
}

function turns(body: Fields): readonly Turn[] {
  const contents = objects(body["contents"], "contents");
  if (contents.length === 0) throw wrong("contents", "an array with at least one content");
  const system = optionalFields(either(body, "systemInstruction"), "systemInstruction");
  return [{ role: "other", texts: texts(system["parts"], "systemInstruction.parts") }, ...contents.flatMap(turn)];
}

function turn(content: Fields, index: number): readonly Turn[] {
  const parts = objects(content["parts"], `contents[${index}].parts`);
  const said: Turn = { role: content["role"] === "model" ? "other" : "user", texts: texts(parts, "parts") };
  const results = parts.map((part) => either(part, "functionResponse")).filter(isFields);
  if (results.length === 0) return [said];
  return [said, { role: "tool", texts: results.map((result) => JSON.stringify(result["response"] ?? {})) }];
}

function declared(tool: Fields, index: number): Tool {
  const { name } = tool;
  if (typeof name !== "string") throw wrong(`functionDeclarations[${index}].name`, "a string");
  return { name, schema: either(tool, "parametersJsonSchema") ?? tool["parameters"] ?? {} };
}

function choice(body: Fields): Choice {
  const config = optionalFields(either(body, "toolConfig"), "toolConfig");
  const calling = optionalFields(either(config, "functionCallingConfig"), "functionCallingConfig");
  const names = either(calling, "allowedFunctionNames");
  const mode = calling["mode"] === "NONE" ? "none" : calling["mode"] === "ANY" ? "must" : "auto";
  return Array.isArray(names) && names.length > 0 ? { mode, names } : { mode };
}

/** One document of the answer: all of it, or a piece of a stream. */
function chunk(reply: Reply, parts: readonly Fields[], outputTokens: number, finish?: string): Fields {
  const { inputTokens } = reply.ask;
  const content = parts.length > 0 ? { parts, role: "model" } : { role: "model" };
  return {
    candidates: [{ content, ...(finish === undefined ? {} : { finishReason: finish }), index: 0 }],
    usageMetadata: {
      promptTokenCount: inputTokens,
      candidatesTokenCount: outputTokens,
      totalTokenCount: inputTokens + outputTokens,
      promptTokensDetails: [{ modality: "TEXT", tokenCount: inputTokens }],
    },
    modelVersion: reply.model,
    responseId: reply.id,
  };
}

const called = ({ id, name, input }: ToolCall): Fields => ({ functionCall: { id, name, args: input } });

function partsOf(reply: Reply): readonly Fields[] {
  return [...(reply.text === "" ? [] : [{ text: reply.text }]), ...reply.calls.map(called)];
}

/** A call goes out whole, as Gemini sends it, once its last token is due. */
function* stream(reply: Reply): Generator<Fields | typeof TOKEN> {
  let sent = 0;
  for (const text of tokens(reply.text)) {
    yield TOKEN;
    yield chunk(reply, [{ text }], ++sent);
  }
  for (const call of reply.calls) {
    const length = count(call.json);
    for (let token = 0; token < length; token++) yield TOKEN;
    yield chunk(reply, [called(call)], sent += length);
  }
  yield chunk(reply, sent === 0 ? [] : [{ text: "" }], sent, FINISH[reply.finish]);
}
