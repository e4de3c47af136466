/**
 * Streams as providers send them, and what has to be heard in them.
 *
 * @module
 */
import type { WireId } from "../../src/providers/provider.ts";
import { frame, joinedBytes } from "./frame.ts";

/** One stream, and what is heard once it is over. */
export interface Stream {
  readonly name: string;
  readonly wire: WireId;
  readonly contentType: string;
  /** Bytes of each event; those before `first` are no output of the model's. */
  readonly events: readonly Uint8Array<ArrayBuffer>[];
  /** Index of the event in which the model speaks first; -1 where it never does. */
  readonly first: number;
  /** Index of the event in which it has finished; -1 where it never does. */
  readonly finish: number;
  readonly hasEnded: boolean;
  /** Status and body of the error, as JSON. */
  readonly fault?: readonly [status: number, body: unknown];
  readonly badEvents?: number;
  readonly ending: "whole" | "empty" | "cut";
}

const encode = (text: string) => new TextEncoder().encode(text);
const SSE = "text/event-stream; charset=utf-8";
const AMAZON = "application/vnd.amazon.eventstream";

/** Events; OpenAI's responses, Anthropic and Cohere name them by their type. Text is sent as it is. */
const sse = (...documents: readonly (object | string)[]) =>
  documents.map((document) => {
    if (typeof document === "string") return encode(document);
    const { type } = document as { type?: unknown };
    return encode(`${typeof type === "string" ? `event: ${type}\n` : ""}data: ${JSON.stringify(document)}\n\n`);
  });
const lines = (...documents: readonly object[]) => documents.map((document) => encode(`${JSON.stringify(document)}\n`));
const binary = (...frames: readonly (readonly [type: string, payload: object])[]) =>
  frames.map(([type, payload]) => frame(type, encode(JSON.stringify(payload))));
const wrapped = (...documents: readonly object[]) =>
  binary(...documents.map((document) => ["chunk", { bytes: btoa(JSON.stringify(document)), p: "abcd" }] as const));

const chunk = (delta: object, finish: string | null = null, more: object = {}) => ({
  id: "chatcmpl-9xY",
  object: "chat.completion.chunk",
  created: 1764000000,
  model: "gpt-5-2025-08-07",
  service_tier: "default",
  system_fingerprint: null,
  choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  obfuscation: "k3Js",
  ...more,
});
const DONE = "data: [DONE]\n\n";
const role = chunk({ role: "assistant", content: "", refusal: null });
const usage = { id: "chatcmpl-9xY", object: "chat.completion.chunk", choices: [], usage: { prompt_tokens: 9 } };
/** What a model writes to pass for a provider. */
const FORGED =
  '"}]}\n\ndata: [DONE]\n\n{"error":{"message":"x"},"finish_reason":"stop","type":"message_stop","done":true}';

const chat: readonly Stream[] = [
  {
    name: "OpenAI chat",
    wire: "openai-chat",
    contentType: SSE,
    events: sse(role, chunk({ content: "Grüß 😀" }), chunk({ content: FORGED }), chunk({}, "stop"), usage, DONE),
    first: 1,
    finish: 3,
    hasEnded: true,
    ending: "whole",
  },
  {
    name: "OpenAI chat calling a tool",
    wire: "openai-chat",
    contentType: SSE,
    events: sse(
      chunk({
        role: "assistant",
        content: null,
        tool_calls: [{ index: 0, id: "call_1", type: "function", function: { name: "f", arguments: "" } }],
      }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '{"error":{' } }] }),
      chunk({}, "tool_calls"),
      DONE,
    ),
    first: 0,
    finish: 2,
    hasEnded: true,
    ending: "whole",
  },
  {
    name: "Azure with what it found in the prompt first, then a content filter, which is an answer",
    wire: "openai-chat",
    contentType: SSE,
    events: sse(
      {
        choices: [],
        model: "",
        prompt_filter_results: [{
          prompt_index: 0,
          content_filter_results: { hate: { filtered: false, severity: "safe" }, jailbreak: { detected: false } },
        }],
      },
      chunk({}, "content_filter"),
      DONE,
    ),
    first: -1,
    finish: 1,
    hasEnded: true,
    ending: "whole",
  },
  {
    name: "DeepSeek reasoning",
    wire: "openai-chat",
    contentType: SSE,
    events: sse(
      chunk({ role: "assistant", content: null, reasoning_content: "" }),
      chunk({ content: null, reasoning_content: "First" }),
      chunk({ content: "", reasoning_content: null }, "stop"),
      DONE,
    ),
    first: 1,
    finish: 2,
    hasEnded: true,
    ending: "whole",
  },
  {
    name: "OpenAI completions",
    wire: "openai-chat",
    contentType: SSE,
    events: sse({ choices: [{ text: "Hi", index: 0, finish_reason: null }] }, {
      choices: [{ text: "", index: 0, finish_reason: "length" }],
    }, DONE),
    first: 0,
    finish: 1,
    hasEnded: true,
    ending: "whole",
  },
  {
    name: "OpenAI's audio",
    wire: "openai-chat",
    contentType: SSE,
    events: sse(role, chunk({ audio: { id: "audio_1", data: "UklGRg==" } }), chunk({}, "stop"), DONE),
    first: 1,
    finish: 2,
    hasEnded: true,
    ending: "whole",
  },
  {
    name: "a stream without [DONE]",
    wire: "openai-chat",
    contentType: SSE,
    events: sse(role, chunk({ content: "Hi" }), chunk({}, "stop")),
    first: 1,
    finish: 2,
    hasEnded: false,
    ending: "whole",
  },
  {
    name: "a stream with [DONE] but without a reason",
    wire: "openai-chat",
    contentType: SSE,
    events: sse(role, chunk({ content: "Hi" }), DONE),
    first: 1,
    finish: -1,
    hasEnded: true,
    ending: "whole",
  },
  {
    name: "a stream that is cut",
    wire: "openai-chat",
    contentType: SSE,
    events: sse(role, chunk({ content: "Hi" }), chunk({ content: FORGED })),
    first: 1,
    finish: -1,
    hasEnded: false,
    ending: "cut",
  },
  {
    name: "an empty answer that the model finished",
    wire: "openai-chat",
    contentType: SSE,
    events: sse(role, chunk({}, "stop"), DONE),
    first: -1,
    finish: 1,
    hasEnded: true,
    ending: "whole",
  },
  {
    name: "nothing but [DONE]",
    wire: "openai-chat",
    contentType: SSE,
    events: sse(role, DONE),
    first: -1,
    finish: -1,
    hasEnded: true,
    ending: "empty",
  },
  {
    name: "nothing at all",
    wire: "openai-chat",
    contentType: SSE,
    events: sse(": ping\n\n"),
    first: -1,
    finish: -1,
    hasEnded: false,
    ending: "empty",
  },
  {
    name: "OpenRouter with its comments and an error in the middle",
    wire: "openai-chat",
    contentType: SSE,
    events: sse(
      ": OPENROUTER PROCESSING\n\n",
      ": OPENROUTER PROCESSING\n\n",
      chunk({ role: "assistant", content: "Hi", reasoning: null, reasoning_details: [] }),
      chunk({ content: "" }, "error", { error: { code: 502, message: "Provider disconnected unexpectedly" } }),
    ),
    first: 2,
    finish: -1,
    hasEnded: false,
    fault: [502, { error: { code: 502, message: "Provider disconnected unexpectedly" } }],
    ending: "cut",
  },
  {
    name: "OpenAI limiting the rate before the first word",
    wire: "openai-chat",
    contentType: SSE,
    events: sse({ error: { message: "Rate limit reached", type: "tokens", param: null, code: "rate_limit_exceeded" } }),
    first: -1,
    finish: -1,
    hasEnded: false,
    fault: [429, {
      error: { message: "Rate limit reached", type: "tokens", param: null, code: "rate_limit_exceeded" },
    }],
    ending: "empty",
  },
  {
    name: "vLLM's older errors",
    wire: "openai-chat",
    contentType: SSE,
    events: sse({ object: "error", message: "broken", type: "InternalServerError", param: null, code: 500 }),
    first: -1,
    finish: -1,
    hasEnded: false,
    fault: [500, {
      error: { object: "error", message: "broken", type: "InternalServerError", param: null, code: 500 },
    }],
    ending: "empty",
  },
  {
    name: "broken JSON between good events",
    wire: "openai-chat",
    contentType: SSE,
    events: sse(
      role,
      'data: {"id":"x","choices":[{"delta":{"content":"Hi\n\n',
      chunk({ content: "Hi" }),
      'data: {"choices":[{"delta":{"cont\n\n',
      chunk({}, "stop"),
      DONE,
    ),
    first: 2,
    finish: 4,
    hasEnded: true,
    badEvents: 1,
    ending: "whole",
  },
  {
    name: "carriage returns, comments, names behind the data and data on several lines",
    wire: "openai-chat",
    contentType: SSE,
    events: sse(
      "\ufeff: hello\r\n\r\n",
      'id: 1\r\ndata: {"choices":\r\ndata:[{"delta":\r\ndata: {"content":"Hi"}}]}\r\nevent: message\r\nretry: 5\r\n\r\n',
      'data:{"choices":[{"delta":{},"finish_reason" : "stop"}]}\r\n\r\n'.replace(" :", ":"),
      "data: [DONE]\r\n\r\n",
    ),
    first: 1,
    finish: 2,
    hasEnded: true,
    ending: "whole",
  },
  {
    name: "lines that end in a lone return",
    wire: "openai-chat",
    contentType: SSE,
    events: sse(
      ': hello\r\rdata: {"choices":[{"delta":{"role":"assistant","content":""}}]}\r\r',
      'data: {"choices":[{"delta":{"content":"Hi"}}]}\r\rdata: {"choices":[{"delta":{},"finish_reason":"stop"}]}\r\rdata: [DONE]',
    ),
    first: 1,
    finish: 1,
    hasEnded: true,
    ending: "whole",
  },
  {
    name: "a last event that no blank line closes",
    wire: "openai-chat",
    contentType: SSE,
    events: sse(role, chunk({ content: "Hi" }), `data: ${JSON.stringify(chunk({}, "stop"))}`),
    first: 1,
    finish: 2,
    hasEnded: false,
    ending: "whole",
  },
];

const response = (status: string, more: object = {}) => ({
  id: "resp_67cc",
  object: "response",
  status,
  error: null,
  incomplete_details: null,
  instructions: [{ type: "message", role: "system", content: [{ type: "input_text", text: "Be brief." }] }],
  model: "gpt-5.2",
  output: [],
  reasoning: { effort: "high", summary: null },
  text: { format: { type: "text" }, verbosity: "medium" },
  tools: [{ type: "function", name: "f", description: "Finds text", parameters: {} }],
  ...more,
});
const started = [
  { type: "response.created", sequence_number: 0, response: response("in_progress") },
  { type: "response.in_progress", sequence_number: 1, response: response("in_progress") },
  {
    type: "response.output_item.added",
    output_index: 0,
    item: { id: "msg_1", type: "message", status: "in_progress", content: [], role: "assistant" },
  },
  {
    type: "response.content_part.added",
    item_id: "msg_1",
    part: { type: "output_text", annotations: [], logprobs: [], text: "" },
  },
];
const said = { type: "response.output_text.delta", item_id: "msg_1", delta: "Hi", logprobs: [], obfuscation: "x8" };
const failure = { code: "server_is_overloaded", message: "Our servers are currently overloaded." };

const responses: readonly Stream[] = [
  {
    name: "OpenAI responses",
    wire: "openai-responses",
    contentType: SSE,
    events: sse(...started, said, { type: "response.output_text.done", text: "Hi" }, {
      type: "response.completed",
      response: response("completed"),
    }),
    first: 4,
    finish: 6,
    hasEnded: true,
    ending: "whole",
  },
  {
    name: "OpenAI responses calling a function",
    wire: "openai-responses",
    contentType: SSE,
    events: sse(
      started[0]!,
      { type: "response.output_item.added", item: { type: "function_call", name: "f", arguments: "", call_id: "c" } },
      { type: "response.function_call_arguments.delta", item_id: "fc_1", delta: "{}" },
      {
        type: "response.incomplete",
        response: response("incomplete", { incomplete_details: { reason: "max_output_tokens" } }),
      },
    ),
    first: 2,
    finish: 3,
    hasEnded: true,
    ending: "whole",
  },
  {
    name: "OpenAI responses failing",
    wire: "openai-responses",
    contentType: SSE,
    events: sse(started[0]!, { type: "response.failed", response: response("failed", { error: failure }) }),
    first: -1,
    finish: -1,
    hasEnded: false,
    fault: [503, { error: failure }],
    ending: "empty",
  },
  {
    name: "OpenAI responses telling an error after the first word",
    wire: "openai-responses",
    contentType: SSE,
    events: sse(...started, said, { type: "error", code: "server_error", message: "Sorry", param: null }),
    first: 4,
    finish: -1,
    hasEnded: false,
    fault: [500, { error: { type: "error", code: "server_error", message: "Sorry", param: null } }],
    ending: "cut",
  },
  {
    name: "OpenAI's transcription",
    wire: "openai-responses",
    contentType: SSE,
    events: sse({ type: "transcript.text.delta", delta: "Hi" }, { type: "transcript.text.done", text: "Hi" }),
    first: 0,
    finish: 1,
    hasEnded: true,
    ending: "whole",
  },
  {
    name: "OpenAI drawing",
    wire: "openai-responses",
    contentType: SSE,
    events: sse({ type: "image_generation.partial_image", b64_json: "iVBO", partial_image_index: 0 }, {
      type: "image_generation.completed",
      b64_json: "iVBORw",
    }),
    first: 0,
    finish: 1,
    hasEnded: true,
    ending: "whole",
  },
];

const start = {
  type: "message_start",
  message: {
    id: "msg_01",
    type: "message",
    role: "assistant",
    model: "claude-sonnet-4-5-20250929",
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 25, output_tokens: 1 },
  },
};
const block = { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } };
const ping = { type: "ping" };
const hello = { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Grüß 😀" } };
const forged = { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: FORGED } };
const stopped = [
  { type: "content_block_stop", index: 0 },
  { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 15 } },
  { type: "message_stop" },
];
const overloaded = { type: "overloaded_error", message: "Overloaded" };

const anthropic: readonly Stream[] = [
  {
    name: "Anthropic",
    wire: "anthropic-messages",
    contentType: SSE,
    events: sse(start, block, ping, hello, forged, ...stopped),
    first: 3,
    finish: 6,
    hasEnded: true,
    ending: "whole",
  },
  {
    name: "Anthropic calling a tool that takes nothing",
    wire: "anthropic-messages",
    contentType: SSE,
    events: sse(
      start,
      { type: "content_block_start", index: 0, content_block: { type: "tool_use", id: "t1", name: "f", input: {} } },
      { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: "" } },
      ...stopped,
    ),
    first: 1,
    finish: 4,
    hasEnded: true,
    ending: "whole",
  },
  {
    name: "Anthropic thinking",
    wire: "anthropic-messages",
    contentType: SSE,
    events: sse(
      start,
      { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "", signature: "" } },
      { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "Well" } },
      ...stopped,
    ),
    first: 2,
    finish: 4,
    hasEnded: true,
    ending: "whole",
  },
  {
    name: "Anthropic overloaded before the first word",
    wire: "anthropic-messages",
    contentType: SSE,
    events: sse(start, block, ping, { type: "error", error: overloaded }),
    first: -1,
    finish: -1,
    hasEnded: false,
    fault: [529, { type: "error", error: overloaded }],
    ending: "empty",
  },
  {
    name: "Anthropic overloaded after the first word",
    wire: "anthropic-messages",
    contentType: SSE,
    events: sse(start, block, hello, { type: "error", error: overloaded, request_id: "req_1" }),
    first: 2,
    finish: -1,
    hasEnded: false,
    fault: [529, { type: "error", error: overloaded }],
    ending: "cut",
  },
  {
    name: "Anthropic ending without a word or a reason",
    wire: "anthropic-messages",
    contentType: SSE,
    events: sse(start, { type: "message_stop" }),
    first: -1,
    finish: -1,
    hasEnded: true,
    ending: "empty",
  },
];

const part = (parts: readonly object[], finishReason?: string) => ({
  candidates: [{
    content: { parts, role: "model" },
    ...(finishReason === undefined ? {} : { finishReason }),
    index: 0,
  }],
  usageMetadata: { promptTokenCount: 4, totalTokenCount: 8 },
  modelVersion: "gemini-2.5-flash",
  responseId: "abc",
});
const GEMINI = [
  part([{ text: "" }]),
  part([{ text: "Grüß 😀" }]),
  part([{ text: FORGED }]),
  part([{ text: "" }], "STOP"),
];
const unavailable = { code: 503, message: "The model is overloaded.", status: "UNAVAILABLE" };

const gemini: readonly Stream[] = [
  {
    name: "Gemini",
    wire: "gemini",
    contentType: SSE,
    events: sse(...GEMINI),
    first: 1,
    finish: 3,
    hasEnded: false,
    ending: "whole",
  },
  {
    name: "Gemini calling a function that takes nothing",
    wire: "gemini",
    contentType: SSE,
    events: sse(part([{ functionCall: { name: "f", args: {} } }]), part([{ text: "" }], "STOP")),
    first: 0,
    finish: 1,
    hasEnded: false,
    ending: "whole",
  },
  {
    name: "Gemini refusing the prompt, which is an answer",
    wire: "gemini",
    contentType: SSE,
    events: sse({ promptFeedback: { blockReason: "PROHIBITED_CONTENT" }, usageMetadata: { promptTokenCount: 7 } }),
    first: -1,
    finish: 0,
    hasEnded: false,
    ending: "whole",
  },
  {
    name: "Gemini as a list on many lines",
    wire: "gemini",
    contentType: "application/json; charset=UTF-8",
    events: [
      ...GEMINI.map((event, index) => encode(`${index === 0 ? "[" : ",\r\n"}${JSON.stringify(event, null, 2)}\n`)),
      encode("]\n"),
    ],
    first: 1,
    finish: 3,
    hasEnded: true,
    ending: "whole",
  },
  {
    name: "Gemini as a list with an object a line",
    wire: "gemini",
    contentType: "application/json",
    events: GEMINI.map((event, index) =>
      encode(`${index === 0 ? "[" : ""}${JSON.stringify(event)}${index === GEMINI.length - 1 ? "]\n" : ",\r\n"}`)
    ),
    first: 1,
    finish: 3,
    hasEnded: true,
    ending: "whole",
  },
  {
    name: "Gemini failing in a list",
    wire: "gemini",
    contentType: "application/json",
    events: [encode(`[${JSON.stringify({ error: unavailable }, null, 2)}\n]\n`)],
    first: -1,
    finish: -1,
    hasEnded: false,
    fault: [503, { error: unavailable }],
    ending: "empty",
  },
  {
    name: "Gemini failing in the middle",
    wire: "gemini",
    contentType: SSE,
    events: sse(part([{ text: "Hi" }]), { error: unavailable }),
    first: 0,
    finish: -1,
    hasEnded: false,
    fault: [503, { error: unavailable }],
    ending: "cut",
  },
];

const cohereStart = {
  id: "c1",
  type: "message-start",
  delta: { message: { role: "assistant", content: [], tool_plan: "", tool_calls: [], citations: [] } },
};
const cohere: readonly Stream[] = [
  {
    name: "Cohere",
    wire: "cohere",
    contentType: SSE,
    events: sse(
      cohereStart,
      { type: "content-start", index: 0, delta: { message: { content: { type: "text", text: "" } } } },
      { type: "content-delta", index: 0, delta: { message: { content: { text: "OK" } } } },
      { type: "content-end", index: 0 },
      { type: "message-end", delta: { finish_reason: "COMPLETE", usage: { tokens: { input_tokens: 5 } } } },
    ),
    first: 2,
    finish: 4,
    hasEnded: true,
    ending: "whole",
  },
  {
    name: "Cohere calling a tool",
    wire: "cohere",
    contentType: SSE,
    events: sse(cohereStart, {
      type: "tool-call-start",
      index: 0,
      delta: { message: { tool_calls: { id: "f_1", type: "function", function: { name: "f", arguments: "" } } } },
    }, { type: "message-end", delta: { finish_reason: "TOOL_CALL" } }),
    first: 1,
    finish: 2,
    hasEnded: true,
    ending: "whole",
  },
  {
    name: "Cohere failing",
    wire: "cohere",
    contentType: SSE,
    events: sse(cohereStart, { type: "message-end", delta: { error: "broken", finish_reason: "ERROR", usage: {} } }),
    first: -1,
    finish: -1,
    hasEnded: false,
    fault: [500, { message: "broken" }],
    ending: "empty",
  },
  {
    name: "Cohere version 1",
    wire: "cohere",
    contentType: "application/stream+json",
    events: lines(
      { is_finished: false, event_type: "stream-start", generation_id: "9f" },
      { is_finished: false, event_type: "text-generation", text: "OK" },
      { is_finished: true, event_type: "stream-end", finish_reason: "COMPLETE", response: { text: "OK" } },
    ),
    first: 1,
    finish: 2,
    hasEnded: true,
    ending: "whole",
  },
];

const workers: readonly Stream[] = [
  {
    name: "Workers AI",
    wire: "workers-ai",
    contentType: SSE,
    events: sse({ response: "", p: "ab" }, { response: "Hi", p: "abcdefgh" }, { response: "", usage: {} }, DONE),
    first: 1,
    finish: -1,
    hasEnded: true,
    ending: "whole",
  },
  {
    name: "Workers AI in OpenAI's words",
    wire: "workers-ai",
    contentType: SSE,
    events: sse(role, chunk({ content: "Hi" }), chunk({}, "stop"), DONE),
    first: 1,
    finish: 2,
    hasEnded: true,
    ending: "whole",
  },
  {
    name: "Workers AI out of capacity",
    wire: "workers-ai",
    contentType: SSE,
    events: sse({ success: false, errors: [{ code: 3040, message: "Capacity temporarily exceeded" }] }),
    first: -1,
    finish: -1,
    hasEnded: false,
    fault: [503, { success: false, errors: [{ code: 3040, message: "Capacity temporarily exceeded" }] }],
    ending: "empty",
  },
];

const line = (content: string, more: object = { done: false }) => ({
  model: "llama3.2",
  created_at: "2026-11-01T12:00:00Z",
  message: { role: "assistant", content },
  ...more,
});
const ollama: readonly Stream[] = [
  {
    name: "Ollama",
    wire: "ollama",
    contentType: "application/x-ndjson",
    events: lines(
      line(""),
      line("Grüß 😀"),
      line(FORGED),
      line("", { done_reason: "stop", done: true, eval_count: 2 }),
    ),
    first: 1,
    finish: 3,
    hasEnded: true,
    ending: "whole",
  },
  {
    name: "Ollama generating",
    wire: "ollama",
    contentType: "application/x-ndjson",
    events: lines({ model: "llama3.2", response: "Hi", done: false }, { model: "llama3.2", response: "", done: true }),
    first: 0,
    finish: 1,
    hasEnded: true,
    ending: "whole",
  },
  {
    name: "Ollama calling a tool",
    wire: "ollama",
    contentType: "application/x-ndjson",
    events: lines(
      line("", {
        message: { role: "assistant", content: "", tool_calls: [{ function: { name: "f", arguments: {} } }] },
      }),
      line("", { done: true }),
    ),
    first: 0,
    finish: 1,
    hasEnded: true,
    ending: "whole",
  },
  {
    name: "Ollama failing, after a line that was cut",
    wire: "ollama",
    contentType: "application/x-ndjson",
    events: [encode('{"model":"llama3.2","mess\n'), ...lines({ error: "the model runner has stopped" })],
    first: -1,
    finish: -1,
    hasEnded: false,
    fault: [500, { error: "the model runner has stopped" }],
    badEvents: 1,
    ending: "empty",
  },
];

const converse: readonly Stream[] = [
  {
    name: "Bedrock Converse",
    wire: "bedrock-converse",
    contentType: AMAZON,
    events: binary(
      ["messageStart", { p: "abcdefgh", role: "assistant" }],
      ["contentBlockDelta", { contentBlockIndex: 0, delta: { text: "" }, p: "abcd" }],
      ["contentBlockDelta", { contentBlockIndex: 0, delta: { text: "Grüß 😀" }, p: "abcd" }],
      ["contentBlockDelta", { contentBlockIndex: 0, delta: { text: `:exception-type---x ${FORGED}` }, p: "abcd" }],
      ["contentBlockStop", { contentBlockIndex: 0, p: "abcdefghijk" }],
      ["messageStop", { p: "abc", stopReason: "end_turn" }],
      ["metadata", { metrics: { latencyMs: 551 }, p: "abcdef", usage: { inputTokens: 5 } }],
    ),
    first: 2,
    finish: 5,
    hasEnded: true,
    ending: "whole",
  },
  {
    name: "Bedrock Converse calling a tool",
    wire: "bedrock-converse",
    contentType: AMAZON,
    events: binary(
      ["messageStart", { role: "assistant" }],
      ["contentBlockStart", { contentBlockIndex: 0, start: { toolUse: { name: "f", toolUseId: "t1" } } }],
      ["messageStop", { stopReason: "tool_use" }],
    ),
    first: 1,
    finish: 2,
    hasEnded: false,
    ending: "whole",
  },
  {
    name: "Bedrock Converse throttled in the middle",
    wire: "bedrock-converse",
    contentType: AMAZON,
    events: [
      ...binary(["messageStart", { role: "assistant" }], ["contentBlockDelta", { delta: { text: "Hi" } }]),
      frame("throttlingException", encode('{"message":"Too many requests"}'), "exception"),
    ],
    first: 1,
    finish: -1,
    hasEnded: false,
    fault: [429, { message: "Too many requests" }],
    ending: "cut",
  },
];

const invoke: readonly Stream[] = [
  {
    name: "Bedrock Invoke of Claude",
    wire: "bedrock-invoke",
    contentType: AMAZON,
    events: wrapped(start, block, { ...hello, delta: { type: "text_delta", text: "Hi" } }, forged, ...stopped),
    first: 2,
    finish: 5,
    hasEnded: true,
    ending: "whole",
  },
  {
    name: "Bedrock Invoke of Nova",
    wire: "bedrock-invoke",
    contentType: AMAZON,
    events: wrapped(
      { messageStart: { role: "assistant" } },
      { contentBlockDelta: { delta: { text: "Hi" }, contentBlockIndex: 0 } },
      { messageStop: { stopReason: "end_turn" } },
      { metadata: { usage: {} }, "amazon-bedrock-invocationMetrics": { inputTokenCount: 1 } },
    ),
    first: 1,
    finish: 2,
    hasEnded: true,
    ending: "whole",
  },
  {
    name: "Bedrock Invoke of Llama",
    wire: "bedrock-invoke",
    contentType: AMAZON,
    events: wrapped({ generation: "Hi", stop_reason: null }, { generation: "", stop_reason: "stop" }),
    first: 0,
    finish: 1,
    hasEnded: false,
    ending: "whole",
  },
  {
    name: "Bedrock Invoke unavailable",
    wire: "bedrock-invoke",
    contentType: AMAZON,
    events: [frame("serviceUnavailableException", encode("{}"), "exception")],
    first: -1,
    finish: -1,
    hasEnded: false,
    fault: [503, { message: { type: "serviceUnavailableException" } }],
    ending: "empty",
  },
];

/** Every stream. */
export const STREAMS: readonly Stream[] = [
  ...chat,
  ...responses,
  ...anthropic,
  ...gemini,
  ...cohere,
  ...workers,
  ...ollama,
  ...converse,
  ...invoke,
];

/** The whole of a stream. */
export const bytesOf = ({ events }: Stream): Uint8Array<ArrayBuffer> => joinedBytes(events);
