/**
 * The built-in provider that needs no key and no network: every feature seen offline.
 *
 * @module
 */
import type { Provider } from "../provider.ts";
import { answer } from "./answer.ts";
import { MODELS } from "./model.ts";
import { type DemoClock, realClock } from "./pace.ts";

export type { DemoClock } from "./pace.ts";

/**
 * The `demo` provider. It answers in process: OpenAI chat completions, responses, embeddings and models, Anthropic
 * messages, and Gemini. What a model does is its name: `echo`, `slow`, `cut` ...
 *
 * @param clock Time to go by, for tests.
 * @example
 * ```ts
 * const { local } = demo();
 * ```
 */
export function demo(clock: DemoClock = realClock): Provider {
  let calls = 0;
  const instance = { clock, refusesNow: () => calls++ % 2 === 0 };
  return {
    id: "demo",
    rules: [{ match: "{rest}", to: "https://demo.invalid/{rest}" }],
    auth: { kind: "none" },
    wires: [
      [/(?:^|\/)chat\/completions\/?$/, "openai-chat"],
      [/(?:^|\/)responses\/?$/, "openai-responses"],
      [/(?:^|\/)embeddings\/?$/, "openai-embeddings"],
      [/(?:^|\/)messages\/?$/, "anthropic-messages"],
      [/:(?:g|streamG)enerateContent$/, "gemini"],
    ],
    dialect: "openai",
    compat: { chat: "chat/completions", embeddings: "embeddings", models: "models" },
    asksForUsage: true,
    requestHeaders: ["x-demo-ttft-ms", "x-demo-tokens-per-second", "x-demo-tokens", "x-demo-fault-after"],
    models: Object.keys(MODELS),
    local: (request) => answer(request, instance),
  };
}
