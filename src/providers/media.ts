/**
 * Rows of the provider table: voices, pictures and collections of models of all kinds.
 *
 * @module
 */
import type { Provider } from "./provider.ts";
import { at, keyAfter, keyIn, keyInEither, openaiLike, row } from "./shape.ts";

const VOICE_LIVE = "https://{resource}.services.ai.azure.com/voice-live/{rest}";

/** Speech in and out. */
export const VOICE: readonly Provider[] = [
  row({
    id: "azure-voice-live",
    aliases: ["voice-live"],
    rules: [
      { match: "{resource}/voice-live/{rest}", to: VOICE_LIVE },
      { match: "{resource}/{rest}", to: VOICE_LIVE },
    ],
    auth: keyIn("api-key"),
    dialect: "openai",
    priceId: "azure",
  }),
  row({
    id: "deepgram",
    rules: [
      ...at("https://agent.deepgram.com", "(v1/)agent/{rest}"),
      ...at("https://api.deepgram.com", "v2/{rest}", "(v1/){rest}"),
    ],
    auth: keyAfter("Token"),
    modelIn: "query",
    answerHeaders: ["dg-model-name", "dg-model-uuid", "dg-char-count", "dg-error"],
  }),
  row({
    id: "elevenlabs",
    aliases: ["eleven-labs"],
    rules: at("https://api.elevenlabs.io", "v2/{rest}", "v3/{rest}", "(v1/){rest}"),
    auth: keyIn("xi-api-key"),
    answerHeaders: ["history-item-id", "character-cost", "current-concurrent-requests", "maximum-concurrent-requests"],
  }),
  row({
    id: "cartesia",
    rules: at("https://api.cartesia.ai", "{rest}"),
    auth: keyInEither("x-api-key"),
    requestHeaders: ["cartesia-version"],
  }),
];

const HUGGING_FACE = "https://router.huggingface.co";

/** Pictures, and collections of all kinds of models. */
export const MEDIA: readonly Provider[] = [
  row({
    id: "replicate",
    rules: at("https://api.replicate.com", "(v1/){rest}"),
    modelIn: "path",
    requestHeaders: ["cancel-after"],
  }),
  row({
    id: "fal",
    aliases: ["fal-ai"],
    rules: at("https://fal.run", "{rest}"),
    auth: keyAfter("Key"),
    modelIn: "path",
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
  }),
  row({ id: "ideogram", rules: at("https://api.ideogram.ai", "{rest}"), auth: keyIn("api-key") }),
  openaiLike({
    id: "huggingface",
    aliases: ["hf", "hugging-face"],
    rules: [
      ...at(HUGGING_FACE, "(v1/)chat/completions", "(v1/)responses", "(v1/)models", "v1/{rest}", "hf-inference/{rest}"),
      ...at(`${HUGGING_FACE}/hf-inference`, "models/{rest}"),
      ...at(`${HUGGING_FACE}/hf-inference/models`, "{owner}/{model}", "{owner}/{model}/pipeline/{rest}"),
      ...at(HUGGING_FACE, "{rest}"),
    ],
    requestHeaders: ["x-hf-bill-to", "x-use-cache", "x-wait-for-model"],
  }),
];
