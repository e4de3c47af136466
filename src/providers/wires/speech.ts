/**
 * What the events of a stream say, in every wire format: whether the model speaks, has finished, or an error is told.
 *
 * The formats keep out of each other's way, so that one table reads them all, and servers that mix them too.
 *
 * @module
 */
import { field } from "../../json.ts";
import { statusOf, written } from "./causes.ts";
import { look } from "./fields.ts";
import type { Wire } from "./wire.ts";

/** What one event of a stream says. */
export interface Saying {
  /**
   * Something of the model's own: text, reasoning, a tool call, audio, an image, a refusal. Not a role, a ping, the
   * announcement of a message or of a part of it, an empty delta.
   */
  readonly speaks: boolean;
  /** The model has said why it stopped: nothing of its output is missing. */
  readonly finishes: boolean;
  /** The format's last event of a whole stream. Google's events have none: their streams finish. */
  readonly ends: boolean;
  /** An error told in a stream that began with 200; such an event says nothing else. */
  readonly fault: Fault | undefined;
}

/** An error that a provider told inside an answer. */
export interface Fault {
  /** As the provider would have answered in the first place: 529 when it is overloaded, 429, 503, 500 ... */
  readonly status: number;
  /** JSON, as the format answers errors. */
  readonly body: string;
}

/**
 * What is looked for in an event's JSON text. Within a string quotes are escaped, so none of it is found in what the
 * model says; only the arguments of a call could pass for it, where they are no text themselves and so named.
 */
const OUTPUT =
  /"(content|text|thinking|reasoning\w*|refusal|delta|response|arguments|partial_json|data|generation|outputText|tool_plan|\w*b64\w*)": *"[^"]|"response": *[\d-]|"(tool_call\w+|functionCall|toolUse|images)": *[[{] *["{]|"(server_)?tool_use"/;
/** What announces a response of OpenAI's, or repeats it, with all that was asked for. */
const WHOLE = /"response": *{/;
/** What repeats a request tells nothing of the answer's end. */
const ECHO = /"type": *"response\.(created|queued|in_progress)"/;
/** Arguments of a call that aren't text: what they are called is no mark. */
const ARGUMENTS = /"(args|arguments|input)": *\{ *"/;
/** Why the model stopped; quotes aren't closed, so that what follows is the rest of its name. */
export const REASON: RegExp = /"(finish|stop|done|block|completion)_?[rR]eason": *"[^"]/;
const FINAL = /"(done|is_finished)": *true|"type": *"((response|image_\w+)\.(in)?complete|transcript\.text\.done)/;
const LAST = /"type": *"message[-_](stop|end)|etrics":/;
const ERROR = /errors?": *["[{]|(type|object)": *"error/;

/** What no event is without that finishes or ends a stream or tells an error; beside it `[DONE]`, and what ends a list. */
export const MARK: RegExp = new RegExp(
  [REASON, FINAL, LAST, ERROR, /\[DONE|](\s|$)/].map(({ source }) => source).join("|"),
);

/** Reads one event, from its text and what that says as JSON. Never throws. */
export function saying(wire: Wire, event: unknown, text: string): Saying {
  const fault = faultIn(wire, event);
  const own = event !== undefined && ARGUMENTS.test(text) ? written(event, ["args", "arguments", "input"]) : text;
  const says = (words: RegExp) => fault === undefined && words.test(own);
  return {
    speaks: fault === undefined && OUTPUT.test(text) && !WHOLE.test(text),
    finishes: says(FINAL) || (says(REASON) && !ECHO.test(text)),
    ends: says(FINAL) || says(LAST),
    fault,
  };
}

/** What calls an event or an answer an error. */
const NAMES = ["type", "object", "choices.0.finish_reason", "delta.finish_reason", "finish_reason"];

/** The error in an event, or in a whole answer of status 2xx; a blocked prompt is the model's answer. Never throws. */
export function faultIn(wire: Wire, document: unknown): Fault | undefined {
  if (Array.isArray(document)) return document.reduce((found, part) => found ?? faultOf(wire, part), undefined);
  return faultOf(wire, document);
}

function faultOf(wire: Wire, part: unknown): Fault | undefined {
  const told = look(part, "error", "response.error") ?? look(part, "choices.0.error", "x_groq.error") ??
    look(part, "delta.error", "errors.0");
  if (saysAnything(told)) return asAnswered(wire, told);
  return NAMES.some((place) => isError(look(part, place))) ? asAnswered(wire, part) : undefined;
}

const isError = (name: unknown): boolean => typeof name === "string" && /^error/i.test(name);

/** Some say with every answer that there is no error: with an object, all of whose members are empty, too. */
const saysAnything = (told: unknown): boolean =>
  typeof told === "object" && told !== null ? Object.values(told).some(Boolean) : Boolean(told);

/** An error as a format answers errors. */
function asAnswered({ id }: Wire, error: unknown): Fault {
  let body: unknown = { error };
  if (id === "anthropic-messages") body = { type: "error", error };
  if (id === "workers-ai") body = { success: false, errors: [error] };
  if (/^(cohere|bedrock)/.test(id)) body = { message: field(error, "message") ?? error };
  return { status: statusOf(error), body: written(body) };
}
