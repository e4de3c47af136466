/**
 * What the model answers, whichever dialect it goes out in.
 *
 * @module
 */
import type { Dialect } from "../provider.ts";
import type { Ask, Tool } from "./ask.ts";
import type { Setting } from "./model.ts";
import { Refusal } from "./refusal.ts";
import { example } from "./schema.ts";
import { type Fields, isFields } from "./shape.ts";
import { count, first, LOREM, spaced, stretch } from "./text.ts";

/** An answer, either text or calls of tools. */
export interface Reply {
  /** 16 hexadecimal digits that follow from the request. */
  readonly id: string;
  readonly model: string;
  readonly ask: Ask;
  readonly text: string;
  readonly calls: readonly ToolCall[];
  readonly finish: Finish;
  readonly outputTokens: number;
}

/** Why an answer ended. */
export type Finish = "stop" | "length" | "calls" | "filter";

/** One call of a tool. */
export interface ToolCall {
  /** 16 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  readonly input: Fields;
  /** The input as JSON. */
  readonly json: string;
}

/** Stands in a stream before each token: the place to wait, or to break. */
export const TOKEN: unique symbol = Symbol("token");

/** One dialect of text generation. */
export interface Speaker {
  readonly dialect: Dialect;
  /** @throws {Refusal} 400 where the request has a wrong shape. */
  hear(body: Fields): Ask;
  /** The whole answer as one document. */
  say(reply: Reply): Fields;
  /** The answer as the events of a stream. */
  stream(reply: Reply): Generator<Fields | typeof TOKEN>;
  /** The events that break off a stream after so many. */
  fail(refusal: Refusal, reply: Reply, sent: number): readonly Fields[];
  /** What ends a stream after its last event. */
  readonly end?: string;
  /** How lines end in its streams: a line feed unless told otherwise. */
  readonly newline?: string;
}

/** `created` of every answer, in epoch seconds: 1 January 2026, so that the same request has the same answer. */
export const CREATED = 1_767_225_600;

/** Length of what `lorem` says, unless the caller sets it. */
const LOREM_TOKENS = 100;

/**
 * Finds the answer to a request.
 *
 * @throws {Refusal} 400 where no value for a schema was found.
 */
export function reply(ask: Ask, setting: Setting, id: string): Reply {
  const calls = setting.behaviour.says === "nothing" ? [] : callsOf(ask, id);
  const { text, finish } = calls.length > 0 ? { text: "", finish: "calls" as const } : write(ask, setting);
  const outputTokens = calls.reduce((sum, call) => sum + count(call.json), count(text));
  return { id, model: setting.name, ask, text, calls, finish, outputTokens };
}

function callsOf(ask: Ask, id: string): readonly ToolCall[] {
  if (ask.tools.length === 0) return [];
  const said = new Set(ask.prompt.match(/\w+(?:[.:-]+\w+)*/g));
  const mentioned = ask.tools.filter((tool) => said.has(tool.name));
  const chosen = mentioned.length > 0 || !ask.mustCall ? mentioned : ask.tools.slice(0, 1);
  const now = ask.callsInParallel ? chosen : chosen.slice(0, 1);
  return now.map((tool, index) => call(tool, id.slice(0, 12) + index.toString(16).padStart(4, "0")));
}

function call(tool: Tool, id: string): ToolCall {
  const value = found(example(tool.schema), `tool \`${tool.name}\``);
  const input = isFields(value) ? value : {};
  return { id, name: tool.name, input, json: spaced(input) };
}

function write(ask: Ask, setting: Setting): Pick<Reply, "text" | "finish"> {
  const { breaks, says } = setting.behaviour;
  if (says === "nothing") return { text: "", finish: "stop" };
  const text = ask.schema === undefined ? speech(ask, setting) : structured(ask);
  if (breaks === "filter") return { text: first(text, setting.faultAfter), finish: "filter" };
  const short = ask.limit === undefined ? text : first(text, ask.limit);
  return { text: short, finish: short.length < text.length ? "length" : "stop" };
}

function speech(ask: Ask, { behaviour, tokens }: Setting): string {
  if (ask.result === undefined && behaviour.says === "lorem") return stretch(LOREM, tokens ?? LOREM_TOKENS);
  const answer = ask.result === undefined ? ask.prompt : `The tool answered: ${ask.result}`;
  const text = answer || "The last user message has no text.";
  return tokens === undefined ? text : stretch(text, tokens);
}

function structured(ask: Ask): string {
  const value = found(example(ask.schema), "the answer");
  return ask.wantsBare && typeof value === "string" ? value : spaced(value);
}

function found(value: unknown, where: string): unknown {
  if (value !== undefined) return value;
  throw new Refusal(400, `Simplify the JSON Schema of ${where}: no value for it was found.`, {
    code: "invalid_schema",
  });
}
