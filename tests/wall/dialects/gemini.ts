/**
 * Gemini's `generateContent`.
 *
 * @module
 */
import { INPUT_TOKENS, TOOL_CALL } from "../answer.ts";
import type { Refusal } from "../refusal.ts";
import { type Dialect, type Fields, lastOf, type Talk, textOf } from "./dialect.ts";

/** Speaks Gemini: it has no opening and no end mark, the last event carries the finish reason. */
export const gemini: Dialect = {
  id: "gemini",
  provider: "google-ai-studio",
  opening: () => [],
  token: (talk, index) => event(document(talk, [{ text: talk.tokens[index] }], index + 1)),
  closing: (talk) => [event(document(talk, [{ text: "" }], talk.tokens.length, "STOP"))],
  end: () => [],
  tool: (talk) => [
    event(document(talk, [{ functionCall: { name: TOOL_CALL.name, args: JSON.parse(TOOL_CALL.arguments) } }], 1)),
  ],
  blocked: (talk) => [event(filtered(talk))],
  plain: (talk) => document(talk, [{ text: talk.tokens.join("") }], talk.tokens.length, "STOP"),
  plainBlocked: filtered,
  idle: ": waiting\r\n\r\n",
  broken: 'data: {"candidates":[{"content":{"parts":[{"text": \r\n\r\n',
  refusal,
  error: (why) => event(refusal(why)),
  prefill(body) {
    const last = lastOf(body["contents"]);
    return last?.["role"] === "model" ? textOf(last["parts"]) : undefined;
  },
};

function refusal({ status, message, google, details }: Refusal): Fields {
  return { error: { code: status, message, status: google, ...(details === undefined ? {} : { details }) } };
}

const event = (fields: Fields): string => `data: ${JSON.stringify(fields)}\r\n\r\n`;

function document({ id, model }: Talk, parts: readonly Fields[], output: number, finish?: string): Fields {
  return {
    candidates: [{
      content: { parts, role: "model" },
      ...(finish === undefined ? {} : { finishReason: finish }),
      index: 0,
    }],
    usageMetadata: usage(output),
    modelVersion: model,
    responseId: id,
  };
}

function filtered({ id, model }: Talk): Fields {
  return {
    promptFeedback: { blockReason: "SAFETY" },
    usageMetadata: { promptTokenCount: INPUT_TOKENS, totalTokenCount: INPUT_TOKENS },
    modelVersion: model,
    responseId: id,
  };
}

function usage(output: number): Fields {
  return {
    promptTokenCount: INPUT_TOKENS,
    candidatesTokenCount: output,
    totalTokenCount: INPUT_TOKENS + output,
  };
}
