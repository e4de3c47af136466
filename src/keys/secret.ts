/**
 * The keys that the gateway itself makes, and the hash that one is kept by.
 *
 * @module
 */
import { hexOf } from "../digest.ts";

/** What such a key begins with. All of it is a token of RFC 7230, so that it fits a WebSocket's subprotocol. */
export const PREFIX = "hg_";

const RANDOM_BYTES = 28;
const CHECK_BYTES = 4;

/** A new key: `hg_` and 43 characters of base64url, which are 224 random bits and a checksum of 32. */
export function newSecret(): string {
  const bytes = new Uint8Array(RANDOM_BYTES + CHECK_BYTES);
  crypto.getRandomValues(bytes.subarray(0, RANDOM_BYTES));
  new DataView(bytes.buffer).setUint32(RANDOM_BYTES, checksum(bytes.subarray(0, RANDOM_BYTES)));
  return PREFIX + base64url(bytes);
}

/**
 * Whether a text is a key of this form, by its checksum: what isn't needs no look-up. It says nothing of whether there is
 * such a key.
 */
export function isSecret(text: string): boolean {
  if (!/^hg_[\w-]{43}$/.test(text)) return false;
  const bytes = Uint8Array.from(atob(`${text.slice(3).replace(/-/g, "+").replace(/_/g, "/")}=`), codeOf);
  const isWhole = new DataView(bytes.buffer).getUint32(RANDOM_BYTES) === checksum(bytes.subarray(0, RANDOM_BYTES));
  // Base64 leaves two bits over: one key has one spelling.
  return isWhole && PREFIX + base64url(bytes) === text;
}

/** A text without what has the form of such a key: one may stand where nobody looked for it. */
export const hidden = (text: string): string => text.includes(PREFIX) ? text.replace(/hg_[\w-]{43}/g, "hg_...") : text;

/**
 * What a secret is looked up by: HMAC-SHA256 under the pepper, in hex. Nobody compares secrets, and whoever reads the
 * store learns none.
 *
 * @param pepper Known to the gateway alone; not empty.
 */
export async function hashOf(secret: string, pepper: string): Promise<string> {
  return hexOf(await crypto.subtle.sign("HMAC", await pepperKey(pepper), bytesOf(secret)));
}

/** The last pepper's key: a gateway has one. */
let last: { readonly pepper: string; readonly key: Promise<CryptoKey> } | undefined;

function pepperKey(pepper: string): Promise<CryptoKey> {
  if (last?.pepper !== pepper) {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    last = { pepper, key: crypto.subtle.importKey("raw", bytesOf(pepper), algorithm, false, ["sign"]) };
  }
  return last.key;
}

const bytesOf = (text: string) => new TextEncoder().encode(text);
const codeOf = (character: string) => character.charCodeAt(0);

const base64url = (bytes: Uint8Array) =>
  btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");

/** CRC-32, as of zip: tells a slip of the pen from a key. */
function checksum(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
