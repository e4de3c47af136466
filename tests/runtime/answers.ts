/**
 * What providers say and clients send, in the shapes that they really have.
 *
 * @module
 */
import type { Answer, Fields } from "./exchange.ts";

/** A JSON answer, once the request has come whole. */
export function json(body: string, status = 200, fields: Fields = []): Answer {
  return async (exchange) => {
    await exchange.body;
    exchange.reply(status, [["content-type", "application/json"], ...fields], body);
  };
}

/** An error as OpenAI words it. */
export function failing(status: number, fields: Fields = []): Answer {
  return json(
    `{"error":{"message":"made to fail with ${status}","type":"server_error","code":"made_${status}"}}`,
    status,
    fields,
  );
}

/** Breaks the connection before any answer. */
export const vanishing: Answer = async (exchange) => {
  await exchange.body;
  exchange.reset();
};

/** An answer whose head comes late. */
export function late(ms: number, answer: Answer): Answer {
  return async (exchange) => {
    await exchange.body;
    await new Promise((resolve) => setTimeout(resolve, ms));
    if (!exchange.isClosed) await answer(exchange);
  };
}

/** An answer that never comes. */
export const silent: Answer = () => {};

/** A small OpenAI chat request. */
export const CHAT = '{"model":"gpt-5","messages":[{"role":"user","content":"Hi"}]}';

/** The answer to it; its usage is 11 in, 7 out. */
export const CHAT_ANSWER =
  '{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-5-2026","choices":[{"index":0,"message":' +
  '{"role":"assistant","content":"Hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}}';

/** A small Anthropic request. */
export const MESSAGE = '{"model":"claude-sonnet-5","max_tokens":16,"messages":[{"role":"user","content":"Hi"}]}';

/** The answer to it. */
export const MESSAGE_ANSWER =
  '{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-5","content":[{"type":"text","text":"Hello"}],' +
  '"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":4}}';

/** A small Gemini request. */
export const CONTENT = '{"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}';

/** The answer to it. */
export const CONTENT_ANSWER =
  '{"candidates":[{"content":{"role":"model","parts":[{"text":"Hello"}]},"finishReason":"STOP"}],"modelVersion":"gemini-2.5-flash",' +
  '"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":3,"totalTokenCount":8}}';

/** Head of an event stream. */
export const EVENTS: Fields = [["content-type", "text/event-stream"], ["cache-control", "no-cache"]];

/** One event of an OpenAI chat stream. */
export function chunk(content: string, extra = ""): string {
  return `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-5-2026","choices":[{"index":0,` +
    `"delta":{"content":${JSON.stringify(content)}},"finish_reason":null}]${extra}}\n\n`;
}

/** The event that ends the text of an OpenAI chat stream. */
export const STOP_CHUNK =
  'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-5-2026","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n';

/** The extra event that `stream_options.include_usage` asks for. */
export const USAGE_CHUNK =
  'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-5-2026","choices":[],"usage":{"prompt_tokens":21,"completion_tokens":13,"total_tokens":34}}\n\n';

/** The end mark of an OpenAI stream. */
export const DONE = "data: [DONE]\n\n";

/** A JSON text that says the same as another parser's but isn't it: big integers, odd spacing, unknown fields, escapes. */
export const ODD =
  '{ "model" :\t"gpt-5","seed":12345678901234567890, "tiny":1e-400,"zero":-0,"float":1.10,\r\n "messages":[ {"role":"user",' +
  '"content":"\\u00e9\\ud83d\\ude00 caf\u00e9 \\/"} ],"x_unknown":{"a":[1.0,  2]},"logit_bias":{"50256":-100} }\n';
