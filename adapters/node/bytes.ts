/**
 * Bytes as the web has them.
 *
 * @module
 */

/** What the web calls bytes. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** The same bytes without a Buffer's own ways: its `slice` and `toString` mean other things. */
export function view(bytes: Buffer<ArrayBuffer>): Bytes {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** All of it in one piece of its own. */
export function joined(chunks: readonly Bytes[]): ArrayBuffer {
  const [first] = chunks;
  if (first === undefined) return new ArrayBuffer(0);
  if (chunks.length === 1) return first.buffer.slice(first.byteOffset, first.byteOffset + first.byteLength);
  const all = new Uint8Array(chunks.reduce((total, chunk) => total + chunk.byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all.buffer;
}
