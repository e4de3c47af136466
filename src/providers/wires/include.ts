/**
 * Asks for the usage of a chat stream, which OpenAI's format tells only when asked, and hides that from the client.
 *
 * @module
 */
import { type Edit, field, type Json, memberOf, membersAt, patchJson, type Span } from "../../json.ts";

export { type UsageFilter, withoutUsageChunk } from "./strip.ts";

/**
 * The request with `stream_options.include_usage` set, every other character untouched; `undefined` where there is
 * nothing to add: no stream, asked for already, or options that only the provider can judge.
 */
export function addIncludeUsage(json: Json): Json | undefined {
  if (memberOf(json, "stream") !== true) return undefined;
  const span = json.members.get("stream_options");
  const edit = span === undefined ? added(json.members) : within(json.text, span, memberOf(json, "stream_options"));
  return edit && patchJson(json, [edit]);
}

function added(members: ReadonlyMap<string, Span>): Edit {
  let end = 0;
  for (const span of members.values()) end = span.end;
  return { start: end, end, text: `,"stream_options":{"include_usage":true}` };
}

function within(text: string, span: Span, options: unknown): Edit | undefined {
  if (options === null) return { ...span, text: `{"include_usage":true}` };
  if (typeof options !== "object" || Array.isArray(options)) return undefined;
  const asked = field(options, "include_usage");
  const members = membersAt(text, span.start);
  const at = members.get("include_usage");
  if (at !== undefined) return asked === false || asked === null ? { ...at, text: "true" } : undefined;
  const start = span.start + 1;
  return { start, end: start, text: members.size === 0 ? `"include_usage":true` : `"include_usage":true,` };
}
