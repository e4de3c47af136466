/**
 * OpenAI's chat completions.
 *
 * @module
 */
import { ANY_OBJECT, type Ask, ask, type Choice, type Tool, type Turn } from "./ask.ts";
import { refusalBody } from "./refusal.ts";
import { CREATED, type Finish, type Reply, type Speaker, TOKEN, type ToolCall } from "./reply.ts";
import { type Fields, flag, isFields, maybe, object, objects, positive, someObjects, string, texts } from "./shape.ts";
import { tokens } from "./text.ts";

/** Speaks OpenAI's chat completions. */
export const chat: Speaker = {
  dialect: "openai",
  hear,
  say: (reply) => ({
    ...head(reply, "chat.completion"),
    choices: [{ index: 0, message: message(reply), logprobs: null, finish_reason: FINISH[reply.finish] }],
    usage: usage(reply),
  }),
  stream,
  fail: (refusal, reply) => [refusalBody("openai", refusal, reply.id)],
  end: "data: [DONE]\n\n",
};

const FINISH: Readonly<Record<Finish, string>> = {
  stop: "stop",
  length: "length",
  calls: "tool_calls",
  filter: "content_filter",
};

function hear(body: Fields): Ask {
  return ask(someObjects(body, "messages").map(turn), {
    body,
    tools: objects(body, "tools").flatMap((tool) =>
      tool["type"] === "function" ? [offered(object(tool, "function"))] : []
    ),
    choice: choice(body),
    callsInParallel: body["parallel_tool_calls"] !== false,
    schema: schema(maybe(body, "response_format")),
    limit: positive(body, "max_completion_tokens") ?? positive(body, "max_tokens"),
  });
}

function turn(message: Fields): Turn {
  const role = string(message, "role");
  const known = role === "user" ? role : role === "tool" || role === "function" ? "tool" : "other";
  return { role: known, texts: texts(message, "content") };
}

/** A function as OpenAI describes it. */
export const offered = (tool: Fields): Tool => ({ name: string(tool, "name"), schema: tool["parameters"] ?? {} });

/** OpenAI's `tool_choice`, as chat completions and responses write it. */
export function choice(body: Fields): Choice {
  const wanted = body["tool_choice"];
  if (typeof wanted === "string") return { mode: modeOf(wanted) };
  const named = maybe(body, "tool_choice");
  if (named["type"] === "function") return { mode: "must", names: [nameOf(named)] };
  if (named["type"] !== "allowed_tools") return { mode: "auto" };
  const list = isFields(named["allowed_tools"]) ? named["allowed_tools"] : named;
  return { mode: modeOf(list["mode"]), names: objects(list, "tools").map(nameOf) };
}

const modeOf = (word: unknown): Choice["mode"] => word === "none" ? word : word === "required" ? "must" : "auto";

const nameOf = (named: Fields): unknown => isFields(named["function"]) ? named["function"]["name"] : named["name"];

function schema(format: Fields): unknown {
  if (format["type"] === "json_object") return ANY_OBJECT;
  return format["type"] === "json_schema" ? object(format, "json_schema")["schema"] ?? ANY_OBJECT : undefined;
}

function head(reply: Reply, object: string): Fields {
  const { id, model } = reply;
  const end = { service_tier: "default", system_fingerprint: "fp_demo" };
  return { id: `chatcmpl-${id}`, object, created: CREATED, model, ...end };
}

function message(reply: Reply): Fields {
  const { text, calls } = reply;
  const said = { role: "assistant", content: calls.length > 0 ? null : text, refusal: null, annotations: [] };
  return calls.length > 0 ? { ...said, tool_calls: calls.map((call) => toolCall(call, call.json)) } : said;
}

const toolCall = (call: ToolCall, json: string): Fields => ({
  id: `call_${call.id}`,
  type: "function",
  function: { name: call.name, arguments: json },
});

function usage(reply: Reply): Fields {
  const { ask: { inputTokens }, outputTokens } = reply;
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  };
}

function* stream(reply: Reply): Generator<Fields | typeof TOKEN> {
  const wantsUsage = flag(maybe(reply.ask.body, "stream_options"), "include_usage");
  const shared = head(reply, "chat.completion.chunk");
  const chunk = (delta: Fields, finish: string | null = null): Fields => ({
    ...shared,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
    ...(wantsUsage ? { usage: null } : {}),
  });
  yield chunk({ role: "assistant", content: reply.calls.length > 0 ? null : "", refusal: null });
  for (const content of tokens(reply.text)) {
    yield TOKEN;
    yield chunk({ content });
  }
  for (const [index, call] of reply.calls.entries()) {
    yield chunk({ tool_calls: [{ index, ...toolCall(call, "") }] });
    for (const json of tokens(call.json)) {
      yield TOKEN;
      yield chunk({ tool_calls: [{ index, function: { arguments: json } }] });
    }
  }
  yield chunk({}, FINISH[reply.finish]);
  if (wantsUsage) yield { ...shared, choices: [], usage: usage(reply) };
}
