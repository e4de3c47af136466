/**
 * OpenAI's chat completions.
 *
 * @module
 */
import { INPUT_TOKENS, TOOL_CALL } from "../answer.ts";
import type { Refusal } from "../refusal.ts";
import { type Dialect, type Fields, lastOf, type Talk, textOf } from "./dialect.ts";

/** Speaks OpenAI's chat completions. */
export const chat: Dialect = {
  id: "chat",
  provider: "openai",
  opening: (talk) => [chunk(talk, { role: "assistant", content: "" })],
  token: (talk, index) => chunk(talk, { content: talk.tokens[index] }),
  closing: (talk) => [chunk(talk, {}, "stop"), ...(talk.asksForUsage ? [usageChunk(talk)] : [])],
  end: () => ["data: [DONE]\n\n"],
  tool: (talk) => [
    chunk(talk, {
      tool_calls: [{ index: 0, id: "call_1", type: "function", function: { ...TOOL_CALL, arguments: "" } }],
    }),
    chunk(talk, { tool_calls: [{ index: 0, function: { arguments: TOOL_CALL.arguments } }] }),
  ],
  blocked: (talk) => [chunk(talk, {}, "content_filter")],
  plain: (talk) => completion(talk, talk.tokens.join(""), "stop"),
  plainBlocked: (talk) => completion(talk, null, "content_filter"),
  idle: ": PROCESSING\n\n",
  broken: 'data: {"id":"chatcmpl-wall","object":"chat.completion.chunk","choices":[{"delta":{"content": \n\n',
  refusal: openaiRefusal,
  error: (refusal) => `data: ${JSON.stringify(openaiRefusal(refusal))}\n\n`,
  prefill: (body) => assistantText(lastOf(body["messages"])),
};

/** The error body of OpenAI's endpoints. */
export function openaiRefusal({ message, openai: [type, code] }: Refusal): Fields {
  return { error: { message, type, param: null, code } };
}

/** What a message of the model's own says. */
export function assistantText(message: Fields | undefined): string | undefined {
  return message?.["role"] === "assistant" ? textOf(message["content"]) : undefined;
}

function chunk({ id, model }: Talk, delta: Fields, finish: string | null = null): string {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }];
  return `data: ${JSON.stringify({ id, object: "chat.completion.chunk", created: 1, model, choices })}\n\n`;
}

function usageChunk(talk: Talk): string {
  const { id, model } = talk;
  return `data: ${
    JSON.stringify({ id, object: "chat.completion.chunk", created: 1, model, choices: [], usage: usage(talk) })
  }\n\n`;
}

function usage({ tokens: { length } }: Talk): Fields {
  return { prompt_tokens: INPUT_TOKENS, completion_tokens: length, total_tokens: INPUT_TOKENS + length };
}

function completion(talk: Talk, content: string | null, finish: string): Fields {
  const { id, model } = talk;
  const message = { role: "assistant", content, refusal: null };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: finish }];
  return { id, object: "chat.completion", created: 1, model, choices, usage: usage(talk) };
}
