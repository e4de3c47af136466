/**
 * OpenAI's responses.
 *
 * @module
 */
import { INPUT_TOKENS, TOOL_CALL } from "../answer.ts";
import { assistantText, openaiRefusal } from "./chat.ts";
import { type Dialect, type Fields, lastOf, named, type Talk } from "./dialect.ts";

/** Speaks OpenAI's responses. */
export const responses: Dialect = {
  id: "responses",
  provider: "openai",
  opening: (talk) => [
    named({ type: "response.created", response: resource(talk, "in_progress") }),
    named({ type: "response.in_progress", response: resource(talk, "in_progress") }),
    named({ type: "response.output_item.added", output_index: 0, item: message("in_progress", []) }),
    named({ type: "response.content_part.added", ...PLACE, part: part("") }),
  ],
  token: (talk, index) =>
    named({ type: "response.output_text.delta", ...PLACE, delta: talk.tokens[index], logprobs: [] }),
  closing: ({ tokens }) => [
    named({ type: "response.output_text.done", ...PLACE, text: tokens.join(""), logprobs: [] }),
    named({ type: "response.content_part.done", ...PLACE, part: part(tokens.join("")) }),
    named({ type: "response.output_item.done", output_index: 0, item: message("completed", [part(tokens.join(""))]) }),
  ],
  end: (talk) => [named({ type: "response.completed", response: whole(talk) })],
  tool: () => [
    named({ type: "response.output_item.added", output_index: 1, item: called("in_progress", "") }),
    named({
      type: "response.function_call_arguments.delta",
      item_id: "fc_1",
      output_index: 1,
      delta: TOOL_CALL.arguments,
    }),
    named({ type: "response.output_item.done", output_index: 1, item: called("completed", TOOL_CALL.arguments) }),
  ],
  blocked: (talk) => [named({ type: "response.incomplete", response: filtered(talk) })],
  plain: whole,
  plainBlocked: filtered,
  idle: named({ type: "keepalive" }),
  broken: 'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta": \n\n',
  refusal: openaiRefusal,
  error: ({ message, openai: [, code] }) =>
    named({
      type: "response.failed",
      response: {
        id: "resp_wall",
        object: "response",
        status: "failed",
        error: { code: code ?? "server_error", message },
      },
    }),
  prefill: (body) => assistantText(lastOf(body["input"])),
};

const PLACE = { item_id: "msg_1", output_index: 0, content_index: 0 };

const part = (text: string): Fields => ({ type: "output_text", text, annotations: [], logprobs: [] });

const message = (status: string, content: readonly Fields[]): Fields => ({
  id: "msg_1",
  type: "message",
  status,
  role: "assistant",
  content,
});

const called = (status: string, json: string): Fields => ({
  id: "fc_1",
  type: "function_call",
  status,
  call_id: "call_1",
  name: TOOL_CALL.name,
  arguments: json,
});

const resource = ({ id, model }: Talk, status: string): Fields => ({
  id,
  object: "response",
  created_at: 1,
  status,
  error: null,
  incomplete_details: null,
  model,
  output: [],
  usage: null,
});

function whole(talk: Talk): Fields {
  const { tokens } = talk;
  return {
    ...resource(talk, "completed"),
    output: [message("completed", [part(tokens.join(""))])],
    usage: usage(tokens.length),
  };
}

function filtered(talk: Talk): Fields {
  return { ...resource(talk, "incomplete"), incomplete_details: { reason: "content_filter" }, usage: usage(0) };
}

function usage(output: number): Fields {
  return { input_tokens: INPUT_TOKENS, output_tokens: output, total_tokens: INPUT_TOKENS + output };
}
