/**
 * Rows of the provider table: vendors of language models with one public address.
 *
 * @module
 */
import type { Provider } from "./provider.ts";
import {
  ALL_OF_OPENAI,
  ANTHROPIC,
  at,
  CHAT_ONLY,
  COHERE,
  GEMINI,
  keyIn,
  keyInEither,
  OPENAI,
  openaiLike,
  row,
} from "./shape.ts";

const GOOGLE = "https://generativelanguage.googleapis.com";

/** Language models at one public address each. */
export const CHAT: readonly Provider[] = [
  openaiLike({
    id: "openai",
    rules: at("https://api.openai.com", "(v1/){rest}"),
    compat: ALL_OF_OPENAI,
    asksForUsage: true,
  }),
  row({
    id: "anthropic",
    aliases: ["claude"],
    rules: at("https://api.anthropic.com", "(v1/){rest}"),
    auth: keyInEither("x-api-key"),
    wires: [...ANTHROPIC, ...OPENAI],
    dialect: "anthropic",
    compat: { ...CHAT_ONLY, takesBearer: true },
  }),
  row({
    id: "google-ai-studio",
    aliases: ["google", "gemini"],
    rules: [
      ...at(GOOGLE, "ws/{rest}", "upload/{rest}", "v1alpha/{rest}"),
      { match: "v1/v1beta/{rest}", to: `${GOOGLE}/v1beta/{rest}` },
      ...at(GOOGLE, "v1/{rest}", "(v1beta/){rest}"),
    ],
    auth: { kind: "key", header: "x-goog-api-key", also: ["authorization"], query: "key" },
    wires: [...GEMINI, ...OPENAI],
    dialect: "gemini",
    compat: {
      chat: "v1beta/openai/chat/completions",
      embeddings: "v1beta/openai/embeddings",
      models: "v1beta/openai/models",
      takesBearer: true,
    },
    answerHeaders: [
      "x-goog-upload-url",
      "x-goog-upload-control-url",
      "x-goog-upload-status",
      "x-goog-upload-chunk-granularity",
    ],
    priceId: "google",
  }),
  openaiLike({
    id: "groq",
    rules: at("https://api.groq.com", "(openai/)(v1/){rest}"),
    requestHeaders: ["groq-model-version"],
  }),
  openaiLike({
    id: "grok",
    aliases: ["xai", "x-ai"],
    rules: at("https://api.x.ai", "(v1/){rest}"),
    wires: [...OPENAI, ...ANTHROPIC],
    asksForUsage: true,
    requestHeaders: ["x-grok-conv-id"],
    priceId: "x-ai",
  }),
  openaiLike({
    id: "mistral",
    aliases: ["mistralai", "mistral-ai"],
    rules: at("https://api.mistral.ai", "(v1/){rest}"),
    compat: ALL_OF_OPENAI,
  }),
  openaiLike({
    id: "deepseek",
    rules: [{ match: "(v1/){rest}", to: "https://api.deepseek.com/{rest}" }],
    wires: [...OPENAI, ...ANTHROPIC],
    asksForUsage: true,
  }),
  openaiLike({
    id: "perplexity-ai",
    aliases: ["perplexity"],
    rules: [
      { match: "(v1/)chat/completions", to: "https://api.perplexity.ai/chat/completions" },
      { match: "{rest}", to: "https://api.perplexity.ai/{rest}" },
    ],
    compat: CHAT_ONLY,
    priceId: "perplexity",
  }),
  openaiLike({ id: "cerebras", rules: at("https://api.cerebras.ai", "(v1/){rest}") }),
  openaiLike({
    id: "cohere",
    rules: at(
      "https://api.cohere.com",
      "(compatibility/)(v1/)chat/completions",
      "(compatibility/)(v1/)embeddings",
      "compatibility/{rest}",
      "(v1/)models",
      "v1/{rest}",
      "(v2/){rest}",
    ),
    wires: [...OPENAI, ...COHERE],
    dialect: "cloudflare",
    compat: { chat: "compatibility/v1/chat/completions", embeddings: "compatibility/v1/embeddings" },
    requestHeaders: ["x-client-name"],
  }),
  openaiLike({
    id: "openrouter",
    rules: at("https://openrouter.ai", "(api/)(v1/){rest}"),
    wires: [...OPENAI, ...ANTHROPIC],
    compat: ALL_OF_OPENAI,
  }),
  openaiLike({
    id: "fireworks",
    aliases: ["fireworks-ai"],
    rules: at("https://api.fireworks.ai", "(inference/)(v1/){rest}"),
    wires: [...OPENAI, ...ANTHROPIC],
    compat: ALL_OF_OPENAI,
    asksForUsage: true,
  }),
  openaiLike({
    id: "together",
    aliases: ["together-ai", "togetherai"],
    rules: at("https://api.together.ai", "(v1/){rest}"),
    compat: ALL_OF_OPENAI,
    asksForUsage: true,
  }),
  openaiLike({
    id: "parallel",
    rules: at("https://api.parallel.ai", "(v1beta/)chat/completions", "{rest}"),
    auth: keyIn("x-api-key"),
    compat: { chat: "v1beta/chat/completions" },
    requestHeaders: ["parallel-beta"],
  }),
];
