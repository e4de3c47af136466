/**
 * What a request asks, part by part, in the client's own characters.
 *
 * @module
 */
import { itemsAt, type Json, membersAt, parsedJson, type Span } from "../../json.ts";
import type { WireId } from "../provider.ts";
import { items, look } from "./fields.ts";

/** What can be told apart of a request. */
export type PromptPart = "system" | "user" | "tools" | "model";

/** Where a format keeps its parts, as members of the request, beside the list of what was said in turn. */
type Places = { readonly [Part in "system" | "user" | "tools"]?: readonly string[] } & { readonly turns?: string };

const TOOLS = ["tools", "tool_choice"];

const PLACES: Readonly<Record<WireId, Places>> = {
  "openai-chat": { turns: "messages", user: ["prompt"], tools: [...TOOLS, "functions", "function_call"] },
  // A prompt that is kept at OpenAI is both: instructions, and what the user says in the gaps that they leave.
  "openai-responses": { system: ["instructions", "prompt"], turns: "input", user: ["prompt"], tools: TOOLS },
  "openai-embeddings": { user: ["input"] },
  "anthropic-messages": { system: ["system"], turns: "messages", tools: [...TOOLS, "mcp_servers"] },
  gemini: {
    system: ["systemInstruction", "system_instruction", "cachedContent", "cached_content"],
    turns: "contents",
    tools: ["tools", "toolConfig", "tool_config"],
  },
  "bedrock-converse": { system: ["system"], turns: "messages", tools: ["toolConfig"] },
  "bedrock-invoke": {
    system: ["system"],
    turns: "messages",
    user: ["prompt", "inputText"],
    tools: [...TOOLS, "toolConfig"],
  },
  // Version 1 keeps what the user says last apart from what was said in turn.
  cohere: {
    system: ["preamble"],
    turns: "messages",
    user: ["message", "tool_results", "query", "texts", "images", "inputs"],
    tools: TOOLS,
  },
  "workers-ai": { turns: "messages", user: ["prompt", "text"], tools: TOOLS },
  ollama: { system: ["system"], turns: "messages", user: ["prompt", "images", "input"], tools: ["tools"] },
};

/**
 * One part of a request, as the text of a JSON object of its own: the members that make it up under their names, in a
 * fixed order, each as the client wrote it. So two requests have the same text only where they say the same, and big
 * numbers stay what they are. Pure.
 *
 * - `system`: every instruction of the system's or the developer's.
 * - `user`: what the user said last, and all that follows it, as the results of tools do.
 * - `tools`: the tools, and which of them is to be used.
 * - `model`: the model, where it isn't named by the URL.
 *
 * @returns `undefined` where the request has no such part.
 */
export function promptPart(wire: WireId, json: Json, part: PromptPart): string | undefined {
  const places = PLACES[wire];
  const parts = (part === "model" ? ["model"] : places[part] ?? []).flatMap((name) => whole(json, name));
  if (part === "system") parts.push(...[places.turns, "chat_history"].flatMap((name) => of(json, name, instructions)));
  if (part === "user") parts.push(...of(json, places.turns, lastSaid));
  return parts.length === 0 ? undefined : `{${parts.join(",")}}`;
}

/** A member, if there is one. */
function whole({ text, members }: Json, name: string): readonly string[] {
  const span = members.get(name);
  return span === undefined ? [] : [`"${name}":${raw(text, span)}`];
}

/** The chosen ones of a list of turns. */
function of(json: Json, name: string | undefined, choose: typeof lastSaid): readonly string[] {
  const { text, members } = json;
  const span = name === undefined ? undefined : members.get(name);
  if (name === undefined || span === undefined) return [];
  // What stands in the place of a list is what the user says.
  if (text[span.start] !== "[") return choose === lastSaid ? whole(json, name) : [];
  const turns = choose(text, itemsAt(text, span.start));
  return turns.length === 0 ? [] : [`"${name}":[${turns.map((turn) => raw(text, turn)).join(",")}]`];
}

const raw = (text: string, { start, end }: Span) => text.slice(start, end);

type Turns = readonly Span[];

const instructions = (text: string, turns: Turns): Turns =>
  turns.filter((turn) => /^(system|developer)$/i.test(roleOf(text, turn)));

/** Some formats send the results of tools as the user's: where there is more from the user, they don't begin it. */
function lastSaid(text: string, turns: Turns): Turns {
  let result: number | undefined;
  for (let index = turns.length - 1; index >= 0; index--) {
    if (!isUsers(text, turns[index]!)) continue;
    if (!isResult(text, turns[index]!)) return turns.slice(index);
    result ??= index;
  }
  return result === undefined ? [] : turns.slice(result);
}

const roleOf = (text: string, turn: Span) => String(memberAt(text, turn, "role") ?? "");

/** Google lets the role be left out; what else has none is no message. */
function isUsers(text: string, turn: Span): boolean {
  const role = roleOf(text, turn);
  return role === "user" || (role === "" && memberAt(text, turn, "parts") !== undefined);
}

/** Whether a message holds nothing but what tools gave. */
function isResult(text: string, turn: Span): boolean {
  const parts = items(memberAt(text, turn, "content") ?? memberAt(text, turn, "parts"));
  return parts.length > 0 &&
    parts.every((part) =>
      RESULTS.some((name) => look(part, name) !== undefined) || look(part, "type") === "tool_result"
    );
}

const RESULTS = ["toolResult", "functionResponse", "function_response"];

function memberAt(text: string, { start }: Span, name: string): unknown {
  const span = text[start] === "{" ? membersAt(text, start).get(name) : undefined;
  return span && parsedJson(raw(text, span));
}
