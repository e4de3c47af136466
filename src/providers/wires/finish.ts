/**
 * Why a model stopped, and whether its answer is whole.
 *
 * @module
 */
import { field } from "../../json.ts";
import { items, look, name } from "./fields.ts";
import { ending, listener } from "./listener.ts";
import { REASON } from "./speech.ts";
import type { Wire } from "./wire.ts";

/** Gathers why a stream's answers stopped. */
export interface FinishReader {
  /** Takes the next bytes. Never throws. */
  chunk(bytes: Uint8Array<ArrayBuffer>): void;
  /** The reasons that were told, each once, in their own words. To be asked once the stream is over. */
  reasons(): readonly string[];
}

/** A reader of one stream; `undefined` where the answer is none: {@link finishReasons} reads a whole document. */
export function finishReader(wire: Wire, contentType: string): FinishReader | undefined {
  const found = new Set<string>();
  const ear = listener(wire, contentType, (documents, text) => {
    for (const reason of documents === undefined ? reasonsIn(text) : finishReasons(documents)) found.add(reason);
  });
  return ear && {
    chunk: (bytes) => ear.hear(bytes),
    reasons() {
      ending(ear);
      return [...found];
    },
  };
}

/** Where a document says it of its one answer: Anthropic, Bedrock, Cohere, Ollama, Workers AI. */
const PLACES = [
  "stop_reason",
  "delta.stop_reason",
  "stopReason",
  "messageStop.stopReason",
  "finish_reason",
  "delta.finish_reason",
  "response.finish_reason",
  "result.finish_reason",
  "done_reason",
  "promptFeedback.blockReason",
];

/** Where it says it of several, and how they call it: OpenAI, Google, and those whom Bedrock invokes. */
const LISTS = [
  ["choices", "finish_reason"],
  ["result.choices", "finish_reason"],
  ["candidates", "finishReason"],
  ["results", "completionReason"],
  ["outputs", "stop_reason"],
  ["generations", "finish_reason"],
] as const;

/**
 * Why the answers in a document stopped, in the provider's own words: a whole answer, one event of a stream, or a list
 * of them. A refusal that a format tells beside the text counts as `refusal`. The formats keep out of each other's way,
 * so that one table reads them all. Pure; never throws.
 */
export function finishReasons(document: unknown): readonly string[] {
  if (Array.isArray(document)) return document.flatMap(finishReasons);
  const listed = LISTS.flatMap(([list, place]) =>
    items(look(document, list)).flatMap((part) => [name(part, place), refusal(look(part, "message", "delta"))])
  );
  const told = [...PLACES.map((place) => name(document, place)), ...listed, ...ofResponse(document)];
  return told.flatMap((reason) => reason ?? []);
}

/** An event that only repeats a response of OpenAI's says nothing of its end. */
function ofResponse(document: unknown): readonly (string | undefined)[] {
  const type = String(field(document, "type") ?? "response.completed");
  if (!/^response\.(completed|incomplete|failed|cancelled|done)$/.test(type)) return [];
  const response = field(document, "response") ?? document;
  if (!/response$/.test(String(field(response, "object")))) return [];
  const parts = items(field(response, "output")).flatMap((item) => items(field(item, "content")));
  return [name(response, "status"), name(response, "incomplete_details.reason"), ...parts.map(refusal)];
}

const refusal = (part: unknown) => look(part, "refusal") ? "refusal" : undefined;

/** In an event that was too long to keep; a name that isn't closed yet is seen again. */
const reasonsIn = (text: string) => [...text.matchAll(NAMED)].map(([found]) => found.slice(found.lastIndexOf('"') + 1));

const NAMED = new RegExp(`${REASON.source}[^"]*(?=")`, "g");

/** Reasons of a model that has said all that it had to say; `finish` is Titan's, `eos` is vLLM's and its kin's. */
const GOOD = /^(stop|stop_sequence|end_turn|eos(_token)?|completed?|finish|tool_calls?|tool_use|function_call)$/i;

/**
 * Whether none of the reasons says that an answer was cut or withheld. One that nobody knows may say so; where there
 * are none, the format tells none.
 */
export const isWholeFinish = (reasons: readonly string[]): boolean => reasons.every((reason) => GOOD.test(reason));
