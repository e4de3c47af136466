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

/** Reads a record; `undefined` where it is none. */
export function readRecord(record: Bytes): Answer | undefined {
  const end = record.indexOf(NEWLINE);
  const head = parsedJson(new TextDecoder().decode(record.subarray(0, end)));
  if (end < 0 || !isObject(head) || !Array.isArray(head["chunks"]) || !Array.isArray(head["headers"])) return undefined;
  let at = end + 1;
  const chunks = (head["chunks"] as readonly (readonly [number, number])[]).map(([length, atMs]): Chunk => {
    const bytes = record.subarray(at, at + length);
    at += length;
    return { bytes, atMs };
  });
  return { head: { status: Number(head["status"]), headers: head["headers"] }, chunks };
}
