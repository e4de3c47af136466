/**
 * How long a request lets its answer become, and how that is held lower.
 *
 * @module
 */
import { type Edit, isObject, type Json, memberOf, membersAt, parsedJson, patchJson, type Span } from "../../json.ts";
import type { WireId } from "../provider.ts";
import { count, items } from "./fields.ts";

/** What a request may cost in output. */
export interface OutputCap {
  /** Tokens that each answer may have at most, as the client says; `undefined` where it doesn't. */
  readonly tokens: number | undefined;
  /** Answers that are made, whether or not all are told: at least 1. */
  readonly answers: number;
}

/** Where a format keeps the cap: a member, or one of a member's own. The first place is where one is added. */
type Places = readonly string[];

/** Google takes its names in either spelling. */
const both = (...names: Places): Places =>
  names.flatMap((name) => [`generationConfig.${name}`, `generation_config.${name}`]);

const CAPS: { readonly [Id in WireId]?: Places } = {
  "openai-chat": ["max_tokens", "max_completion_tokens"],
  "openai-responses": ["max_output_tokens"],
  "anthropic-messages": ["max_tokens"],
  gemini: both("maxOutputTokens", "max_output_tokens"),
  "bedrock-converse": ["inferenceConfig.maxTokens"],
  "bedrock-invoke": [
    "max_tokens",
    "max_completion_tokens",
    "max_gen_len",
    "textGenerationConfig.maxTokenCount",
    "inferenceConfig.maxTokens",
    "inferenceConfig.max_new_tokens",
  ],
  cohere: ["max_tokens"],
  "workers-ai": ["max_tokens", "max_output_tokens"],
  ollama: ["options.num_predict"],
};

const ANSWERS: { readonly [Id in WireId]?: Places } = {
  "openai-chat": ["n", "best_of"],
  "openai-responses": ["n"],
  gemini: both("candidateCount", "candidate_count"),
  "bedrock-invoke": ["n", "num_generations"],
  cohere: ["num_generations"],
  "workers-ai": ["n"],
};

/**
 * The client's own cap. Of several in one request the highest counts, as it is the provider who chooses. Pure.
 */
export function outputCap(wire: WireId, json: Json): OutputCap {
  const read = (places: Places = []) =>
    places.flatMap((place) => positive(json, spanOf(json, place)) ?? []).reduce(
      (most, told) => Math.max(most, told),
      0,
    );
  return {
    tokens: isEmbedding(wire, json) ? undefined : read(CAPS[wire]) || undefined,
    answers: Math.max(1, read(ANSWERS[wire])) * promptsIn(wire, json),
  };
}

/**
 * The request with its cap at `tokens` and every other character untouched; the same request where its own cap is no
 * higher. What can't be a cap is replaced: providers take 0, -1 or `null` for none.
 *
 * @param added The member to add to an OpenAI chat that has no cap: OpenAI's own models want `max_completion_tokens`.
 * @returns `undefined` where nobody can say where the cap belongs.
 */
export function withOutputCap(
  wire: WireId,
  json: Json,
  tokens: number,
  added: string = "max_tokens",
): Json | undefined {
  const places = CAPS[wire];
  if (places === undefined || isEmbedding(wire, json) || !/^\s*\{/.test(json.text)) return undefined;
  const spans = places.flatMap((place) => spanOf(json, place) ?? []);
  const edits = spans.filter((span) => !((positive(json, span) ?? Infinity) <= tokens))
    .map((span) => ({ ...span, text: String(tokens) }));
  if (spans.length > 0) return edits.length === 0 ? json : patchJson(json, edits);
  if (/^(bedrock-invoke|workers-ai)$/.test(wire)) return undefined;
  const place = json.members.has("messages") && wire === "openai-chat"
    ? added
    : places.find((place) => json.members.has(outer(place))) ?? places[0]!;
  const edit = addition(json, place, tokens);
  return edit && patchJson(json, [edit]);
}

const outer = (place: string) => place.split(".", 1)[0]!;

function spanOf({ text, members }: Json, place: string): Span | undefined {
  const [name = "", inner] = place.split(".");
  const span = members.get(name);
  if (span === undefined || inner === undefined) return span;
  return text[span.start] === "{" ? membersAt(text, span.start).get(inner) : undefined;
}

function positive({ text }: Json, span: Span | undefined): number | undefined {
  return span && (count(parsedJson(text.slice(span.start, span.end))) || undefined);
}

function addition(json: Json, place: string, tokens: number): Edit | undefined {
  const [name = "", inner] = place.split(".");
  const span = json.members.get(name);
  const object = `{"${inner}":${tokens}}`;
  if (span === undefined) {
    const text = `"${name}":${inner === undefined ? tokens : object}`;
    return atEnd(json.members, json.text.indexOf("{"), text);
  }
  const value = memberOf(json, name);
  if (value === null) return { ...span, text: object };
  return isObject(value) ? atEnd(membersAt(json.text, span.start), span.start, object.slice(1, -1)) : undefined;
}

/** One member more in an object; it comes last, as many parsers let the last of two win. */
function atEnd(members: ReadonlyMap<string, Span>, open: number, text: string): Edit {
  let end = open + 1;
  for (const span of members.values()) end = Math.max(end, span.end);
  return { start: end, end, text: members.size === 0 ? text : `,${text}` };
}

/** Cohere's embeddings call their input's limit by the same name; OpenAI's pictures, in the responses' words, have none. */
function isEmbedding(wire: WireId, json: Json): boolean {
  if (wire === "cohere") return !json.members.has("messages") && !json.members.has("message");
  return wire === "openai-responses" && typeof memberOf(json, "prompt") === "string";
}

/** OpenAI's older completions answer each prompt of a list; a list of numbers is one prompt in tokens. */
function promptsIn(wire: WireId, json: Json): number {
  const prompts = wire === "openai-chat" && !json.members.has("messages") ? items(memberOf(json, "prompt")) : [];
  return Math.max(1, prompts.filter((prompt) => typeof prompt !== "number").length);
}
