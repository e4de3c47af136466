/**
 * Writes Amazon's binary event stream, by its public description.
 *
 * @module
 */

/** A frame of one event, or of an exception. */
export function frame(
  type: string,
  payload: Uint8Array,
  kind: "event" | "exception" = "event",
): Uint8Array<ArrayBuffer> {
  const headers = joinedBytes([
    header(`:${kind}-type`, type),
    header(":content-type", "application/json"),
    header(":message-type", kind),
  ]);
  const total = 12 + headers.byteLength + payload.byteLength + 4;
  const lengths = numbers(total, headers.byteLength);
  const start = joinedBytes([lengths, numbers(crc32(lengths)), headers, payload]);
  return joinedBytes([start, numbers(crc32(start))]);
}

/** Bytes in a row. */
export function joinedBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((total, part) => total + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.byteLength;
  }
  return all;
}

function header(name: string, value: string): Uint8Array {
  const text = new TextEncoder();
  const [key, content] = [text.encode(name), text.encode(value)];
  return joinedBytes([
    Uint8Array.of(key.length),
    key,
    Uint8Array.of(7, content.length >> 8, content.length & 255),
    content,
  ]);
}

function numbers(...values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  values.forEach((value, index) => view.setUint32(index * 4, value));
  return new Uint8Array(view.buffer);
}

const TABLE = Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 255] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}
