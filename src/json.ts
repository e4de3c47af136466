/**
 * A JSON text whose bytes are kept as they came: it is checked, looked into and patched by span, never re-serialised.
 *
 * @module
 */
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
  /** Parsed; for looking, not for sending on. */
  readonly value: unknown;
  /** Spans of the values of the top-level object, by key; empty for anything else. */
  readonly members: ReadonlyMap<string, Span>;
}

/** Nesting that no real request comes near. */
const MAX_DEPTH = 512;

/**
 * Checks bytes and wraps them.
 *
 * @throws {GatewayError} `invalid_json`, `too_deep`, or `duplicate_key` for a key named twice at the top level, which
 * two parsers could read differently.
 */
export function readJson(bytes: Uint8Array<ArrayBuffer>, maxDepth: number = MAX_DEPTH): Json {
  const text = decode(bytes);
  const members = scanned(text, maxDepth);
  return { bytes, text, value: parse(text), members };
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

/** Made from a text that is known to be JSON; looked into only if somebody asks. */
function rewritten(text: string): Json {
  let value: { readonly parsed: unknown } | undefined;
  let members: ReadonlyMap<string, Span> | undefined;
  return {
    text,
    bytes: new TextEncoder().encode(text),
    get value() {
      return (value ??= { parsed: parse(text) }).parsed;
    },
    get members() {
      return members ??= membersAt(text, skipSpace(text, 0));
    },
  };
}

function decode(bytes: Uint8Array<ArrayBuffer>): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new GatewayError("invalid_json", "Send the body as JSON in UTF-8: it holds bytes that aren't.");
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new GatewayError("invalid_json", "Send the body as valid JSON: it can't be parsed.");
  }
}

const QUOTE = 0x22, COMMA = 0x2c, COLON = 0x3a, BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b, CLOSE_ARRAY = 0x5d, OPEN_OBJECT = 0x7b, CLOSE_OBJECT = 0x7d;

/** Walks the text once: refuses depth and double keys before anything is parsed. */
function scanned(text: string, maxDepth: number): ReadonlyMap<string, Span> {
  const members = new Map<string, Span>();
  children(text, skipSpace(text, 0), (span, key) => {
    if (key === undefined) return;
    if (members.has(key)) {
      const shown = key.length > 40 ? "a top-level key" : JSON.stringify(key);
      throw new GatewayError("duplicate_key", `Name ${shown} once in the body: it is there twice.`);
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
  maxDepth: number = Infinity,
): void {
  const first = text.charCodeAt(start);
  if (first !== OPEN_OBJECT && first !== OPEN_ARRAY) return;
  let depth = 1;
  let key: string | undefined;
  let valueAt = first === OPEN_ARRAY ? start + 1 : -1;
  const close = (at: number) => {
    if (valueAt >= 0) emit(text, valueAt, at, key, visit);
  };
  for (let at = start + 1; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const end = endOfString(text, at);
        if (depth === 1 && valueAt < 0) key = keyOf(text, at, end);
        at = end;
        break;
      }
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        if (++depth > maxDepth) throw tooDeep(maxDepth);
        break;
      case COLON:
        if (depth === 1 && valueAt < 0) valueAt = at + 1;
        break;
      case COMMA:
        if (depth === 1) {
          close(at);
          valueAt = first === OPEN_ARRAY ? at + 1 : -1;
        }
        break;
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        if (--depth === 0) return close(at);
    }
  }
}

function emit(
  text: string,
  from: number,
  to: number,
  key: string | undefined,
  visit: (span: Span, key: string | undefined) => void,
) {
  const start = skipSpace(text, from);
  let end = to;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  if (end > start) visit({ start, end }, key);
}

/** Index of the closing quote; the text's end when there is none. */
function endOfString(text: string, open: number): number {
  for (let at = text.indexOf('"', open + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return at;
  }
  return text.length;
}

/** Escapes are undone, so that `"mod\u0065l"` counts as `model`. */
function keyOf(text: string, open: number, end: number): string {
  const raw = text.slice(open + 1, end);
  return raw.includes("\\") ? String(parse(`"${raw}"`)) : raw;
}

function skipSpace(text: string, at: number): number {
  while (isSpace(text.charCodeAt(at))) at++;
  return at;
}

const isSpace = (code: number) => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

const tooDeep = (maxDepth: number) =>
  new GatewayError("too_deep", `Nest the JSON body at most ${maxDepth} levels deep: it is nested deeper.`);
