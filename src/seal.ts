/**
 * Encryption of what is kept: AES-256-GCM, bound to its place, so that no record can stand in for another.
 *
 * @module
 */
import { joined } from "./bytes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Encrypts and decrypts records with one secret. */
export interface Sealer {
  /** @param place What the record belongs to: it can be opened only with the same. */
  seal(bytes: Bytes, place: string): Promise<Bytes>;
  /** `undefined` where the record was changed, moved, or sealed with another secret. */
  open(sealed: Bytes, place: string): Promise<Bytes | undefined>;
}

const IV_BYTES = 12;

/** Makes a key of any secret text by HKDF; nothing is worked out before the first record. */
export function sealer(secret: string): Sealer {
  let key: Promise<CryptoKey> | undefined;
  const keyOf = () => key ??= derived(secret);
  return {
    async seal(bytes, place) {
      const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
      return joined([iv, new Uint8Array(await crypto.subtle.encrypt(algorithm(iv, place), await keyOf(), bytes))]);
    },
    async open(sealed, place) {
      const [iv, data] = [sealed.slice(0, IV_BYTES), sealed.slice(IV_BYTES)];
      try {
        return new Uint8Array(await crypto.subtle.decrypt(algorithm(iv, place), await keyOf(), data));
      } catch {
        return undefined;
      }
    },
  };
}

const algorithm = (iv: Bytes, place: string) => ({
  name: "AES-GCM",
  iv,
  additionalData: new TextEncoder().encode(place),
});

async function derived(secret: string): Promise<CryptoKey> {
  const text = new TextEncoder();
  const base = await crypto.subtle.importKey("raw", text.encode(secret), "HKDF", false, ["deriveKey"]);
  return await crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: text.encode("headgate records") },
    base,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
}
