/**
 * What a request asks for, whichever dialect it came in.
 *
 * @module
 */
import { Refusal } from "./refusal.ts";
import type { Fields } from "./shape.ts";
import { count } from "./text.ts";

/** What a request asks for. */
export interface Ask {
  /** The document that asked. */
  readonly body: Fields;
  /** The last user message. */
  readonly prompt: string;
  /** What the tools answered, where the conversation ends with that. */
  readonly result: string | undefined;
  readonly inputTokens: number;
  /** Tools that may be called, in the order offered. */
  readonly tools: readonly Tool[];
  readonly mustCall: boolean;
  readonly callsInParallel: boolean;
  /** JSON Schema of the answer; `undefined` where text is wanted. */
  readonly schema: unknown;
  /** Whether a value of the schema stands bare rather than as JSON. */
  readonly wantsBare: boolean;
  /** Most tokens of the answer. */
  readonly limit: number | undefined;
}

/** A function that the model may call. */
export interface Tool {
  readonly name: string;
  /** JSON Schema of its arguments. */
  readonly schema: unknown;
}

/** Which tools may or must be called. */
export interface Choice {
  readonly mode: "none" | "auto" | "must";
  /** Only these, where any are named. */
  readonly names?: readonly unknown[];
}

/** One message of a conversation. */
export interface Turn {
  readonly role: "user" | "tool" | "other";
  readonly texts: readonly string[];
}

/** What is left to say once the turns are known. */
export interface Wishes {
  readonly body: Fields;
  readonly tools: readonly Tool[];
  readonly choice: Choice;
  readonly callsInParallel?: boolean;
  readonly schema: unknown;
  readonly wantsBare?: boolean;
  readonly limit: number | undefined;
}

/** Puts a request together. */
export function ask(turns: readonly Turn[], wishes: Wishes): Ask {
  const { body, schema, limit, choice, wantsBare = false, callsInParallel = true } = wishes;
  const last = turns.at(-1);
  return {
    body,
    prompt: words(turns.filter((turn) => turn.role === "user").at(-1)?.texts ?? []),
    result: last?.role === "tool" ? trailingResults(turns) : undefined,
    inputTokens: inputTokens(turns),
    tools: last?.role === "user" ? allowed(wishes.tools, choice) : [],
    mustCall: choice.mode === "must",
    callsInParallel,
    schema,
    wantsBare,
    limit,
  };
}

/** Tokens of all messages. */
export function inputTokens(turns: readonly Turn[]): number {
  return turns.reduce((sum, turn) => turn.texts.reduce((more, text) => more + count(text), sum), 0);
}

/** Any JSON object: what `json_object` asks for. */
export const ANY_OBJECT: Fields = { type: "object", properties: { answer: { type: "string" } } };

/** A part that is one tag from end to end is context which an agent adds, not what its user said. */
const CONTEXT = /^\s*<([\w-]+)>[^]*<\/\1>\s*$/;

function words(texts: readonly string[]): string {
  const said = texts.filter((text) => !CONTEXT.test(text));
  return (said.length > 0 ? said : texts).join("\n");
}

function trailingResults(turns: readonly Turn[]): string {
  const before = turns.map((turn) => turn.role === "tool").lastIndexOf(false);
  return turns.slice(before + 1).flatMap((turn) => turn.texts).join("\n");
}

/** @throws {Refusal} 400 where a tool must be called that is not offered. */
function allowed(tools: readonly Tool[], choice: Choice): readonly Tool[] {
  if (choice.mode === "none") return [];
  const { names } = choice;
  if (names === undefined) return tools;
  const found = tools.filter((tool) => names.includes(tool.name));
  if (found.length > 0 || choice.mode !== "must") return found;
  throw new Refusal(400, "Choose a tool that is among the tools.", { param: "tool_choice" });
}
