/**
 * How a stream of OpenAI's responses ends before its time: every item, part and text that has begun is closed, and the
 * response told as far as it came.
 *
 * @module
 */
import { isObject } from "../../json.ts";
import type { Ending } from "./endings.ts";
import { count, items } from "./fields.ts";

type Members = Readonly<Record<string, unknown>>;

/** An item of the output, or a part of one. */
interface Node {
  /** Its `item_id` and its indices, as its events tell them. */
  readonly place: Members;
  /** As far as it came. */
  body: Members;
  isOpen: boolean;
  /** Whether its text was told whole. */
  isTold: boolean;
  /** Of an item, by list and index: `content 0`. */
  readonly parts: Map<string, Node>;
}

/** What streams as text, by the `type` of an item or part: how its events are called, and the member that it becomes. */
const TEXTS: Readonly<Record<string, readonly [name: string, member: string]>> = {
  output_text: ["output_text", "text"],
  refusal: ["refusal", "refusal"],
  reasoning_text: ["reasoning_text", "text"],
  summary_text: ["reasoning_summary_text", "text"],
  function_call: ["function_call_arguments", "arguments"],
  mcp_call: ["mcp_call_arguments", "arguments"],
  custom_tool_call: ["custom_tool_call_input", "input"],
  code_interpreter_call: ["code_interpreter_call_code", "code"],
};
const textOf = ({ body }: Node) => TEXTS[String(body["type"])] ?? ["", ""];

/** The ending of one stream. */
export function incomplete(): Ending {
  const output = new Map<unknown, Node>();
  let response: Members | undefined;
  let sequence = -1;
  let isOver = false;
  return {
    heed(event) {
      if (!isObject(event)) return;
      const type = String(event["type"]);
      sequence = count(event["sequence_number"]) ?? sequence + 1;
      isOver ||= /^response\.(completed|incomplete|failed|cancelled)$/.test(type);
      if (isObject(event["response"])) response = event["response"];
      else heedOutput(output, type, event);
    },
    missing() {
      if (isOver || response === undefined) return [];
      const list = [...output.values()];
      const [status, incomplete_details] = ["incomplete", { reason: "max_output_tokens" }];
      const last = { ...response, status, incomplete_details, output: list.map(told) };
      return [...list.flatMap(closings), { type: "response.incomplete", response: last }]
        .map((event, index) => ({ ...event, sequence_number: sequence + 1 + index }));
    },
  };
}

function heedOutput(output: Map<unknown, Node>, type: string, event: Members): void {
  const output_index = event["output_index"] ?? 0;
  if (type === "response.output_item.added") output.set(output_index, opened({ output_index }, event["item"]));
  const item = output.get(output_index);
  if (item === undefined) return;
  const place = placeOf(type, event);
  const key = place?.join(" ") ?? "";
  if (place !== undefined && type.endsWith("_part.added")) {
    const item_id = event["item_id"];
    item.parts.set(key, opened({ item_id, output_index, [`${place[0]}_index`]: place[1] }, event["part"]));
  }
  const node = place === undefined ? item : item.parts.get(key);
  if (node !== undefined) heedNode(node, type, event);
}

function heedNode(node: Node, type: string, event: Members): void {
  const [name, member] = textOf(node);
  if (type === `response.${name}.delta`) {
    node.body = { ...node.body, [member]: `${node.body[member] ?? ""}${event["delta"]}` };
  } else if (type === `response.${name}.done`) {
    node.body = { ...node.body, [member]: event[member] };
    node.isTold = true;
  } else if (type === "response.output_text.annotation.added") {
    node.body = { ...node.body, annotations: [...items(node.body["annotations"]), event["annotation"]] };
  } else if (/_(part|item)\.done$/.test(type)) {
    node.isOpen = false;
    node.body = body(event["part"] ?? event["item"]);
  }
}

/** Which part of an item an event is about; `undefined` where it is about the item. */
function placeOf(type: string, event: Members): readonly [list: "summary" | "content", index: unknown] | undefined {
  if (type.includes("reasoning_summary")) return ["summary", event["summary_index"] ?? 0];
  const isPart = /\.(output_text|refusal|reasoning_text|content_part)\./.test(type);
  return isPart ? ["content", event["content_index"] ?? 0] : undefined;
}

const body = (value: unknown): Members => isObject(value) ? value : {};

const opened = (place: Members, value: unknown): Node => (
  { place, body: body(value), isOpen: true, isTold: false, parts: new Map() }
);

/** An item as far as it came. */
function told(item: Node): Members {
  if (!item.isOpen) return item.body;
  const of = (list: string) => [...item.parts].flatMap(([key, part]) => key.startsWith(list) ? [part.body] : []);
  const [content, summary] = [of("content"), of("summary")];
  const lists = { ...(content.length > 0 && { content }), ...(summary.length > 0 && { summary }) };
  return { ...item.body, ...lists, status: "incomplete" };
}

function closings(item: Node): Members[] {
  if (!item.isOpen) return [];
  const parts = [...item.parts.values()].filter(({ isOpen }) => isOpen).flatMap((part) => {
    const name = part.place["summary_index"] === undefined ? "content_part" : "reasoning_summary_part";
    return [...textDone(part), { type: `response.${name}.done`, ...part.place, part: part.body }];
  });
  return [...textDone(item), ...parts, { type: "response.output_item.done", ...item.place, item: told(item) }];
}

function textDone(node: Node): Members[] {
  const [name, member] = textOf(node);
  if (name === "" || node.isTold) return [];
  const more = { [member]: node.body[member] ?? "", ...(name === "output_text" && { logprobs: [] }) };
  return [{ type: `response.${name}.done`, item_id: node.body["id"], ...node.place, ...more }];
}
