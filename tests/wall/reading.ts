/**
 * What a careful client makes of an answer: as the providers' own libraries read it, and no more trusting. Pure.
 *
 * @module
 */
import type { DialectId, Fields } from "./dialects/dialect.ts";

/** A whole answer as it came, or what came of it. */
export interface Received {
  readonly status: number;
  readonly text: string;
  /** Whether the body came to its proper end. */
  readonly isWhole: boolean;
}

/** What the client makes of it. */
export interface Reading {
  /** `false` stands for a status that says success over a body that is no answer. */
  readonly outcome: "answer" | "error" | "false";
  /** Text that the client has shown by the end. */
  readonly text: string;
  /** The error's sentence. */
  readonly error: string | undefined;
  /** Whether an event told the error, in the very form that the dialect has for it. */
  readonly hasNativeError: boolean;
  readonly hasEndMark: boolean;
  /** Whether the stream went on as if nothing had been, once it had told an error. */
  readonly goesOnAfterError: boolean;
  readonly finish: string | undefined;
  readonly model: string | undefined;
  readonly outputTokens: number | undefined;
  /** Calls of tools that were begun. */
  readonly toolCalls: number;
  /** Events whose JSON can't be read. */
  readonly brokenEvents: number;
}

/** What one event adds. */
interface Heard {
  readonly text?: string | undefined;
  readonly error?: string | undefined;
  readonly isNative?: boolean | undefined;
  readonly isEnd?: boolean | undefined;
  readonly finish?: string | undefined;
  readonly model?: string | undefined;
  readonly outputTokens?: number | undefined;
  readonly toolCalls?: number | undefined;
}

/** Reads an answer. */
export function read(dialect: DialectId, isStream: boolean, received: Received): Reading {
  const { status, text } = received;
  if (status < 200 || status > 299) return { ...NOTHING, outcome: "error", error: sentence(text, status) };
  return isStream ? readStream(dialect, received) : readPlain(dialect, received);
}

const NOTHING: Reading = {
  outcome: "answer",
  text: "",
  error: undefined,
  hasNativeError: false,
  hasEndMark: false,
  goesOnAfterError: false,
  finish: undefined,
  model: undefined,
  outputTokens: undefined,
  toolCalls: 0,
  brokenEvents: 0,
};

function readPlain(dialect: DialectId, { text, isWhole }: Received): Reading {
  if (!isWhole) return { ...NOTHING, outcome: "error", error: "the body broke off" };
  const document = parsed(text);
  const heard = document === undefined ? {} : PLAIN[dialect](document);
  const isAnswer = heard.error === undefined && (heard.text !== undefined || heard.finish !== undefined);
  const more = {
    text: heard.text ?? "",
    error: heard.error,
    finish: heard.finish,
    model: heard.model,
    outputTokens: heard.outputTokens,
  };
  return { ...NOTHING, ...more, outcome: isAnswer ? "answer" : "false" };
}

function readStream(dialect: DialectId, { text, isWhole, status }: Received): Reading {
  let reading: Reading = NOTHING;
  for (const event of eventsOf(text)) reading = after(reading, dialect, event);
  if (reading.error !== undefined) return { ...reading, outcome: "error" };
  if (isWhole || reading.hasEndMark) return { ...reading, outcome: /\S/.test(text) ? "answer" : "false" };
  return { ...reading, outcome: "error", error: `the stream broke off (status ${status})` };
}

/** One event of a stream. */
interface StreamEvent {
  readonly name: string | undefined;
  readonly data: string;
}

/** Events that are complete: one that breaks off within is none. */
function eventsOf(text: string): readonly StreamEvent[] {
  const blocks = text.replaceAll("\r\n", "\n").split("\n\n").slice(0, -1);
  return blocks.flatMap((block) => {
    const lines = block.split("\n");
    const values = (field: string) =>
      lines.filter((line) => line.startsWith(`${field}:`)).map((line) => line.slice(field.length + 1).trim());
    const data = values("data");
    return data.length === 0 ? [] : [{ name: values("event")[0], data: data.join("\n") }];
  });
}

function after(before: Reading, dialect: DialectId, { name, data }: StreamEvent): Reading {
  const document = data === "[DONE]" ? undefined : parsed(data);
  if (data !== "[DONE]" && document === undefined) return { ...before, brokenEvents: before.brokenEvents + 1 };
  const heard: Heard = document === undefined ? { isEnd: true } : STREAMED[dialect](document, name);
  if (before.error !== undefined) {
    const goesOn = heard.error === undefined && (heard.isEnd === true || (heard.text ?? "") !== "");
    return { ...before, goesOnAfterError: before.goesOnAfterError || goesOn };
  }
  return {
    ...before,
    text: before.text + (heard.text ?? ""),
    error: heard.error,
    hasNativeError: heard.isNative ?? false,
    hasEndMark: before.hasEndMark || (heard.isEnd ?? false),
    finish: heard.finish ?? before.finish,
    model: heard.model ?? before.model,
    outputTokens: heard.outputTokens ?? before.outputTokens,
    toolCalls: before.toolCalls + (heard.toolCalls ?? 0),
  };
}

type Hear = (document: Fields, name?: string) => Heard;

const PLAIN: Readonly<Record<DialectId, Hear>> = {
  chat: (document) => ({
    ...failing(document),
    text: string(document, "choices", 0, "message", "content"),
    finish: string(document, "choices", 0, "finish_reason"),
    model: string(document, "model"),
    outputTokens: number(document, "usage", "completion_tokens"),
  }),
  responses: (document) => ({
    ...failing(document),
    text: string(document, "output", 0, "content", 0, "text"),
    finish: string(document, "incomplete_details", "reason") ?? string(document, "status"),
    model: string(document, "model"),
    outputTokens: number(document, "usage", "output_tokens"),
  }),
  messages: (document) => ({
    ...failing(document),
    text: string(document, "content", 0, "text"),
    finish: string(document, "stop_reason"),
    model: string(document, "model"),
    outputTokens: number(document, "usage", "output_tokens"),
  }),
  gemini: geminiDocument,
};

const STREAMED: Readonly<Record<DialectId, Hear>> = {
  chat: (document) => ({
    ...failing(document),
    text: string(document, "choices", 0, "delta", "content"),
    finish: string(document, "choices", 0, "finish_reason"),
    model: string(document, "model"),
    outputTokens: number(document, "usage", "completion_tokens"),
    toolCalls: string(document, "choices", 0, "delta", "tool_calls", 0, "id") === undefined ? 0 : 1,
  }),
  responses: responsesEvent,
  messages: messagesEvent,
  gemini: (document) => ({ ...geminiDocument(document), isEnd: geminiDocument(document).finish !== undefined }),
};

function responsesEvent(document: Fields): Heard {
  const type = string(document, "type") ?? "";
  const failure = string(document, "response", "error", "message") ?? string(document, "message");
  if (type === "error" || type === "response.failed") return { error: failure ?? "unsaid", isNative: true };
  if (type === "response.completed" || type === "response.incomplete") {
    return { ...PLAIN.responses(at(document, "response") as Fields), text: "", error: undefined, isEnd: true };
  }
  return {
    ...failing(document),
    isNative: false,
    text: type === "response.output_text.delta" ? string(document, "delta") : undefined,
    model: string(document, "response", "model"),
    toolCalls: type === "response.output_item.added" && string(document, "item", "name") !== undefined ? 1 : 0,
  };
}

function messagesEvent(document: Fields, name?: string): Heard {
  const type = string(document, "type");
  if (type === "error") {
    return { error: string(document, "error", "message") ?? "unsaid", isNative: name === "error" };
  }
  return {
    ...failing(document),
    isNative: false,
    text: type === "content_block_delta" ? string(document, "delta", "text") : undefined,
    isEnd: type === "message_stop",
    finish: string(document, "delta", "stop_reason"),
    model: string(document, "message", "model"),
    outputTokens: type === "message_delta" ? number(document, "usage", "output_tokens") : undefined,
    toolCalls: string(document, "content_block", "type") === "tool_use" ? 1 : 0,
  };
}

function geminiDocument(document: Fields): Heard {
  const parts = at(document, "candidates", 0, "content", "parts");
  const list: readonly unknown[] = Array.isArray(parts) ? parts : [];
  return {
    ...failing(document),
    text: list.length === 0 ? undefined : list.map((part) => string(part, "text") ?? "").join(""),
    finish: string(document, "candidates", 0, "finishReason") ?? string(document, "promptFeedback", "blockReason"),
    model: string(document, "modelVersion"),
    outputTokens: number(document, "usageMetadata", "candidatesTokenCount"),
    toolCalls: list.filter((part) => at(part, "functionCall") !== undefined).length,
  };
}

/** Every library takes an `error` with something in it for an error. */
function failing(document: Fields): Heard {
  const error = document["error"];
  if (error === undefined || error === null) return {};
  const message = string(document, "error", "message");
  return { error: message ?? JSON.stringify(error), isNative: message !== undefined };
}

function sentence(text: string, status: number): string {
  const document = parsed(text);
  return document === undefined ? `status ${status}` : string(document, "error", "message") ??
    string(document, "error", 0, "message") ?? `status ${status}`;
}

function parsed(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value as Fields : undefined;
  } catch {
    return undefined;
  }
}

function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, name) => typeof inner === "object" && inner !== null ? (inner as Fields)[name] : undefined,
    value,
  );
}

function string(value: unknown, ...path: readonly (string | number)[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === "string" ? found : undefined;
}

function number(value: unknown, ...path: readonly (string | number)[]): number | undefined {
  const found = at(value, ...path);
  return typeof found === "number" ? found : undefined;
}
