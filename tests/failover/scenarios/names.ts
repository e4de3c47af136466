/**
 * How variants of a scenario are told apart.
 *
 * @module
 */
import type { DialectId } from "../../wall/dialects/dialect.ts";

/** Dialects as the scorecard names them. */
export const NAMES: Readonly<Record<DialectId, string>> = {
  chat: "OpenAI chat",
  responses: "OpenAI responses",
  messages: "Anthropic",
  gemini: "Gemini",
};

/** `a` for 0, `b` for 1: the end of a variant's id. */
export function letter(index: number): string {
  return String.fromCharCode(97 + index);
}
