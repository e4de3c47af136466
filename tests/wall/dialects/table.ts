/**
 * Every dialect, and where it is spoken.
 *
 * @module
 */
import { chat } from "./chat.ts";
import type { Dialect, DialectId } from "./dialect.ts";
import { gemini } from "./gemini.ts";
import { messages } from "./messages.ts";
import { responses } from "./responses.ts";

/** Dialects by id. */
export const DIALECTS: Readonly<Record<DialectId, Dialect>> = { chat, responses, messages, gemini };

/** All of them. */
export const DIALECT_IDS: readonly DialectId[] = ["chat", "responses", "messages", "gemini"];

/** What a request's path and body ask for. */
export interface Wanted {
  readonly dialect: Dialect;
  readonly model: string;
  readonly isStream: boolean;
}

/** Reads it; `undefined` where no dialect is spoken at that path. */
export function wanted(path: string, body: Readonly<Record<string, unknown>>): Wanted | undefined {
  const inPath = /\/models\/([^/:]+):(generate|streamGenerate)Content$/.exec(path);
  if (inPath !== null) {
    return { dialect: gemini, model: decodeURIComponent(inPath[1] ?? ""), isStream: inPath[2] !== "generate" };
  }
  const dialect = path.endsWith("/chat/completions")
    ? chat
    : path.endsWith("/responses")
    ? responses
    : path.endsWith("/messages")
    ? messages
    : undefined;
  return dialect && { dialect, model: String(body["model"]), isStream: body["stream"] === true };
}
