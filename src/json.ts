/**
 * A JSON text whose bytes are kept as they came: it is checked, looked into and patched by span, never re-serialised.
 *
 * @module
 */
import {
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  isSpace,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
} from "./ascii.ts";
import { GatewayError } from "./errors.ts";

/** Half-open range of characters in a text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Replaces a span of the text; an empty span inserts. */
export interface Edit extends Span {
  readonly text: string;
}

/** A checked JSON document. */
export interface Json {
  /** As the client sent it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly text: string;
  /** Parsed anew each time it is asked for: what is parsed takes thirty times the room of its text, and a call can last. */
  readonly value: unknown;
  /** Spans of the values of the top-level object, by key; empty for anything else. */
  readonly members: ReadonlyMap<string, Span>;
}

/** Whether a parsed value is an object, and no list. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A member of an object; `undefined` for anything else. */
export function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

/** Nesting that no real request comes near. */
const MAX_DEPTH = 512;

/** Keys at the top level, which are kept by their spans; no request comes near. */
const MAX_MEMBERS = 256 * 1024;

/**
 * Checks bytes and wraps them.
 *
 * @throws {GatewayError} `invalid_json`, `too_deep`, or `duplicate_key` for a key named twice at the top level, which
 * two parsers could read differently.
 */
export function readJson(bytes: Uint8Array<ArrayBuffer>, maxDepth: number = MAX_DEPTH): Json {
  const text = decode(bytes);
  const members = scanned(text, maxDepth);
  parse(text);
  return new Document(bytes, text, members);
}

/** A text that is known to be JSON; looked into only if somebody asks. */
class Document implements Json {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly text: string;
  #members: ReadonlyMap<string, Span> | undefined;

  constructor(bytes: Uint8Array<ArrayBuffer>, text: string, members?: ReadonlyMap<string, Span>) {
    this.bytes = bytes;
    this.text = text;
    this.#members = members;
  }

  get value(): unknown {
    return parse(this.text);
  }

  get members(): ReadonlyMap<string, Span> {
    return this.#members ??= membersAt(this.text, skipSpace(this.text, 0));
  }
}

/** The value of one top-level member, parsed alone; `undefined` where there is none. */
export function memberOf({ text, members }: Json, key: string): unknown {
  const span = members.get(key);
  return span === undefined ? undefined : parse(text.slice(span.start, span.end));
}

/** The same document with some spans replaced; every other character stays. Edits must not overlap. */
export function patchJson(json: Json, edits: readonly Edit[]): Json {
  let text = "";
  let at = 0;
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    text += json.text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return rewritten(text + json.text.slice(at));
}

/** A part of a document as a document of its own, its characters untouched. */
export function sliceJson(json: Json, { start, end }: Span): Json {
  return rewritten(json.text.slice(start, end));
}

/** Spans of the values of the object at `start`, by key. The text must be valid JSON. */
export function membersAt(text: string, start: number): Map<string, Span> {
  const members = new Map<string, Span>();
  children(text, start, (span, key) => key !== undefined && members.set(key, span));
  return members;
}

/** Spans of the items of the array at `start`. The text must be valid JSON. */
export function itemsAt(text: string, start: number): Span[] {
  const items: Span[] = [];
  children(text, start, (span) => items.push(span));
  return items;
}

const rewritten = (text: string): Json => new Document(new TextEncoder().encode(text), text);

const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array<ArrayBuffer>): string {
  try {
    return DECODER.decode(bytes);
  } catch {
    throw new GatewayError("invalid_json", "Send the body as JSON in UTF-8: it holds bytes that aren't.");
  }
}

function parse(text: string): unknown {
  const value = parsedJson(text);
  if (value === undefined) throw new GatewayError("invalid_json", "Send the body as valid JSON: it can't be parsed.");
  return value;
}

/** What a text tells as JSON; `undefined` if it is none. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Walks the text once: refuses depth and double keys before anything is parsed. */
function scanned(text: string, maxDepth: number): ReadonlyMap<string, Span> {
  const members = new Map<string, Span>();
  children(text, skipSpace(text, 0), (span, key) => {
    if (key === undefined) return;
    if (members.has(key)) {
      const shown = key.length > 40 ? "a top-level key" : JSON.stringify(key);
      throw new GatewayError("duplicate_key", `Name ${shown} once in the body: it is there twice.`);
    }
    if (members.size >= MAX_MEMBERS) {
      throw new GatewayError(
        "invalid_request",
        `Send at most ${MAX_MEMBERS} top-level keys in the body: there are more.`,
      );
    }
    members.set(key, span);
  }, maxDepth);
  return members;
}

/** Visits the direct children of the container at `start`, skipping everything below them in the same pass. */
function children(
  text: string,
  start: number,
  visit: (span: Span, key: string | undefined) => void,
  maxDepth?: number,
): void {
  let from = start + 1;
  let key: string | undefined;
  walk(text, start, (at, code) => {
    if (code === COLON) {
      key = keyOf(text.slice(from, at).trim());
    } else {
      const span = trimmed(text, from, at);
      if (span.end > span.start) visit(span, key);
      key = undefined;
    }
    from = at + 1;
  }, maxDepth);
}

/** Stops at each colon and comma directly in the container at `start`, and at the bracket that closes it, be the text cut. */
export function walk(
  text: string,
  start: number,
  stop: (at: number, code: number) => void,
  maxDepth: number = Infinity,
): void {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    switch (code) {
      case QUOTE:
        at = endOfString(text, at);
        break;
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        if (++depth > maxDepth) throw tooDeep(maxDepth);
        break;
      case COLON:
      case COMMA:
        if (depth === 1) stop(at, code);
        break;
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        if (--depth <= 0) return stop(at, code);
    }
  }
}

function trimmed(text: string, from: number, to: number): Span {
  const start = skipSpace(text, from);
  let end = to;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return { start, end };
}

/** Index of the closing quote; the text's end when there is none. */
function endOfString(text: string, open: number): number {
  for (let at = text.indexOf('"', open + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    if (!isEscaped(text, at)) return at;
  }
  return text.length;
}

/** Whether an odd number of backslashes stands before a character. */
export function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes++;
  return slashes % 2 === 1;
}

/** Escapes are undone, so that `"mod\u0065l"` counts as `model`; `undefined` for what is no string. */
function keyOf(written: string): string | undefined {
  if (!written.startsWith('"')) return undefined;
  return written.includes("\\") ? String(parse(written)) : written.slice(1, -1);
}

function skipSpace(text: string, at: number): number {
  while (isSpace(text.charCodeAt(at))) at++;
  return at;
}

const tooDeep = (maxDepth: number) =>
  new GatewayError("too_deep", `Nest the JSON body at most ${maxDepth} levels deep: it is nested deeper.`);
