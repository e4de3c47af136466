/**
 * What the wall must know of a dialect to speak it, well and badly.
 *
 * @module
 */
import type { Refusal } from "../refusal.ts";

/** The four ways in which models are spoken to. */
export type DialectId = "chat" | "responses" | "messages" | "gemini";

/** One answer to be given. */
export interface Talk {
  readonly id: string;
  /** As the request names it. */
  readonly model: string;
  /** What is said; joined, the text. */
  readonly tokens: readonly string[];
  /** Whether the request asks for usage in a chat stream. */
  readonly asksForUsage: boolean;
}

/** A JSON object of unknown shape. */
export type Fields = Readonly<Record<string, unknown>>;

/** One dialect. Every string of a stream is one whole event, or several. */
export interface Dialect {
  readonly id: DialectId;
  /** The dialect's provider, as the gateway calls it. */
  readonly provider: string;
  /** What a stream begins with, before any output. */
  opening(talk: Talk): readonly string[];
  /** One token of the text. */
  token(talk: Talk, index: number): string;
  /** Finish reason and usage. */
  closing(talk: Talk): readonly string[];
  /** The end mark. */
  end(talk: Talk): readonly string[];
  /** A call of a tool, all of it but the end of the message. */
  tool(talk: Talk): readonly string[];
  /** What stands between `opening` and `end` of an answer that the provider's filter held back. */
  blocked(talk: Talk): readonly string[];
  /** A plain answer. */
  plain(talk: Talk): Fields;
  /** A plain answer that the provider's filter held back. */
  plainBlocked(talk: Talk): Fields;
  /** Sent so that the connection isn't taken for dead. */
  readonly idle: string;
  /** An event whose JSON breaks off. */
  readonly broken: string;
  /** The body of a refusal. */
  refusal(refusal: Refusal): Fields;
  /** An error within a stream. */
  error(refusal: Refusal): string;
  /** Text of a last message that the model is to go on from. */
  prefill(body: Fields): string | undefined;
}

/** The last of a list of messages. */
export function lastOf(messages: unknown): Fields | undefined {
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : undefined;
  return typeof last === "object" && last !== null ? last as Fields : undefined;
}

/** Text of a content that is text, or a list of parts with text. */
export function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  const parts: readonly unknown[] = Array.isArray(content) ? content : [];
  return parts.map((part) => (part as { readonly text?: unknown } | null)?.text).filter((text) =>
    typeof text === "string"
  ).join("");
}

/** An event of a stream that names its events. */
export function named(event: { readonly type: string } & Fields): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
