/**
 * Providers' own libraries, which try again by themselves: an outage must not be multiplied.
 *
 * @module
 */
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";
import { PROMPT } from "../../wall/ask.ts";
import type { DialectId } from "../../wall/dialects/dialect.ts";
import { asked } from "../checks.ts";
import { prepare, unseen } from "../play.ts";
import { group, type Scenario, type Seen, type Stage } from "../scenario.ts";
import { letter } from "./names.ts";

/** Asks with a library's own defaults, over a `fetch` that is told where. */
type Library = (fetch: typeof globalThis.fetch) => Promise<unknown>;

const OPTIONS = { apiKey: "of-no-use", baseURL: "http://127.0.0.1:9/v1" };

const LIBRARIES: Readonly<Record<string, readonly [dialect: DialectId, ask: Library]>> = {
  "openai": ["chat", (fetch) =>
    new OpenAI({ ...OPTIONS, fetch }).chat.completions.create({
      model: "any",
      messages: [{ role: "user", content: PROMPT }],
    })],
  "@anthropic-ai/sdk": ["messages", (fetch) =>
    new Anthropic({ ...OPTIONS, fetch }).messages.create({
      model: "any",
      max_tokens: 99,
      messages: [{ role: "user", content: PROMPT }],
    })],
  "@google/genai": [
    "gemini",
    (fetch) =>
      new GoogleGenAI({ apiKey: "of-no-use", httpOptions: { baseUrl: OPTIONS.baseURL, fetch } }).models.generateContent(
        {
          model: "any",
          contents: PROMPT,
        },
      ),
  ],
};

/** One call of a library, whose every request is made a universal one of three targets that all fail. */
async function multiplied(stage: Stage, scenario: Scenario, ask: Library): Promise<Seen> {
  const call = prepare(stage, scenario);
  let requests = 0;
  const redirected: typeof fetch = (_, init) => {
    requests++;
    return fetch(`http://127.0.0.1:${stage.gateway.port}${call.path}`, { ...init, body: JSON.stringify(call.steps) });
  };
  const startedAt = performance.now();
  const error: unknown = await ask(redirected).then(() => undefined, (thrown: unknown) => thrown);
  const complaints = [...untold(error), ...(requests > 1 ? [`the library asked ${requests} times`] : [])];
  return { ...unseen(stage.pace, call), ms: performance.now() - startedAt, complaints };
}

/** The library's own error must carry the status of a target. */
function untold(error: unknown): readonly string[] {
  if (error === undefined) return ["the library took an outage for an answer"];
  const status = (error as { readonly status?: unknown }).status;
  return [500, 529, 503].includes(Number(status)) ? [] : [`the library's error has status ${String(status)}`];
}

/** Libraries in an outage. */
export const clients: readonly Scenario[] = group(
  "clients",
  Object.entries(LIBRARIES).map(([name, [dialect, ask]], index) => ({
    id: `F80${letter(index)}`,
    title: `Three targets are down, asked by ${name} as it is: three requests to providers at most`,
    ideal: "conduct",
    ask: { models: ["500", "529", "503"], gateway: "wall-error", dialect, stream: false },
    play: (stage, scenario) => multiplied(stage, scenario, ask),
    checks: [asked(3, 3)],
  })),
);
