/**
 * Amazon's binary event stream, as far as usage needs it.
 *
 * @module
 */

/** Lengths of the frame and of its headers, and a checksum of the two. */
const PRELUDE_BYTES = 12;
const CHECKSUM_BYTES = 4;

/**
 * The JSON texts in the whole frames of some bytes, which may begin and end within a frame. Where a frame wraps its
 * JSON in base64, as Invoke does, it is unwrapped.
 */
export function frames(bytes: Uint8Array<ArrayBuffer>): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  let at = 0;
  while (at < bytes.byteLength) {
    const length = frameLength(view, at);
    if (length !== undefined && at + length <= bytes.byteLength) texts.push(payload(bytes, view, at, length));
    at += length ?? 1; // no frame begins here: look one byte further
  }
  return texts;
}

/** Length of the frame that begins at `at`; `undefined` where none does: its checksum must hold. */
function frameLength(view: DataView, at: number): number | undefined {
  if (at + PRELUDE_BYTES > view.byteLength) return undefined;
  const length = view.getUint32(at);
  const headers = view.getUint32(at + 4);
  if (length < PRELUDE_BYTES + CHECKSUM_BYTES + headers || length > 0x1000000) return undefined;
  return crc32(view, at, 8) === view.getUint32(at + 8) ? length : undefined;
}

function payload(bytes: Uint8Array<ArrayBuffer>, view: DataView, at: number, length: number): string {
  const start = at + PRELUDE_BYTES + view.getUint32(at + 4);
  const text = new TextDecoder().decode(bytes.subarray(start, at + length - CHECKSUM_BYTES));
  const wrapped = /^\s*\{\s*"bytes"\s*:\s*"([A-Za-z0-9+/=]*)"/.exec(text)?.[1];
  return wrapped === undefined ? text : unwrapped(wrapped);
}

function unwrapped(base64: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
  } catch {
    return "";
  }
}

/** CRC-32 of a few bytes, as in ISO 3309. */
function crc32(view: DataView, start: number, length: number): number {
  let crc = -1;
  for (let at = start; at < start + length; at++) {
    crc ^= view.getUint8(at);
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
