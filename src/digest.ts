/**
 * SHA-256, as text.
 *
 * @module
 */
import { recalled } from "./recall.ts";

/** The first 128 bits of a text's SHA-256 in hex: what comes again and again is taken once. */
export const digest: (text: string) => Promise<string> = recalled((text) => digestOf(new TextEncoder().encode(text)));

/** The same of bytes. */
export async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return hexOf(await crypto.subtle.digest("SHA-256", bytes)).slice(0, 32);
}

/** Bytes in hex. */
export const hexOf = (buffer: ArrayBuffer): string =>
  Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
