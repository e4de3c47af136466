/**
 * Rows of the provider table: vendors of language models with one public address.
 *
 * @module
 */
import type { Provider } from "./provider.ts";
import { ALL_OF_OPENAI, ANTHROPIC, CHAT_ONLY, COHERE, GEMINI, keyIn, OPENAI, openaiLike } from "./shape.ts";

const openai = openaiLike({
  id: "openai",
  rules: [{ match: "(v1/){rest}", to: "https://api.openai.com/v1/{rest}" }],
  compat: ALL_OF_OPENAI,
  asksForUsage: true,
  env: "OPENAI_API_KEY",
});

const anthropic: Provider = {
  id: "anthropic",
  aliases: ["claude"],
  rules: [{ match: "(v1/){rest}", to: "https://api.anthropic.com/v1/{rest}" }],
  auth: keyIn("x-api-key"),
  wires: [...ANTHROPIC, ...OPENAI],
  dialect: "anthropic",
  compat: CHAT_ONLY,
  env: "ANTHROPIC_API_KEY",
};

const googleAiStudio: Provider = {
  id: "google-ai-studio",
  aliases: ["google", "gemini"],
  rules: [
    { match: "ws/{rest}", to: "https://generativelanguage.googleapis.com/ws/{rest}" },
    { match: "upload/{rest}", to: "https://generativelanguage.googleapis.com/upload/{rest}" },
    { match: "v1alpha/{rest}", to: "https://generativelanguage.googleapis.com/v1alpha/{rest}" },
    { match: "v1/v1beta/{rest}", to: "https://generativelanguage.googleapis.com/v1beta/{rest}" },
    { match: "v1/{rest}", to: "https://generativelanguage.googleapis.com/v1/{rest}" },
    { match: "(v1beta/){rest}", to: "https://generativelanguage.googleapis.com/v1beta/{rest}" },
  ],
  auth: keyIn("x-goog-api-key"),
  wires: [...GEMINI, ...OPENAI],
  dialect: "gemini",
  compat: {
    chat: "v1beta/openai/chat/completions",
    embeddings: "v1beta/openai/embeddings",
    models: "v1beta/openai/models",
  },
  answerHeaders: [
    "x-goog-upload-url",
    "x-goog-upload-control-url",
    "x-goog-upload-status",
    "x-goog-upload-chunk-granularity",
  ],
  env: "GEMINI_API_KEY",
  priceId: "google",
};

const groq = openaiLike({
  id: "groq",
  rules: [{ match: "(openai/)(v1/){rest}", to: "https://api.groq.com/openai/v1/{rest}" }],
  requestHeaders: ["groq-model-version"],
  env: "GROQ_API_KEY",
});

const grok = openaiLike({
  id: "grok",
  aliases: ["xai", "x-ai"],
  rules: [{ match: "(v1/){rest}", to: "https://api.x.ai/v1/{rest}" }],
  wires: [...OPENAI, ...ANTHROPIC],
  asksForUsage: true,
  requestHeaders: ["x-grok-conv-id"],
  env: "XAI_API_KEY",
  priceId: "x-ai",
});

const mistral = openaiLike({
  id: "mistral",
  aliases: ["mistralai", "mistral-ai"],
  rules: [{ match: "(v1/){rest}", to: "https://api.mistral.ai/v1/{rest}" }],
  compat: ALL_OF_OPENAI,
  env: "MISTRAL_API_KEY",
});

const deepseek = openaiLike({
  id: "deepseek",
  rules: [{ match: "(v1/){rest}", to: "https://api.deepseek.com/{rest}" }],
  wires: [...OPENAI, ...ANTHROPIC],
  asksForUsage: true,
  env: "DEEPSEEK_API_KEY",
});

const perplexity = openaiLike({
  id: "perplexity-ai",
  aliases: ["perplexity"],
  rules: [
    { match: "(v1/)chat/completions", to: "https://api.perplexity.ai/chat/completions" },
    { match: "{rest}", to: "https://api.perplexity.ai/{rest}" },
  ],
  compat: CHAT_ONLY,
  env: "PERPLEXITY_API_KEY",
  priceId: "perplexity",
});

const cerebras = openaiLike({
  id: "cerebras",
  rules: [{ match: "(v1/){rest}", to: "https://api.cerebras.ai/v1/{rest}" }],
  env: "CEREBRAS_API_KEY",
});

const cohere = openaiLike({
  id: "cohere",
  rules: [
    { match: "(compatibility/)(v1/)chat/completions", to: "https://api.cohere.com/compatibility/v1/chat/completions" },
    { match: "(compatibility/)(v1/)embeddings", to: "https://api.cohere.com/compatibility/v1/embeddings" },
    { match: "compatibility/{rest}", to: "https://api.cohere.com/compatibility/{rest}" },
    { match: "(v1/)models", to: "https://api.cohere.com/v1/models" },
    { match: "v1/{rest}", to: "https://api.cohere.com/v1/{rest}" },
    { match: "(v2/){rest}", to: "https://api.cohere.com/v2/{rest}" },
  ],
  wires: [...OPENAI, ...COHERE],
  dialect: "cloudflare",
  compat: { chat: "compatibility/v1/chat/completions", embeddings: "compatibility/v1/embeddings" },
  requestHeaders: ["x-client-name"],
  env: "COHERE_API_KEY",
});

const openrouter = openaiLike({
  id: "openrouter",
  rules: [{ match: "(api/)(v1/){rest}", to: "https://openrouter.ai/api/v1/{rest}" }],
  wires: [...OPENAI, ...ANTHROPIC],
  compat: ALL_OF_OPENAI,
  env: "OPENROUTER_API_KEY",
});

const fireworks = openaiLike({
  id: "fireworks",
  aliases: ["fireworks-ai"],
  rules: [{ match: "(inference/)(v1/){rest}", to: "https://api.fireworks.ai/inference/v1/{rest}" }],
  wires: [...OPENAI, ...ANTHROPIC],
  compat: ALL_OF_OPENAI,
  asksForUsage: true,
  env: "FIREWORKS_API_KEY",
});

const together = openaiLike({
  id: "together",
  aliases: ["together-ai", "togetherai"],
  rules: [{ match: "(v1/){rest}", to: "https://api.together.ai/v1/{rest}" }],
  compat: ALL_OF_OPENAI,
  asksForUsage: true,
  env: "TOGETHER_API_KEY",
});

const parallel: Provider = {
  id: "parallel",
  rules: [
    { match: "(v1beta/)chat/completions", to: "https://api.parallel.ai/v1beta/chat/completions" },
    { match: "{rest}", to: "https://api.parallel.ai/{rest}" },
  ],
  auth: keyIn("x-api-key"),
  wires: OPENAI,
  dialect: "openai",
  compat: { chat: "v1beta/chat/completions" },
  requestHeaders: ["parallel-beta"],
  env: "PARALLEL_API_KEY",
};

/** Language models at one public address each. */
export const CHAT: readonly Provider[] = [
  openai,
  anthropic,
  googleAiStudio,
  groq,
  grok,
  mistral,
  deepseek,
  perplexity,
  cerebras,
  cohere,
  openrouter,
  fireworks,
  together,
  parallel,
];
