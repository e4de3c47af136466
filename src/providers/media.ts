/**
 * Rows of the provider table: voices, pictures and collections of models of all kinds.
 *
 * @module
 */
import type { Provider } from "./provider.ts";
import { BEARER, CHAT_AND_MODELS, keyIn, OPENAI, openaiLike } from "./shape.ts";

const azureVoiceLive: Provider = {
  id: "azure-voice-live",
  aliases: ["voice-live"],
  rules: [
    { match: "{resource}/voice-live/{rest}", to: "https://{resource}.services.ai.azure.com/voice-live/{rest}" },
    { match: "{resource}/{rest}", to: "https://{resource}.services.ai.azure.com/voice-live/{rest}" },
  ],
  auth: keyIn("api-key"),
  wires: [],
  dialect: "openai",
  env: "AZURE_VOICELIVE_API_KEY",
  priceId: "azure",
};

const deepgram: Provider = {
  id: "deepgram",
  rules: [
    { match: "(v1/)agent/{rest}", to: "https://agent.deepgram.com/v1/agent/{rest}" },
    { match: "v2/{rest}", to: "https://api.deepgram.com/v2/{rest}" },
    { match: "(v1/){rest}", to: "https://api.deepgram.com/v1/{rest}" },
  ],
  auth: { kind: "key", header: "authorization", scheme: "Token" },
  wires: [],
  dialect: "cloudflare",
  answerHeaders: ["dg-model-name", "dg-model-uuid", "dg-char-count", "dg-error"],
  env: "DEEPGRAM_API_KEY",
};

const elevenlabs: Provider = {
  id: "elevenlabs",
  aliases: ["eleven-labs"],
  rules: [
    { match: "v2/{rest}", to: "https://api.elevenlabs.io/v2/{rest}" },
    { match: "v3/{rest}", to: "https://api.elevenlabs.io/v3/{rest}" },
    { match: "(v1/){rest}", to: "https://api.elevenlabs.io/v1/{rest}" },
  ],
  auth: keyIn("xi-api-key"),
  wires: [],
  dialect: "cloudflare",
  answerHeaders: ["history-item-id", "character-cost", "current-concurrent-requests", "maximum-concurrent-requests"],
  env: "ELEVENLABS_API_KEY",
};

const cartesia: Provider = {
  id: "cartesia",
  rules: [{ match: "{rest}", to: "https://api.cartesia.ai/{rest}" }],
  auth: keyIn("x-api-key"),
  wires: [],
  dialect: "cloudflare",
  requestHeaders: ["cartesia-version"],
  env: "CARTESIA_API_KEY",
};

const replicate: Provider = {
  id: "replicate",
  rules: [{ match: "(v1/){rest}", to: "https://api.replicate.com/v1/{rest}" }],
  auth: BEARER,
  wires: [],
  dialect: "cloudflare",
  requestHeaders: ["cancel-after"],
  env: "REPLICATE_API_TOKEN",
};

const fal: Provider = {
  id: "fal",
  aliases: ["fal-ai"],
  rules: [{ match: "{rest}", to: "https://fal.run/{rest}" }],
  auth: { kind: "key", header: "authorization", scheme: "Key" },
  wires: [],
  dialect: "cloudflare",
  // No `*.fal.run`, no `*.fal.ai`: whoever may put a host of their own below those would be handed the key.
  targetUrl: { header: "x-fal-target-url", hosts: ["fal.run", "queue.fal.run", "rest.fal.ai", "rest.alpha.fal.ai"] },
  requestHeaders: [
    "x-fal-no-retry",
    "x-fal-object-lifecycle-preference",
    "x-fal-queue-priority",
    "x-fal-request-timeout",
    "x-fal-runner-hint",
    "x-fal-store-io",
  ],
  env: "FAL_KEY",
};

const ideogram: Provider = {
  id: "ideogram",
  rules: [{ match: "{rest}", to: "https://api.ideogram.ai/{rest}" }],
  auth: keyIn("api-key"),
  wires: [],
  dialect: "cloudflare",
  env: "IDEOGRAM_API_KEY",
};

const huggingface = openaiLike({
  id: "huggingface",
  aliases: ["hf", "hugging-face"],
  rules: [
    { match: "(v1/)chat/completions", to: "https://router.huggingface.co/v1/chat/completions" },
    { match: "(v1/)responses", to: "https://router.huggingface.co/v1/responses" },
    { match: "(v1/)models", to: "https://router.huggingface.co/v1/models" },
    { match: "v1/{rest}", to: "https://router.huggingface.co/v1/{rest}" },
    { match: "hf-inference/{rest}", to: "https://router.huggingface.co/hf-inference/{rest}" },
    { match: "models/{rest}", to: "https://router.huggingface.co/hf-inference/models/{rest}" },
    { match: "{owner}/{model}", to: "https://router.huggingface.co/hf-inference/models/{owner}/{model}" },
    {
      match: "{owner}/{model}/pipeline/{rest}",
      to: "https://router.huggingface.co/hf-inference/models/{owner}/{model}/pipeline/{rest}",
    },
    { match: "{rest}", to: "https://router.huggingface.co/{rest}" },
  ],
  wires: OPENAI,
  compat: CHAT_AND_MODELS,
  requestHeaders: ["x-hf-bill-to", "x-use-cache", "x-wait-for-model"],
  env: "HF_TOKEN",
});

/** Speech in and out. */
export const VOICE: readonly Provider[] = [azureVoiceLive, deepgram, elevenlabs, cartesia];

/** Pictures, and collections of all kinds of models. */
export const MEDIA: readonly Provider[] = [replicate, fal, ideogram, huggingface];
