/**
 * Heads are Latin-1, one byte a character. No runtime has a fast decoder for that: what the web calls `latin1` is
 * another table. Nearly all of them are ASCII, though, and for that there is one.
 *
 * @module
 */
import type { Bytes } from "./bytes.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** The text of the bytes up to `end`. */
export function readLatin1(bytes: Bytes, end: number): string {
  const text = decoder.decode(bytes.subarray(0, end));
  if (text.length === end && !text.includes("\ufffd")) return text;
  let exact = "";
  for (let at = 0; at < end; at++) exact += String.fromCharCode(bytes[at] as number);
  return exact;
}

/** Writes text whose characters are all below U+0100 to the beginning of the bytes, which must have the room. */
export function writeLatin1(text: string, bytes: Bytes): void {
  // A character beyond ASCII takes two bytes in UTF-8: then less is read than written, or not all is read.
  const { read, written } = encoder.encodeInto(text, bytes.subarray(0, text.length));
  if (read === text.length && written === read) return;
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
}
