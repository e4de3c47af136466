/**
 * Answers as providers send them, and what they tell.
 *
 * @module
 */
import type { WireId } from "../../src/providers/provider.ts";
import type { Usage } from "../../src/usage.ts";
import { frame, joinedBytes } from "./frame.ts";

/** One answer and what a reader must find in it. */
export interface Sample {
  readonly name: string;
  readonly wire: WireId;
  readonly contentType: string;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly usage: Usage | undefined;
  readonly model: string | undefined;
  readonly costUsd?: number;
}

const encode = (text: string) => new TextEncoder().encode(text);

/** A JSON answer. */
function json(document: unknown, indent?: number): Pick<Sample, "contentType" | "body"> {
  return { contentType: "application/json", body: encode(JSON.stringify(document, null, indent)) };
}

/** A stream of events; Anthropic and OpenAI's responses name them. */
function sse(documents: readonly object[], end = ""): Pick<Sample, "contentType" | "body"> {
  const lines = documents.map((document) => {
    const type = (document as { type?: unknown }).type;
    return `${typeof type === "string" ? `event: ${type}\n` : ""}data: ${JSON.stringify(document)}\n\n`;
  });
  return { contentType: "text/event-stream; charset=utf-8", body: encode(lines.join("") + end) };
}

/** Amazon's binary frames. */
function binary(frames: readonly (readonly [type: string, payload: object])[]): Pick<Sample, "contentType" | "body"> {
  const bodies = frames.map(([type, payload]) => frame(type, encode(JSON.stringify(payload))));
  return { contentType: "application/vnd.amazon.eventstream", body: joinedBytes(bodies) };
}

const wrapped = (document: object) => ({ bytes: btoa(JSON.stringify(document)), p: "abcdefghij" });

/** A chunk of a chat stream. */
function chunk(model: string, rest: object): object {
  return { id: "chatcmpl-9xY", object: "chat.completion.chunk", created: 1764000000, model, ...rest };
}

const says = (content: string) => ({
  choices: [{ index: 0, delta: { content }, logprobs: null, finish_reason: null }],
});

function chat(model: string, usage: object, more: object = {}): object {
  const message = { role: "assistant", content: "Grüß Gott! 😀", refusal: null, annotations: [] };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: "stop" }];
  return { id: "chatcmpl-9xY", object: "chat.completion", created: 1764000000, model, choices, usage, ...more };
}

const OPENAI_USAGE = {
  prompt_tokens: 1117,
  completion_tokens: 446,
  total_tokens: 1563,
  prompt_tokens_details: { cached_tokens: 1024, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: 320,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
};
const OPENAI_TOLD: Usage = {
  input: 1117,
  output: 446,
  cachedInput: 1024,
  audioInput: 0,
  reasoningOutput: 320,
  audioOutput: 0,
};

const openaiChat: readonly Sample[] = [
  {
    name: "OpenAI chat",
    wire: "openai-chat",
    ...json(chat("gpt-5-2025-08-07", OPENAI_USAGE, { service_tier: "default", system_fingerprint: null }), 2),
    usage: OPENAI_TOLD,
    model: "gpt-5-2025-08-07",
  },
  {
    name: "OpenAI chat with audio",
    wire: "openai-chat",
    ...json(chat("gpt-audio-2025-08-28", {
      prompt_tokens: 219,
      completion_tokens: 380,
      total_tokens: 599,
      prompt_tokens_details: { cached_tokens: 0, text_tokens: 19, audio_tokens: 200, image_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0, text_tokens: 80, audio_tokens: 300 },
    })),
    usage: {
      input: 219,
      output: 380,
      cachedInput: 0,
      audioInput: 200,
      imageInput: 0,
      reasoningOutput: 0,
      audioOutput: 300,
    },
    model: "gpt-audio-2025-08-28",
  },
  {
    name: "OpenAI chat stream",
    wire: "openai-chat",
    ...sse([
      chunk("gpt-5-2025-08-07", { ...says("Grüß "), usage: null }),
      chunk("gpt-5-2025-08-07", { ...says("😀"), usage: null }),
      chunk("gpt-5-2025-08-07", { choices: [{ index: 0, delta: {}, finish_reason: "stop" }], usage: null }),
      chunk("gpt-5-2025-08-07", { choices: [], usage: OPENAI_USAGE }),
    ], "data: [DONE]\n\n"),
    usage: OPENAI_TOLD,
    model: "gpt-5-2025-08-07",
  },
  {
    name: "a chat stream that was not asked for its usage",
    wire: "openai-chat",
    ...sse([chunk("gpt-5-mini", says("Hi")), chunk("gpt-5-mini", says("!"))], "data: [DONE]\n\n"),
    usage: undefined,
    model: "gpt-5-mini",
  },
  {
    name: "Groq's stream, usage under x_groq",
    wire: "openai-chat",
    ...sse([
      chunk("llama-3.3-70b-versatile", { ...says("Hi"), x_groq: { id: "req_01", seed: 1 } }),
      chunk("llama-3.3-70b-versatile", {
        choices: [{ index: 0, delta: {}, logprobs: null, finish_reason: "stop" }],
        x_groq: {
          id: "req_01",
          usage: { queue_time: 0.05, prompt_tokens: 45, prompt_time: 0.002, completion_tokens: 607, total_tokens: 652 },
        },
      }),
    ], "data: [DONE]\n\n"),
    usage: { input: 45, output: 607 },
    model: "llama-3.3-70b-versatile",
  },
  {
    name: "DeepSeek's cache",
    wire: "openai-chat",
    ...json(chat("deepseek-chat", {
      prompt_tokens: 500,
      completion_tokens: 20,
      total_tokens: 520,
      prompt_cache_hit_tokens: 448,
      prompt_cache_miss_tokens: 52,
    })),
    usage: { input: 500, output: 20, cachedInput: 448 },
    model: "deepseek-chat",
  },
  {
    name: "Mistral's cache",
    wire: "openai-chat",
    ...json(chat("mistral-small-latest", {
      prompt_tokens: 120,
      total_tokens: 140,
      completion_tokens: 20,
      num_cached_tokens: 64,
    })),
    usage: { input: 120, output: 20, cachedInput: 64 },
    model: "mistral-small-latest",
  },
  {
    name: "xAI's stream, reasoning beside the completion",
    wire: "openai-chat",
    ...sse([
      chunk("grok-3-mini", { choices: [{ index: 0, delta: { reasoning_content: "First", role: "assistant" } }] }),
      chunk("grok-3-mini", {
        choices: [],
        usage: {
          prompt_tokens: 291,
          completion_tokens: 26,
          total_tokens: 513,
          prompt_tokens_details: { text_tokens: 291, audio_tokens: 0, image_tokens: 0, cached_tokens: 290 },
          completion_tokens_details: { reasoning_tokens: 196, audio_tokens: 0 },
          num_sources_used: 0,
          cost_in_usd_ticks: 1330500,
        },
      }),
    ], "data: [DONE]\n\n"),
    usage: {
      input: 291,
      output: 222,
      cachedInput: 290,
      audioInput: 0,
      imageInput: 0,
      reasoningOutput: 196,
      audioOutput: 0,
    },
    model: "grok-3-mini",
    costUsd: 0.00013305,
  },
  {
    name: "OpenRouter's stream with its comments and its price",
    wire: "openai-chat",
    contentType: "text/event-stream",
    body: encode(
      ": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n" +
        `data: ${JSON.stringify(chunk("anthropic/claude-sonnet-4.5", says("Hi")))}\n\n` +
        `data: ${
          JSON.stringify(chunk("anthropic/claude-sonnet-4.5", {
            ...says(""),
            usage: {
              prompt_tokens: 5000,
              completion_tokens: 100,
              total_tokens: 5100,
              cost: 0.0042,
              is_byok: false,
              prompt_tokens_details: { cached_tokens: 4000, cache_write_tokens: 500, audio_tokens: 0 },
              cost_details: { upstream_inference_cost: null },
              completion_tokens_details: { reasoning_tokens: 0, image_tokens: 0 },
            },
          }))
        }\n\ndata: [DONE]\n\n`,
    ),
    usage: {
      input: 5000,
      output: 100,
      cachedInput: 4000,
      cacheWriteInput: 500,
      audioInput: 0,
      reasoningOutput: 0,
      imageOutput: 0,
    },
    model: "anthropic/claude-sonnet-4.5",
    costUsd: 0.0042,
  },
  {
    name: "Perplexity's deep research, reasoning and citations beside the completion",
    wire: "openai-chat",
    ...json(chat("sonar-deep-research", {
      prompt_tokens: 19,
      completion_tokens: 3498,
      total_tokens: 3517,
      search_context_size: "low",
      citation_tokens: 10175,
      num_search_queries: 48,
      reasoning_tokens: 3001,
      cost: { input_tokens_cost: 0, output_tokens_cost: 0.028, request_cost: 0.24, total_cost: 0.297 },
    }, { citations: ["https://example.com/"] })),
    usage: { input: 19, output: 6499, reasoningOutput: 3001 },
    model: "sonar-deep-research",
    costUsd: 0.297,
  },
];

const responsesUsage = {
  input_tokens: 328,
  input_tokens_details: { cached_tokens: 256 },
  output_tokens: 152,
  output_tokens_details: { reasoning_tokens: 128 },
  total_tokens: 480,
};
const response = (status: string, usage: unknown) => ({
  id: "resp_67cc",
  object: "response",
  created_at: 1764000000,
  status,
  error: null,
  incomplete_details: null,
  model: "gpt-5.2-2025-12-11",
  output: status === "completed"
    ? [{ type: "message", role: "assistant", content: [{ type: "output_text", text: "Hi", annotations: [] }] }]
    : [],
  parallel_tool_calls: true,
  tools: [],
  usage,
  user: null,
  metadata: {},
});

const openaiResponses: readonly Sample[] = [
  {
    name: "OpenAI responses",
    wire: "openai-responses",
    ...json(response("completed", responsesUsage)),
    usage: { input: 328, output: 152, cachedInput: 256, reasoningOutput: 128 },
    model: "gpt-5.2-2025-12-11",
  },
  {
    name: "OpenAI responses stream",
    wire: "openai-responses",
    ...sse([
      { type: "response.created", sequence_number: 0, response: response("in_progress", null) },
      { type: "response.output_text.delta", sequence_number: 1, item_id: "msg_1", delta: "Hi", logprobs: [] },
      { type: "response.completed", sequence_number: 2, response: response("completed", responsesUsage) },
    ]),
    usage: { input: 328, output: 152, cachedInput: 256, reasoningOutput: 128 },
    model: "gpt-5.2-2025-12-11",
  },
  {
    name: "OpenAI realtime's last event of a turn",
    wire: "openai-responses",
    ...json({
      type: "response.done",
      event_id: "event_1",
      response: {
        object: "realtime.response",
        status: "completed",
        usage: {
          total_tokens: 4200,
          input_tokens: 2500,
          output_tokens: 1700,
          input_token_details: {
            text_tokens: 500,
            audio_tokens: 2000,
            image_tokens: 0,
            cached_tokens: 1000,
            cached_tokens_details: { text_tokens: 0, audio_tokens: 1000, image_tokens: 0 },
          },
          output_token_details: { text_tokens: 200, audio_tokens: 1500 },
        },
      },
    }),
    usage: {
      input: 2500,
      output: 1700,
      cachedInput: 1000,
      audioInput: 2000,
      cachedAudioInput: 1000,
      imageInput: 0,
      audioOutput: 1500,
    },
    model: undefined,
  },
];

const openaiEmbeddings: readonly Sample[] = [{
  name: "OpenAI embeddings",
  wire: "openai-embeddings",
  ...json({
    object: "list",
    data: [{ object: "embedding", index: 0, embedding: [0.0023064255, -0.009327292] }],
    model: "text-embedding-3-small",
    usage: { prompt_tokens: 8, total_tokens: 8 },
  }),
  usage: { input: 8, output: 0 },
  model: "text-embedding-3-small",
}];

const anthropicUsage = {
  input_tokens: 1000,
  cache_creation_input_tokens: 4000,
  cache_read_input_tokens: 20000,
  cache_creation: { ephemeral_5m_input_tokens: 3000, ephemeral_1h_input_tokens: 1000 },
  output_tokens: 800,
  service_tier: "standard",
};
const anthropicTold: Usage = {
  input: 25000,
  output: 800,
  cachedInput: 20000,
  cacheWriteInput: 4000,
  longCacheWriteInput: 1000,
};
const message = (usage: unknown) => ({
  model: "claude-sonnet-4-5-20250929",
  id: "msg_01",
  type: "message",
  role: "assistant",
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage,
});
const deltas = (usage: object) => [
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "ping" },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hello" } },
  { type: "content_block_stop", index: 0 },
  { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage },
  { type: "message_stop" },
];

const anthropicMessages: readonly Sample[] = [
  {
    name: "Anthropic message",
    wire: "anthropic-messages",
    ...json(message(anthropicUsage)),
    usage: anthropicTold,
    model: "claude-sonnet-4-5-20250929",
  },
  {
    name: "Anthropic stream whose last event tells the output alone",
    wire: "anthropic-messages",
    ...sse([
      { type: "message_start", message: message({ ...anthropicUsage, output_tokens: 1 }) },
      ...deltas({ output_tokens: 800 }),
    ]),
    usage: anthropicTold,
    model: "claude-sonnet-4-5-20250929",
  },
  {
    name: "Anthropic stream whose last event tells more input than the first",
    wire: "anthropic-messages",
    ...sse([
      {
        type: "message_start",
        message: message({
          input_tokens: 2,
          cache_creation_input_tokens: 3068,
          cache_read_input_tokens: 0,
          cache_creation: { ephemeral_5m_input_tokens: 3068, ephemeral_1h_input_tokens: 0 },
          output_tokens: 69,
        }),
      },
      ...deltas({
        input_tokens: 6,
        cache_creation_input_tokens: 3337,
        cache_read_input_tokens: 6289,
        output_tokens: 198,
        output_tokens_details: { thinking_tokens: 12 },
      }),
    ]),
    usage: {
      input: 9632,
      output: 198,
      cachedInput: 6289,
      cacheWriteInput: 3337,
      longCacheWriteInput: 0,
      reasoningOutput: 12,
    },
    model: "claude-sonnet-4-5-20250929",
  },
  {
    name: "Anthropic compaction, which its totals leave out, and an advisor, which is another model",
    wire: "anthropic-messages",
    ...json(message({
      input_tokens: 682,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: 1320,
      iterations: [
        { type: "compaction", input_tokens: 60385, output_tokens: 592, cache_read_input_tokens: 100 },
        { type: "advisor_message", model: "claude-opus-4-7", input_tokens: 2728, output_tokens: 874 },
        { type: "message", input_tokens: 682, output_tokens: 1320, cache_read_input_tokens: 0 },
      ],
    })),
    usage: { input: 61167, output: 1912, cachedInput: 100, cacheWriteInput: 0 },
    model: "claude-sonnet-4-5-20250929",
  },
];

const geminiChunk = (text: string, usageMetadata: object) => ({
  candidates: [{ content: { parts: [{ text }], role: "model" }, index: 0 }],
  usageMetadata,
  modelVersion: "gemini-2.5-flash",
  responseId: "abc",
});
const geminiUsage = {
  promptTokenCount: 1500,
  candidatesTokenCount: 30,
  totalTokenCount: 1950,
  cachedContentTokenCount: 1000,
  promptTokensDetails: [{ modality: "TEXT", tokenCount: 1100 }, { modality: "AUDIO", tokenCount: 400 }],
  cacheTokensDetails: [{ modality: "TEXT", tokenCount: 900 }, { modality: "AUDIO", tokenCount: 100 }],
  candidatesTokensDetails: [{ modality: "TEXT", tokenCount: 30 }],
  toolUsePromptTokenCount: 20,
  thoughtsTokenCount: 400,
};
const geminiTold: Usage = {
  input: 1520,
  output: 430,
  cachedInput: 1000,
  audioInput: 400,
  cachedAudioInput: 100,
  reasoningOutput: 400,
};
const geminiChunks = [
  geminiChunk("Hel", { promptTokenCount: 1500, totalTokenCount: 1500 }),
  geminiChunk("lo", { promptTokenCount: 1500, candidatesTokenCount: 12, totalTokenCount: 1512 }),
  geminiChunk("", geminiUsage),
];

const gemini: readonly Sample[] = [
  {
    name: "Gemini",
    wire: "gemini",
    ...json(geminiChunk("Hello", geminiUsage), 2),
    usage: geminiTold,
    model: "gemini-2.5-flash",
  },
  { name: "Gemini stream", wire: "gemini", ...sse(geminiChunks), usage: geminiTold, model: "gemini-2.5-flash" },
  {
    name: "Gemini stream as one JSON array",
    wire: "gemini",
    contentType: "application/json; charset=UTF-8",
    body: encode(`[${geminiChunks.map((part) => JSON.stringify(part, null, 2)).join("\n,\r\n")}\n]\n`),
    usage: geminiTold,
    model: "gemini-2.5-flash",
  },
  {
    name: "Gemini drawing a picture, with no text",
    wire: "gemini",
    ...json(geminiChunk("", {
      promptTokenCount: 10,
      candidatesTokenCount: 1290,
      totalTokenCount: 1300,
      promptTokensDetails: [{ modality: "TEXT", tokenCount: 10 }],
      candidatesTokensDetails: [{ modality: "IMAGE", tokenCount: 1290 }],
    })),
    usage: { input: 10, output: 1290, imageOutput: 1290 },
    model: "gemini-2.5-flash",
  },
  {
    name: "Gemini refusing the prompt: what is 0 is left out",
    wire: "gemini",
    ...json({
      promptFeedback: { blockReason: "PROHIBITED_CONTENT" },
      usageMetadata: { promptTokenCount: 7, totalTokenCount: 7 },
      modelVersion: "gemini-2.5-flash",
    }),
    usage: { input: 7, output: 0 },
    model: "gemini-2.5-flash",
  },
];

const converseTold: Usage = {
  input: 1205,
  output: 350,
  cachedInput: 800,
  cacheWriteInput: 400,
  longCacheWriteInput: 100,
};
const converseUsage = {
  inputTokens: 5,
  outputTokens: 350,
  totalTokens: 1555,
  cacheReadInputTokens: 800,
  cacheWriteInputTokens: 400,
  cacheDetails: [{ ttl: "1h", inputTokens: 100 }, { ttl: "5m", inputTokens: 300 }],
  serverToolUsage: {},
};

const bedrockConverse: readonly Sample[] = [
  {
    name: "Bedrock Converse",
    wire: "bedrock-converse",
    ...json({
      metrics: { latencyMs: 551 },
      output: { message: { content: [{ text: "Hello" }], role: "assistant" } },
      stopReason: "end_turn",
      usage: converseUsage,
    }),
    usage: converseTold,
    model: undefined,
  },
  {
    name: "Bedrock Converse stream",
    wire: "bedrock-converse",
    ...binary([
      ["messageStart", { p: "abcdefgh", role: "assistant" }],
      ["contentBlockDelta", { contentBlockIndex: 0, delta: { text: "Grüß Gott" }, p: "abcd" }],
      ["contentBlockStop", { contentBlockIndex: 0, p: "abcdefghijk" }],
      ["messageStop", { p: "abc", stopReason: "end_turn" }],
      ["metadata", { metrics: { latencyMs: 551 }, p: "abcdef", usage: converseUsage }],
    ]),
    usage: converseTold,
    model: undefined,
  },
];

const metrics = {
  "amazon-bedrock-invocationMetrics": {
    inputTokenCount: 11,
    outputTokenCount: 25,
    invocationLatency: 1033,
    firstByteLatency: 612,
    cacheReadInputTokenCount: 30,
    cacheWriteInputTokenCount: 0,
  },
};

const bedrockInvoke: readonly Sample[] = [
  {
    name: "Bedrock Invoke of Claude",
    wire: "bedrock-invoke",
    ...json(message(anthropicUsage)),
    usage: anthropicTold,
    model: "claude-sonnet-4-5-20250929",
  },
  {
    name: "Bedrock Invoke stream of Claude",
    wire: "bedrock-invoke",
    ...binary([
      ["chunk", wrapped({ type: "message_start", message: message({ ...anthropicUsage, output_tokens: 1 }) })],
      ...deltas({ output_tokens: 800 }).map((event) =>
        ["chunk", wrapped(event.type === "message_stop" ? { ...event, ...metrics } : event)] as const
      ),
    ]),
    usage: anthropicTold,
    model: "claude-sonnet-4-5-20250929",
  },
  {
    name: "Bedrock Invoke of Nova",
    wire: "bedrock-invoke",
    ...json({
      output: { message: { content: [{ text: "Hi" }], role: "assistant" } },
      stopReason: "end_turn",
      usage: { inputTokens: 9, outputTokens: 4, totalTokens: 13, cacheReadInputTokenCount: 0 },
    }),
    usage: { input: 9, output: 4, cachedInput: 0 },
    model: undefined,
  },
  {
    name: "Bedrock Invoke of gpt-oss",
    wire: "bedrock-invoke",
    ...json(chat("openai.gpt-oss-120b-1:0", { prompt_tokens: 70, completion_tokens: 30, total_tokens: 100 })),
    usage: { input: 70, output: 30 },
    model: "openai.gpt-oss-120b-1:0",
  },
  {
    name: "Bedrock Invoke of Titan",
    wire: "bedrock-invoke",
    ...json({
      inputTextTokenCount: 5,
      results: [{ tokenCount: 51, outputText: "\nHi", completionReason: "FINISH" }],
    }),
    usage: { input: 5, output: 51 },
    model: undefined,
  },
  {
    name: "Bedrock Invoke of Titan's embeddings",
    wire: "bedrock-invoke",
    ...json({ embedding: [0.1, -0.2], inputTextTokenCount: 6, embeddingsByType: { float: [0.1, -0.2] } }),
    usage: { input: 6, output: 0 },
    model: undefined,
  },
  {
    name: "Bedrock Invoke of Llama",
    wire: "bedrock-invoke",
    ...json({ generation: "Hi", prompt_token_count: 14, generation_token_count: 33, stop_reason: "stop" }),
    usage: { input: 14, output: 33 },
    model: undefined,
  },
  {
    name: "Bedrock Invoke stream of Llama, told by Bedrock's own metrics",
    wire: "bedrock-invoke",
    ...binary([
      ["chunk", wrapped({ generation: "Hi", prompt_token_count: 41, generation_token_count: null, stop_reason: null })],
      ["chunk", wrapped({ generation: "", prompt_token_count: null, stop_reason: "stop", ...metrics })],
    ]),
    usage: { input: 41, output: 25, cachedInput: 30, cacheWriteInput: 0 },
    model: undefined,
  },
];

const cohereUsage = {
  billed_units: { input_tokens: 5, output_tokens: 2 },
  tokens: { input_tokens: 500, output_tokens: 5 },
};

const cohere: readonly Sample[] = [
  {
    name: "Cohere chat",
    wire: "cohere",
    ...json({ id: "c1", message: { role: "assistant", content: [] }, finish_reason: "COMPLETE", usage: cohereUsage }),
    usage: { input: 5, output: 2 },
    model: undefined,
  },
  {
    name: "Cohere chat stream",
    wire: "cohere",
    ...sse([
      { type: "message-start", id: "c1", delta: { message: { role: "assistant", content: [], tool_plan: "" } } },
      { type: "content-delta", index: 0, delta: { message: { content: { text: "OK" } } } },
      { type: "message-end", delta: { finish_reason: "COMPLETE", usage: { ...cohereUsage, cached_tokens: 448 } } },
    ]),
    usage: { input: 5, output: 2 },
    model: undefined,
  },
  {
    name: "Cohere version 1 stream, one event a line",
    wire: "cohere",
    contentType: "application/stream+json",
    body: encode(
      `{"is_finished":false,"event_type":"text-generation","text":"OK"}\n` +
        `{"is_finished":true,"event_type":"stream-end","response":{"text":"OK","meta":{"billed_units":{"input_tokens":4,"output_tokens":1}}}}\n`,
    ),
    usage: { input: 4, output: 1 },
    model: undefined,
  },
  {
    name: "Cohere embeddings",
    wire: "cohere",
    ...json({
      id: "e1",
      embeddings: { float: [[0.1]] },
      texts: ["sunny"],
      meta: { api_version: { version: "2" }, billed_units: { input_tokens: 10 } },
      response_type: "embeddings_by_type",
    }),
    usage: { input: 10, output: 0 },
    model: undefined,
  },
  {
    name: "Cohere rerank, which is billed by the search",
    wire: "cohere",
    ...json({ id: "r1", results: [{ index: 0, relevance_score: 0.9 }], meta: { billed_units: { search_units: 1 } } }),
    usage: undefined,
    model: undefined,
  },
];

const workersAi: readonly Sample[] = [
  {
    name: "Workers AI in Cloudflare's envelope",
    wire: "workers-ai",
    ...json({
      result: { response: "Hi", tool_calls: [], usage: { prompt_tokens: 26, completion_tokens: 3, total_tokens: 29 } },
      success: true,
      errors: [],
      messages: [],
    }),
    usage: { input: 26, output: 3 },
    model: undefined,
  },
  {
    name: "Workers AI stream",
    wire: "workers-ai",
    ...sse([
      { response: "Hi", p: "abcdefgh" },
      {
        response: "",
        usage: {
          prompt_tokens: 26,
          completion_tokens: 3,
          total_tokens: 29,
          prompt_tokens_details: { cached_tokens: 16 },
        },
      },
    ], "data: [DONE]\n\n"),
    usage: { input: 26, output: 3, cachedInput: 16 },
    model: undefined,
  },
];

const ollamaLast = {
  model: "llama3.2",
  created_at: "2026-11-01T12:00:00Z",
  message: { role: "assistant", content: "" },
  done_reason: "stop",
  done: true,
  total_duration: 4883583458,
  load_duration: 1334875,
  prompt_eval_count: 26,
  prompt_eval_duration: 342546000,
  eval_count: 282,
  eval_duration: 4535599000,
};

const ollama: readonly Sample[] = [
  { name: "Ollama", wire: "ollama", ...json(ollamaLast), usage: { input: 26, output: 282 }, model: "llama3.2" },
  {
    name: "Ollama stream",
    wire: "ollama",
    contentType: "application/x-ndjson",
    body: encode(
      [{ model: "llama3.2", message: { role: "assistant", content: "😀" }, done: false }, ollamaLast]
        .map((line) => JSON.stringify(line) + "\n").join(""),
    ),
    usage: { input: 26, output: 282 },
    model: "llama3.2",
  },
  {
    name: "Ollama with the whole prompt in its cache: what is 0 is left out",
    wire: "ollama",
    ...json({ model: "llama3.2", response: "Hi", done: true, eval_count: 2 }),
    usage: { input: 0, output: 2 },
    model: "llama3.2",
  },
];

/** Every sample. */
export const SAMPLES: readonly Sample[] = [
  ...openaiChat,
  ...openaiResponses,
  ...openaiEmbeddings,
  ...anthropicMessages,
  ...gemini,
  ...bedrockConverse,
  ...bedrockInvoke,
  ...cohere,
  ...workersAi,
  ...ollama,
];
