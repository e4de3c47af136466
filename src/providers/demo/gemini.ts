/**
 * Gemini's `generateContent` and its companions.
 *
 * @module
 */
import { ANY_OBJECT, type Ask, ask, type Choice, inputTokens, type Tool, type Turn } from "./ask.ts";
import { refusalBody } from "./refusal.ts";
import { type Finish, type Reply, type Speaker, TOKEN, type ToolCall } from "./reply.ts";
import { field, type Fields, isFields, maybe, objects, positive, someObjects, string, texts } from "./shape.ts";
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
  const asked = field(body, "generateContentRequest");
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
  const config = maybe(body, "generationConfig");
  const mime = field(config, "responseMimeType");
  return ask(turns(body), {
    body,
    tools: objects(body, "tools").flatMap((tool) => objects(tool, "functionDeclarations").map(declared)),
    choice: choice(maybe(body, "toolConfig.functionCallingConfig")),
    schema: field(config, "responseJsonSchema") ?? field(config, "responseSchema") ??
      (mime === "application/json" ? ANY_OBJECT : undefined),
    wantsBare: mime === "text/x.enum",
    limit: positive(config, "maxOutputTokens"),
  });
}

function turns(body: Fields): readonly Turn[] {
  const contents = someObjects(body, "contents");
  return [{ role: "other", texts: texts(maybe(body, "systemInstruction"), "parts") }, ...contents.flatMap(turn)];
}

function turn(content: Fields): readonly Turn[] {
  const said: Turn = { role: content["role"] === "model" ? "other" : "user", texts: texts(content, "parts") };
  const results = objects(content, "parts").map((part) => field(part, "functionResponse")).filter(isFields);
  if (results.length === 0) return [said];
  return [said, { role: "tool", texts: results.map((result) => JSON.stringify(result["response"] ?? {})) }];
}

const declared = (tool: Fields): Tool => ({
  name: string(tool, "name"),
  schema: field(tool, "parametersJsonSchema") ?? tool["parameters"] ?? {},
});

function choice(config: Fields): Choice {
  const names = field(config, "allowedFunctionNames");
  const mode = config["mode"] === "NONE" ? "none" : config["mode"] === "ANY" ? "must" : "auto";
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
