/**
 * Anthropic's messages.
 *
 * @module
 */
import { type Ask, ask, type Choice, inputTokens, type Tool, type Turn } from "./ask.ts";
import { refusalBody } from "./refusal.ts";
import { type Finish, type Reply, type Speaker, TOKEN } from "./reply.ts";
import { type Fields, maybe, object, objects, positive, someObjects, string, texts, wrong } from "./shape.ts";
import { tokens } from "./text.ts";

/** Speaks Anthropic's messages. */
export const messages: Speaker = {
  dialect: "anthropic",
  hear,
  say: (reply) => ({
    ...head(reply, blocks(reply)),
    stop_reason: FINISH[reply.finish],
    usage: usage(reply, reply.outputTokens),
  }),
  stream,
  fail: (refusal, reply) => [refusalBody("anthropic", refusal, reply.id)],
};

/** Answers `messages/count_tokens`. */
export function countTokens(body: Fields): Fields {
  return { input_tokens: inputTokens(turns(body)) };
}

const FINISH: Readonly<Record<Finish, string>> = {
  stop: "end_turn",
  length: "max_tokens",
  calls: "tool_use",
  filter: "refusal",
};

function hear(body: Fields): Ask {
  const limit = positive(body, "max_tokens");
  if (limit === undefined) throw wrong("max_tokens", "a whole number above 0");
  const wanted = maybe(body, "tool_choice");
  const format = maybe(body, "output_format" in body ? "output_format" : "output_config.format");
  return ask(turns(body), {
    body,
    tools: objects(body, "tools").flatMap(tool),
    choice: choice(wanted),
    callsInParallel: wanted["disable_parallel_tool_use"] !== true,
    schema: format["type"] === "json_schema" ? object(format, "schema") : undefined,
    limit,
  });
}

function turns(body: Fields): readonly Turn[] {
  return [{ role: "other", texts: texts(body, "system") }, ...someObjects(body, "messages").flatMap(turn)];
}

/** A message of the user with results of tools in it counts as two: what was said, then the results. */
function turn(message: Fields): readonly Turn[] {
  const role = string(message, "role") === "user" ? "user" : "other";
  const said: Turn = { role, texts: texts(message, "content") };
  if (typeof message["content"] === "string") return [said];
  const results = objects(message, "content").filter(({ type }) => type === "tool_result");
  return results.length === 0
    ? [said]
    : [said, { role: "tool", texts: results.flatMap((result) => texts(result, "content")) }];
}

/** Tools that Anthropic defines itself have no schema and are left alone. */
function tool(tool: Fields): readonly Tool[] {
  if ((tool["type"] ?? "custom") !== "custom") return [];
  return [{ name: string(tool, "name"), schema: object(tool, "input_schema") }];
}

function choice({ type, name }: Fields): Choice {
  if (type === "tool") return { mode: "must", names: [name] };
  return { mode: type === "none" ? "none" : type === "any" ? "must" : "auto" };
}

const head = (reply: Reply, content: readonly Fields[]): Fields => ({
  id: `msg_${reply.id}`,
  type: "message",
  role: "assistant",
  model: reply.model,
  content,
  stop_reason: null,
  stop_sequence: null,
});

const usage = (reply: Reply, outputTokens: number): Fields => ({
  input_tokens: reply.ask.inputTokens,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: outputTokens,
});

function blocks(reply: Reply): readonly Fields[] {
  const { text, calls } = reply;
  if (calls.length === 0) return text === "" ? [] : [{ type: "text", text, citations: null }];
  return calls.map(({ id, name, input }) => ({ type: "tool_use", id: `toolu_${id}`, name, input }));
}

function* stream(reply: Reply): Generator<Fields | typeof TOKEN> {
  yield { type: "message_start", message: { ...head(reply, []), usage: usage(reply, 0) } };
  yield { type: "ping" };
  for (const [index, block] of blocks(reply).entries()) yield* blockEvents(reply, index, block);
  const delta = { stop_reason: FINISH[reply.finish], stop_sequence: null };
  yield { type: "message_delta", delta, usage: usage(reply, reply.outputTokens) };
  yield { type: "message_stop" };
}

function* blockEvents(reply: Reply, index: number, block: Fields): Generator<Fields | typeof TOKEN> {
  const call = reply.calls[index];
  const empty = call === undefined ? { ...block, text: "" } : { ...block, input: {} };
  yield { type: "content_block_start", index, content_block: empty };
  for (const piece of tokens(call?.json ?? reply.text)) {
    yield TOKEN;
    const delta = call === undefined
      ? { type: "text_delta", text: piece }
      : { type: "input_json_delta", partial_json: piece };
    yield { type: "content_block_delta", index, delta };
  }
  yield { type: "content_block_stop", index };
}
