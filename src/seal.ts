/**
 * Encryption of what is kept: each record by a key of its own, which is wrapped by a key of the operator's or the
 * tenant's; bound to its tenant and its place, so that no record can stand in for another.
 *
 * @module
 */
import { joined } from "./bytes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Encrypts and decrypts records. */
export interface Sealer {
  /**
   * @param place What the record is: it can be opened only with the same.
   * @param tenant Whose it is; nobody's in particular, if absent. It can be opened only for the same.
   */
  seal(bytes: Bytes, place: string, tenant?: string): Promise<Bytes>;
  /** `undefined` where the record was changed, moved, or sealed with a key that is gone. */
  open(sealed: Bytes, place: string, tenant?: string): Promise<Bytes | undefined>;
}

/** Keys that wrap the records' own: AES-256-GCM, to encrypt and decrypt. Without its tenant's key no record opens again. */
export interface SealKeys {
  /** For new records. The id is kept with each record, in the open: at most 255 bytes. */
  current(tenant: string | undefined): Promise<{ readonly kid: string; readonly key: CryptoKey }>;
  /** For records that are there; `undefined` where the key is gone. */
  find(kid: string, tenant: string | undefined): Promise<CryptoKey | undefined>;
}

/**
 * Makes a sealer of a secret text; of several, of which the first seals and all open, so that secrets can be changed; or of
 * keys that are kept elsewhere. Nothing is worked out before the first record.
 */
export function sealer(secret: string | readonly string[] | SealKeys): Sealer {
  const keys = typeof secret === "string" || isList(secret) ? new Derived([secret].flat()) : secret;
  return {
    async seal(bytes, place, tenant) {
      const { kid, key } = await keys.current(tenant);
      const head = headOf(kid);
      const own = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
      const bound = boundTo(head, place, tenant);
      const [wrapped, data] = await Promise.all([
        encrypted(key, own, bound("key")),
        imported(own).then((key) => encrypted(key, bytes, bound("data"))),
      ]);
      return joined([head, wrapped, data]);
    },
    async open(sealed, place, tenant) {
      try {
        const head = sealed.slice(0, 2 + (sealed[1] ?? 0));
        if (head[0] !== VERSION) return undefined;
        const key = await keys.find(new TextDecoder().decode(head.subarray(2)), tenant);
        if (key === undefined) return undefined;
        const bound = boundTo(head, place, tenant);
        const cut = head.length + WRAPPED_BYTES;
        const own = await decrypted(key, sealed.slice(head.length, cut), bound("key"));
        return await decrypted(await imported(own), sealed.slice(cut), bound("data"));
      } catch {
        return undefined;
      }
    },
  };
}

const isList = (secret: readonly string[] | SealKeys): secret is readonly string[] => Array.isArray(secret);

const VERSION = 1;
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const WRAPPED_BYTES = IV_BYTES + KEY_BYTES + TAG_BYTES;

/** What stands before a record: how it is made, and whose key it needs. */
function headOf(kid: string): Bytes {
  const id = new TextEncoder().encode(kid);
  if (id.length > 255) throw new TypeError("Give a key an id of at most 255 bytes.");
  return joined([new Uint8Array([VERSION, id.length]), id]);
}

/** What a part of a record is bound to. */
function boundTo(head: Bytes, place: string, tenant: string | undefined) {
  return (part: "key" | "data"): Bytes =>
    joined([head, new TextEncoder().encode(JSON.stringify([part, tenant ?? null, place]))]);
}

const gcm = (iv: Bytes, additionalData: Bytes) => ({ name: "AES-GCM", iv, additionalData });

async function encrypted(key: CryptoKey, bytes: Bytes, bound: Bytes): Promise<Bytes> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  return joined([iv, new Uint8Array(await crypto.subtle.encrypt(gcm(iv, bound), key, bytes))]);
}

async function decrypted(key: CryptoKey, sealed: Bytes, bound: Bytes): Promise<Bytes> {
  const [iv, data] = [sealed.slice(0, IV_BYTES), sealed.slice(IV_BYTES)];
  return new Uint8Array(await crypto.subtle.decrypt(gcm(iv, bound), key, data));
}

const imported = (bytes: Bytes): Promise<CryptoKey> =>
  crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);

/** Keys of secret texts, by HKDF. A secret's id is made of it, too, and tells nothing of it. */
class Derived implements SealKeys {
  readonly #secrets: readonly string[];
  #keys: Promise<readonly { readonly kid: string; readonly key: CryptoKey }[]> | undefined;

  constructor(secrets: readonly string[]) {
    if (secrets.length === 0) throw new TypeError("Give at least one secret to seal with.");
    this.#secrets = secrets;
  }

  async current(): Promise<{ readonly kid: string; readonly key: CryptoKey }> {
    return (await this.#all())[0]!;
  }

  async find(wanted: string): Promise<CryptoKey | undefined> {
    return (await this.#all()).find(({ kid }) => kid === wanted)?.key;
  }

  #all() {
    return this.#keys ??= Promise.all(this.#secrets.map(derived));
  }
}

async function derived(secret: string): Promise<{ readonly kid: string; readonly key: CryptoKey }> {
  const text = new TextEncoder();
  const base = await crypto.subtle.importKey("raw", text.encode(secret), "HKDF", false, ["deriveBits"]);
  const bits = async (info: string, length: number) =>
    new Uint8Array(
      await crypto.subtle.deriveBits(
        { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: text.encode(info) },
        base,
        length,
      ),
    );
  const [key, id] = await Promise.all([bits("headgate records", 8 * KEY_BYTES), bits("headgate key id", 64)]);
  return { kid: Array.from(id, (byte) => byte.toString(16).padStart(2, "0")).join(""), key: await imported(key) };
}
