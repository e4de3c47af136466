/**
 * OpenAI's responses.
 *
 * @module
 */
import { ANY_OBJECT, type Ask, ask, type Turn } from "./ask.ts";
import { choice, offered } from "./chat.ts";
import { refusalBody } from "./refusal.ts";
import { CREATED, type Reply, type Speaker, TOKEN, type ToolCall } from "./reply.ts";
import { type Fields, maybe, objects, positive, someObjects, texts } from "./shape.ts";
import { tokens } from "./text.ts";

/** Speaks OpenAI's responses. */
export const responses: Speaker = {
  dialect: "openai",
  hear,
  say: (reply) => ({
    ...resource(reply, ENDED[reply.finish] ?? "completed"),
    output: output(reply),
    usage: usage(reply),
  }),
  stream: numbered,
  fail(refusal, reply, sent) {
    const { error } = refusalBody("openai", refusal, reply.id) as { readonly error: Fields };
    const { message, code, param } = error;
    const failed = { ...resource(reply, "failed"), error: { code: "server_error", message } };
    return [
      { type: "error", sequence_number: sent, code, message, param, error },
      { type: "response.failed", sequence_number: sent + 1, response: failed },
    ];
  },
};

const ENDED: Readonly<Record<string, string>> = { length: "incomplete", filter: "incomplete" };
const REASONS: Readonly<Record<string, string>> = { length: "max_output_tokens", filter: "content_filter" };

function hear(body: Fields): Ask {
  const format = maybe(body, "text.format");
  const schema = format["type"] === "json_schema" ? format["schema"] ?? ANY_OBJECT : undefined;
  return ask([{ role: "other", texts: texts(body, "instructions") }, ...turns(body)], {
    body,
    tools: objects(body, "tools").flatMap((tool) => tool["type"] === "function" ? [offered(tool)] : []),
    choice: choice(body),
    callsInParallel: body["parallel_tool_calls"] !== false,
    schema: format["type"] === "json_object" ? ANY_OBJECT : schema,
    limit: positive(body, "max_output_tokens"),
  });
}

function turns(body: Fields): readonly Turn[] {
  if (typeof body["input"] === "string") return [{ role: "user", texts: [body["input"]] }];
  return someObjects(body, "input").map((item) => {
    if (item["type"] === "function_call_output") return { role: "tool", texts: texts(item, "output") };
    return { role: item["role"] === "user" ? "user" : "other", texts: texts(item, "content") };
  });
}

/** The response object; what the request asked for comes back in it. */
function resource(reply: Reply, status: string): Fields {
  const { body } = reply.ask;
  const reason = status === "incomplete" ? REASONS[reply.finish] : undefined;
  const asked = Object.keys(DEFAULTS).map((name) => [name, body[name] ?? DEFAULTS[name]]);
  return {
    id: `resp_${reply.id}`,
    object: "response",
    created_at: CREATED,
    completed_at: status === "completed" ? CREATED : null,
    status,
    error: null,
    incomplete_details: reason === undefined ? null : { reason },
    model: reply.model,
    output: [],
    usage: null,
    ...Object.fromEntries(asked),
  };
}

const DEFAULTS: Fields = {
  background: false,
  frequency_penalty: 0,
  instructions: null,
  max_output_tokens: null,
  max_tool_calls: null,
  metadata: {},
  parallel_tool_calls: true,
  presence_penalty: 0,
  previous_response_id: null,
  prompt_cache_key: null,
  reasoning: { effort: null, summary: null },
  safety_identifier: null,
  service_tier: "default",
  store: false,
  temperature: 1,
  text: { format: { type: "text" } },
  tool_choice: "auto",
  tools: [],
  top_logprobs: 0,
  top_p: 1,
  truncation: "disabled",
  user: null,
};

function usage(reply: Reply): Fields {
  const { ask: { inputTokens }, outputTokens } = reply;
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: inputTokens + outputTokens,
  };
}

function output(reply: Reply): readonly Fields[] {
  if (reply.calls.length > 0) return reply.calls.map((call) => called(call, call.json));
  return reply.text === "" ? [] : [message(reply, statusOf(reply), [part(reply.text)])];
}

const statusOf = (reply: Reply): string => ENDED[reply.finish] ?? "completed";

const message = (reply: Reply, status: string, content: readonly Fields[]): Fields => ({
  id: `msg_${reply.id}`,
  type: "message",
  status,
  role: "assistant",
  content,
});

const part = (text: string): Fields => ({ type: "output_text", text, annotations: [], logprobs: [] });

const called = (call: ToolCall, json: string, status = "completed"): Fields => ({
  id: `fc_${call.id}`,
  type: "function_call",
  status,
  call_id: `call_${call.id}`,
  name: call.name,
  arguments: json,
});

function* numbered(reply: Reply): Generator<Fields | typeof TOKEN> {
  let sent = 0;
  for (const event of stream(reply)) yield event === TOKEN ? event : { ...event, sequence_number: sent++ };
}

function* stream(reply: Reply): Generator<Fields | typeof TOKEN> {
  const started = resource(reply, "in_progress");
  yield { type: "response.created", response: started };
  yield { type: "response.in_progress", response: started };
  if (reply.text !== "") yield* messageEvents(reply);
  for (const [index, call] of reply.calls.entries()) yield* callEvents(call, index);
  yield { type: `response.${statusOf(reply)}`, response: responses.say(reply) };
}

function* messageEvents(reply: Reply): Generator<Fields | typeof TOKEN> {
  const { text } = reply;
  const place = { item_id: `msg_${reply.id}`, output_index: 0, content_index: 0 };
  yield { type: "response.output_item.added", output_index: 0, item: message(reply, "in_progress", []) };
  yield { type: "response.content_part.added", ...place, part: part("") };
  for (const delta of tokens(text)) {
    yield TOKEN;
    yield { type: "response.output_text.delta", ...place, delta, logprobs: [] };
  }
  yield { type: "response.output_text.done", ...place, text, logprobs: [] };
  yield { type: "response.content_part.done", ...place, part: part(text) };
  yield { type: "response.output_item.done", output_index: 0, item: message(reply, statusOf(reply), [part(text)]) };
}

function* callEvents(call: ToolCall, index: number): Generator<Fields | typeof TOKEN> {
  const place = { item_id: `fc_${call.id}`, output_index: index };
  yield { type: "response.output_item.added", output_index: index, item: called(call, "", "in_progress") };
  for (const delta of tokens(call.json)) {
    yield TOKEN;
    yield { type: "response.function_call_arguments.delta", ...place, delta };
  }
  yield { type: "response.function_call_arguments.done", ...place, name: call.name, arguments: call.json };
  yield { type: "response.output_item.done", output_index: index, item: called(call, call.json) };
}
