/**
 * Bytes as text that any store takes.
 *
 * @module
 */

/** As much as one call of a function takes as arguments everywhere. */
const STRIDE = 0x8000;

/** Bytes in base64. */
export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += STRIDE) {
    binary += String.fromCharCode(...bytes.subarray(at, at + STRIDE));
  }
  return btoa(binary);
}

/** @throws {DOMException} Where the text isn't base64. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
