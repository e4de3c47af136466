/**
 * Answers as they are kept and handed on: a head of JSON on a line, and the bytes behind it.
 *
 * @module
 */
import { joined } from "../bytes.ts";
import { isObject, parsedJson } from "../json.ts";
import { recalled } from "../recall.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What an answer is, but for its body. */
export interface Head {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
}

/** A run of an answer's bytes as it came. */
export interface Chunk {
  readonly bytes: Bytes;
  /** Milliseconds after the answer's head. */
  readonly atMs: number;
}

/** An answer, or what has come of it since the last record. */
export interface Answer {
  readonly head: Head;
  readonly chunks: readonly Chunk[];
}

/** Headers that belong to the answer, and not to the one call that it was first for. */
const KEPT = recalled((name) =>
  /^(?:content-(?:type|language|disposition|encoding)|openai-(?:model|version)|x-generation-id)$/.test(name)
);

/** The head of an answer as it may be given to others. */
export function headOf({ status, headers }: Response): Head {
  const kept: [string, string][] = [];
  headers.forEach((value, name) => {
    if (KEPT(name)) kept.push([name, value]);
  });
  return { status, headers: kept };
}

/** Writes a record. */
export function written({ head, chunks }: Answer): Bytes {
  const marks = chunks.map(({ bytes, atMs }) => [bytes.byteLength, Math.round(atMs)]);
  const line = new TextEncoder().encode(JSON.stringify({ ...head, chunks: marks }) + "\n");
  return joined([line, ...chunks.map(({ bytes }) => bytes)]);
}

const NEWLINE = 10;

/** What may stand in a header's value. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Reads a record; `undefined` where it is none: who can write to the store may have put anything there. */
export function readRecord(record: Bytes): Answer | undefined {
  const end = record.indexOf(NEWLINE);
  const head = end < 0 ? undefined : parsedJson(new TextDecoder().decode(record.subarray(0, end)));
  if (!isObject(head)) return undefined;
  const { status, headers, chunks: marks } = head;
  if (!isStatus(status) || !isListOf(headers, isHeader) || !isListOf(marks, isMark)) return undefined;
  let at = end + 1;
  const chunks = marks.map(([length, atMs]): Chunk => {
    const bytes = record.subarray(at, at + length);
    at += length;
    return { bytes, atMs };
  });
  return at === record.byteLength ? { head: { status, headers }, chunks } : undefined;
}

/** Of an answer with a body. */
const isStatus = (value: unknown): value is number =>
  Number.isInteger(value) && value as number >= 200 && value as number < 300 && value !== 204 && value !== 205;

function isListOf<Item>(value: unknown, isItem: (item: unknown) => item is Item): value is readonly Item[] {
  return Array.isArray(value) && value.every(isItem);
}

const isHeader = (item: unknown): item is readonly [string, string] =>
  Array.isArray(item) && item.length === 2 && typeof item[0] === "string" && KEPT(item[0]) &&
  typeof item[1] === "string" && VALUE.test(item[1]);

const isMark = (item: unknown): item is readonly [length: number, atMs: number] =>
  Array.isArray(item) && item.length === 2 && item.every((part) => Number.isSafeInteger(part) && part >= 0);
