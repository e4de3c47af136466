/**
 * Bytes as the web has them.
 *
 * @module
 */

/** What the web calls bytes. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** The same bytes without the ways of a runtime's own kind of them, whose `slice` and `toString` mean other things. */
export function view(bytes: Bytes): Bytes {
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

const PAGE_BYTES = 64 * 1024;
/** What is larger gets memory of its own. */
const MAX_SHARED_BYTES = 17 * 1024;
let page: Bytes | undefined;
let used = 0;

/** Memory for bytes that are about to be sent: many share a piece of it, since new memory costs more than to fill it. */
export function allocate(length: number): Bytes {
  if (length > MAX_SHARED_BYTES) return new Uint8Array(length);
  if (page === undefined || used + length > PAGE_BYTES) {
    page = new Uint8Array(PAGE_BYTES);
    used = 0;
  }
  return page.subarray(used, used += length);
}
