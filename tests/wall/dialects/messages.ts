/**
 * Anthropic's messages.
 *
 * @module
 */
import { INPUT_TOKENS, TOOL_CALL } from "../answer.ts";
import { assistantText } from "./chat.ts";
import { type Dialect, type Fields, lastOf, named, type Talk } from "./dialect.ts";

/** Speaks Anthropic's messages. */
export const messages: Dialect = {
  id: "messages",
  provider: "anthropic",
  opening: (talk) => [
    named({ type: "message_start", message: { ...head(talk, []), usage: usage(1) } }),
    named({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }),
    named({ type: "ping" }),
  ],
  token: ({ tokens }, index) =>
    named({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: tokens[index] } }),
  closing: ({ tokens }) => [
    named({ type: "content_block_stop", index: 0 }),
    named({
      type: "message_delta",
      delta: { stop_reason: "end_turn", stop_sequence: null },
      usage: usage(tokens.length),
    }),
  ],
  end: () => [named({ type: "message_stop" })],
  tool: () => [
    named({ type: "content_block_stop", index: 0 }),
    named({
      type: "content_block_start",
      index: 1,
      content_block: { type: "tool_use", id: "toolu_1", name: TOOL_CALL.name, input: {} },
    }),
    named({
      type: "content_block_delta",
      index: 1,
      delta: { type: "input_json_delta", partial_json: TOOL_CALL.arguments },
    }),
  ],
  blocked: () => [
    named({ type: "content_block_stop", index: 0 }),
    named({ type: "message_delta", delta: { stop_reason: "refusal", stop_sequence: null }, usage: usage(0) }),
  ],
  plain: (talk) => ({
    ...head(talk, [{ type: "text", text: talk.tokens.join("") }]),
    stop_reason: "end_turn",
    usage: usage(talk.tokens.length),
  }),
  plainBlocked: (talk) => ({ ...head(talk, []), stop_reason: "refusal", usage: usage(0) }),
  idle: named({ type: "ping" }),
  broken: 'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta": \n\n',
  refusal: ({ message, anthropic }) => ({
    type: "error",
    error: { type: anthropic, message },
    request_id: "req_wall",
  }),
  error: ({ message, anthropic }) => named({ type: "error", error: { type: anthropic, message } }),
  prefill: (body) => assistantText(lastOf(body["messages"])),
};

const head = ({ id, model }: Talk, content: readonly Fields[]): Fields => ({
  id,
  type: "message",
  role: "assistant",
  model,
  content,
  stop_reason: null,
  stop_sequence: null,
});

const usage = (output: number): Fields => ({ input_tokens: INPUT_TOKENS, output_tokens: output });
