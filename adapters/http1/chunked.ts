/**
 * The chunked transfer coding, undone. Pure, and strict.
 *
 * @module
 */
import type { Bytes } from "./bytes.ts";
import { ProtocolError } from "./failure.ts";

/** Bytes of chunk extensions and trailers, which are passed over. */
const MAX_IGNORED = 16 * 1024;
/** As many as a number holds exactly. */
const MAX_DIGITS = 13;
const CR = 0x0d;
const LF = 0x0a;

type State =
  | "size"
  | "extension"
  | "sizeLf"
  | "data"
  | "dataCr"
  | "dataLf"
  | "line"
  | "trailer"
  | "trailerLf"
  | "lastLf";

/** Undoes the coding of one body. */
export class Chunked {
  #state: State = "size";
  #size = 0;
  #digits = 0;
  #ignored = 0;

  /**
   * Takes what came and hands on the data in it.
   *
   * @returns How many bytes belonged to this body once it has ended; `undefined` while it goes on.
   * @throws {ProtocolError} If it isn't properly chunked.
   */
  push(bytes: Bytes, out: (data: Bytes) => void): number | undefined {
    for (let at = 0; at < bytes.length;) {
      if (this.#state === "data") {
        const end = Math.min(bytes.length, at + this.#size);
        out(bytes.subarray(at, end));
        this.#size -= end - at;
        at = end;
        if (this.#size === 0) this.#state = "dataCr";
      } else if (this.#step(bytes[at++] as number)) return at;
    }
    return undefined;
  }

  /** Whether the body ends with this byte. */
  #step(byte: number): boolean {
    switch (this.#state) {
      case "size":
        this.#state = this.#sized(byte);
        return false;
      case "extension":
        this.#state = byte === CR ? "sizeLf" : this.#passOver(byte, "extension");
        return false;
      case "sizeLf":
        return this.#expect(byte, LF, this.#size === 0 ? "line" : "data");
      case "dataCr":
        return this.#expect(byte, CR, "dataLf");
      case "dataLf":
        this.#digits = 0;
        return this.#expect(byte, LF, "size");
      case "line":
        this.#state = byte === CR ? "lastLf" : this.#passOver(byte, "trailer");
        return false;
      case "trailer":
        this.#state = byte === CR ? "trailerLf" : this.#passOver(byte, "trailer");
        return false;
      case "trailerLf":
        return this.#expect(byte, LF, "line");
      default:
        this.#expect(byte, LF, "lastLf");
        return true;
    }
  }

  #sized(byte: number): State {
    const digit = hex(byte);
    if (digit >= 0) {
      if (++this.#digits > MAX_DIGITS) throw new ProtocolError();
      this.#size = this.#size * 16 + digit;
      return "size";
    }
    if (this.#digits === 0) throw new ProtocolError();
    if (byte === CR) return "sizeLf";
    if (byte !== 0x3b && byte !== 0x20 && byte !== 0x09) throw new ProtocolError();
    return "extension";
  }

  #passOver(byte: number, next: State): State {
    if (byte === LF || ++this.#ignored > MAX_IGNORED) throw new ProtocolError();
    return next;
  }

  #expect(byte: number, expected: number, next: State): false {
    if (byte !== expected) throw new ProtocolError();
    this.#state = next;
    return false;
  }
}

/** The value of a hexadecimal digit, or -1. */
function hex(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
