/**
 * Calls that are counted, paid for or kept: what the behaviours around limits, budgets and the cache ask with.
 *
 * @module
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { CHAT_ANSWER, chunk, DONE, EVENTS, json, STOP_CHUNK } from "./answers.ts";
import type { Answered, Ask, Live } from "./client.ts";
import type { Answer } from "./exchange.ts";
import type { Keeping, Stage } from "./stage.ts";
import type { Ticket } from "./upstream.ts";
import { until } from "./wait.ts";

/** Every store that a behaviour can be played with undisturbed by faults. */
export const BOTH: readonly Keeping[] = ["memory", "redis"];

/** How a call differs from a small chat call of nobody in particular. */
export interface Asking {
  /** Path below the gateway; OpenAI's chat if absent. */
  readonly path?: string;
  readonly body?: string;
  /** A gateway key. */
  readonly key?: string;
  readonly tags?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly from?: string;
}

/** A text that nobody else sends. */
export const nonce = (): string => randomBytes(9).toString("hex");

/** A chat request, with more members if given. */
export function chat(content: string, more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ model: "gpt-5", messages: [{ role: "user", content }], ...more });
}

/** A chat request for a stream. */
export const streaming = (content: string, more: Readonly<Record<string, unknown>> = {}): string =>
  chat(content, { stream: true, stream_options: { include_usage: true }, ...more });

const OPENAI = "openai/chat/completions";

/** A whole request for a gateway, with a ticket where the provider looks for a key. */
export function request(gateway: string, ticket: Ticket, asking: Asking = {}): Ask {
  const { path = OPENAI, body = chat("Hi"), key, tags, headers, from } = asking;
  return {
    method: "POST",
    path: `/v1/acc/${gateway}/${path}`.replace(/\/$/, ""),
    body,
    headers: {
      "content-type": "application/json",
      ...credential(path, ticket),
      ...(key === undefined ? {} : { "cf-aig-authorization": `Bearer ${key}` }),
      ...(tags === undefined ? {} : { "cf-aig-metadata": JSON.stringify(tags) }),
      ...headers,
    },
    ...(from === undefined ? {} : { from }),
  };
}

function credential(path: string, { key, bearer }: Ticket): Readonly<Record<string, string>> {
  if (path.startsWith("anthropic")) return { "x-api-key": key };
  if (path.startsWith("google")) return { "x-goog-api-key": key };
  return path === "" ? {} : { authorization: bearer };
}

/** Makes a call and waits for the whole answer. */
export function ask(stage: Stage, gateway: string, ticket: Ticket, asking?: Asking): Promise<Answered> {
  return stage.gateway.call(request(gateway, ticket, asking));
}

/** Begins a call; its answer is the test's to read. */
export function begin(stage: Stage, gateway: string, ticket: Ticket, asking?: Asking): Live {
  const live = stage.gateway.begin(request(gateway, ticket, asking));
  live.answered().catch(() => {});
  return live;
}

/** Makes calls one after another, and gives their statuses. */
export async function statuses(
  stage: Stage,
  gateway: string,
  ticket: Ticket,
  askings: readonly Asking[],
): Promise<number[]> {
  const seen: number[] = [];
  for (const asking of askings) seen.push((await ask(stage, gateway, ticket, asking)).status);
  return seen;
}

/** So many alike. */
export const times = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);

/** A provider that always answers a chat call. */
export const answering = ({ upstream }: Stage): Ticket => upstream.ticket(json(CHAT_ANSWER));

/** An answer that streams its pieces, each in a packet of its own. */
export function streamed(pieces: readonly string[], gapMs = 0): Answer {
  return async (exchange) => {
    await exchange.body;
    exchange.head(200, EVENTS);
    for (const piece of pieces) {
      await exchange.write(piece);
      await new Promise((resolve) => setTimeout(resolve, gapMs));
    }
    exchange.end();
  };
}

/** A whole chat stream. */
export const CHAT_STREAM: readonly string[] = [chunk("one"), chunk(" two"), chunk(" three"), STOP_CHUNK, DONE];

/** One named event. */
export const event = (name: string, data: object): string =>
  `event: ${name}\ndata: ${JSON.stringify({ type: name, ...data })}\n\n`;

/** An Anthropic stream up to its text. */
export const MESSAGE_START: string = event("message_start", {
  message: {
    id: "m",
    type: "message",
    role: "assistant",
    model: "priced-1",
    content: [],
    usage: { input_tokens: 9, output_tokens: 1 },
  },
}) + event("content_block_start", { index: 0, content_block: { type: "text", text: "" } });
/** One event of its text. */
export const MESSAGE_TEXT: string = event("content_block_delta", {
  index: 0,
  delta: { type: "text_delta", text: " and so on" },
});
/** What ends it. */
export const MESSAGE_END: string = event("content_block_stop", { index: 0 }) +
  event("message_delta", { delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 4 } }) +
  event("message_stop", {});

/** One event of a Gemini stream; `more` stands beside the text. */
export const content = (text: string, more = ""): string =>
  `data: {"candidates":[{"content":{"role":"model","parts":[{"text":"${text}"}]}${more}}],"modelVersion":"priced-1",` +
  `"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":3,"totalTokenCount":8}}\r\n\r\n`;

/** What a rule has left, as an answer tells it. */
export function left({ headers, status, text }: Answered, rule: string): number {
  const told = new RegExp(`"${rule}";r=(\\d+);t=\\d+`).exec(headers.get("ratelimit") ?? "")?.[1];
  assert.ok(told !== undefined, `${status}: ratelimit is ${headers.get("ratelimit")}: ${text}`);
  return Number(told);
}

/** Too much for the budgets of the suite: such a call is refused, and so takes nothing. */
const TOO_MUCH = "word ".repeat(16_000);

/** Asks what is left of a budget, with a call that is refused for its size. */
export async function leftOf(stage: Stage, gateway: string, rule: string, asking: Asking = {}): Promise<number> {
  const ticket = stage.upstream.ticket();
  const refused = await ask(stage, gateway, ticket, { body: chat(TOO_MUCH, { model: "priced-1" }), ...asking });
  assert.ok(refused.status === 402 || refused.status === 429, refused.text);
  return left(refused, rule);
}

/** Waits until a budget has so much left: a call is settled once its client has been served. */
export async function settled(
  stage: Stage,
  gateway: string,
  rule: string,
  wanted: number | ((left: number) => boolean),
  asking?: Asking,
): Promise<void> {
  const isThere = typeof wanted === "number" ? (left: number) => left === wanted : wanted;
  let last = -1;
  const look = async () => isThere(last = await leftOf(stage, gateway, rule, asking));
  await until(look, `${wanted} left of ${rule}`).catch((error: Error) => {
    throw new Error(`${error.message} The last was ${last}.`);
  });
}
