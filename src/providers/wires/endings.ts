/**
 * What ends a stream before its time, format by format: that its answers were cut for their length.
 *
 * @module
 */
import { field, isObject } from "../../json.ts";
import type { WireId } from "../provider.ts";
import { count, items, look, tokens } from "./fields.ts";
import { incomplete } from "./incomplete.ts";

/** How one stream ends. */
export interface Ending {
  /** Takes the document of the next event, or {@link DONE}; of any shape. */
  heed(document: unknown): void;
  /** The documents that would end the stream now: none where it has ended, or hasn't begun. */
  missing(): readonly unknown[];
}

/** The last event of OpenAI's chats, which is no JSON. */
export const DONE: string = "[DONE]";

/** Which of several answers in one stream go on, by their numbers. */
class Answers {
  readonly #isOpen = new Map<number, boolean>();

  heed(list: unknown, reason: string): void {
    for (const answer of items(list)) {
      const index = count(field(answer, "index")) ?? 0;
      const isOpen = typeof field(answer, reason) !== "string";
      this.#isOpen.set(index, isOpen && this.#isOpen.get(index) !== false);
    }
  }

  /** Where nothing of any answer has come, one is on its way. */
  open(): readonly number[] {
    return this.#isOpen.size === 0 ? [0] : [...this.#isOpen].flatMap(([index, isOpen]) => isOpen ? [index] : []);
  }
}

function chat(): Ending {
  const answers = new Answers();
  let last: unknown;
  let isOver = false;
  return {
    heed(document) {
      isOver ||= document === DONE;
      if (!isObject(document)) return;
      last = document["choices"] === undefined ? last ?? {} : document;
      answers.heed(document["choices"], "finish_reason");
    },
    missing() {
      if (isOver || last === undefined) return [];
      const [id, object, created, model] = ["id", "object", "created", "model"].map((name) => field(last, name));
      // Workers AI's own words know no reason, and the older completions no delta.
      const open = look(last, "choices") === undefined ? [] : answers.open();
      const nothing = look(last, "choices.0.text") === undefined ? { delta: {} } : { text: "" };
      const choice = (index: number) => ({ index, ...nothing, logprobs: null, finish_reason: "length" });
      return [...open.map((index) => ({ id, object, created, model, choices: [choice(index)] })), DONE];
    },
  };
}

function anthropic(): Ending {
  const blocks = new Set<unknown>();
  let output: number | undefined;
  let hasReason = false;
  let isOver = true;
  return {
    heed(document) {
      const [type, index] = [field(document, "type"), field(document, "index")];
      if (type === "message_start") isOver = false;
      if (type === "content_block_start") blocks.add(index);
      if (type === "content_block_stop") blocks.delete(index);
      if (type === "message_stop") isOver = true;
      hasReason ||= typeof look(document, "delta.stop_reason") === "string";
      output = tokens(document, "usage.output_tokens", "message.usage.output_tokens") ?? output;
    },
    missing() {
      if (isOver) return [];
      const delta = { stop_reason: "max_tokens", stop_sequence: null };
      return [
        ...[...blocks].map((index) => ({ type: "content_block_stop", index })),
        ...(hasReason ? [] : [{ type: "message_delta", delta, usage: { output_tokens: output ?? 0 } }]),
        { type: "message_stop" },
      ];
    },
  };
}

/** Every event repeats what the tokens are, so the last does. */
function gemini(): Ending {
  const answers = new Answers();
  let last: unknown;
  let isOver = false;
  return {
    heed(document) {
      if (!isObject(document)) return;
      last = document;
      answers.heed(document["candidates"], "finishReason");
      isOver ||= look(document, "promptFeedback.blockReason") !== undefined;
    },
    missing() {
      const open = isOver || last === undefined ? [] : answers.open();
      if (open.length === 0) return [];
      const content = { parts: [{ text: "" }], role: "model" };
      const candidates = open.map((index) => ({ content, finishReason: "MAX_TOKENS", index }));
      const [usageMetadata, modelVersion, responseId] = ["usageMetadata", "modelVersion", "responseId"].map((name) =>
        field(last, name)
      );
      return [{ candidates, usageMetadata, modelVersion, responseId }];
    },
  };
}

function ollama(): Ending {
  let last: unknown;
  return {
    heed: (document) => void (last = isObject(document) ? document : last),
    missing() {
      if (last === undefined || field(last, "done") === true) return [];
      const [model, created_at] = [field(last, "model"), field(last, "created_at")];
      const nothing = field(last, "message") === undefined
        ? { response: "" }
        : { message: { role: "assistant", content: "" } };
      return [{ model, created_at, ...nothing, done: true, done_reason: "length" }];
    },
  };
}

/** Version 2: version 1 repeats its whole answer in the last line. */
function cohere(): Ending {
  const open = new Map<string, unknown>();
  let isOver = true;
  return {
    heed(document) {
      const [, part = "", edge] = /^(.+)-(start|end)$/.exec(String(field(document, "type"))) ?? [];
      const index = field(document, "index");
      if (part === "message") isOver = edge === "end";
      else if (edge === "start") open.set(`${part}${index}`, { type: `${part}-end`, index });
      else if (edge === "end") open.delete(`${part}${index}`);
    },
    missing: () => isOver ? [] : [...open.values(), { type: "message-end", delta: { finish_reason: "MAX_TOKENS" } }],
  };
}

/** Formats whose streams can be ended from outside. */
export const ENDINGS: { readonly [Id in WireId]?: () => Ending } = {
  "openai-chat": chat,
  "openai-responses": incomplete,
  "anthropic-messages": anthropic,
  gemini,
  cohere,
  "workers-ai": chat,
  ollama,
};
