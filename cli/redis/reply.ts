/**
 * RESP2, the protocol of Redis: commands to bytes, bytes to replies.
 *
 * @module
 */

/** A command's name and arguments. */
export type Args = readonly Buffer[];

/** What Redis answers; a bulk string is its bytes, an integer is exact. */
export type Reply = null | bigint | Buffer | Status | Failure | readonly Reply[];

/** A word such as `OK`. */
export class Status {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Redis refuses, as in `ERR syntax error`. */
export class Failure {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** What came is no RESP2, or more than anybody wants to hold. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

/** The longest status, error, number or length, in bytes. */
const MAX_LINE = 64 * 1024;

/** The largest reply, in bytes. */
const MAX_REPLY = 128 * 1024 * 1024;

/** Values in one reply: empty ones cost memory, too. */
const MAX_VALUES = 8 * 1024 * 1024;

/** Arrays within arrays; a writer that calls itself survives as many. */
const MAX_DEPTH = 512;

/** A command as Redis reads it. */
export function encodeCommand(args: Args): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${args.length}\r\n`)];
  for (const arg of args) parts.push(Buffer.from(`$${arg.length}\r\n`), arg, END);
  return Buffer.concat(parts);
}

const END = Buffer.from("\r\n");

/** An array that isn't complete. */
interface Open {
  readonly items: Reply[];
  left: number;
}

/** Takes bytes as they come and gives replies as they are complete. */
export class ReplyParser {
  readonly #emit: (reply: Reply) => void;
  #chunks: Buffer[] = [];
  #held = 0;
  /** Nothing can be read before this many bytes are there. */
  #needed = 1;
  /** Length of the bulk string whose bytes come next. */
  #bulk: number | undefined;
  #stack: Open[] = [];
  #size = 0;
  #values = 0;

  /** @param emit Called with each reply, in their order. */
  constructor(emit: (reply: Reply) => void) {
    this.#emit = emit;
  }

  /** @throws {ProtocolError} After which nothing more can be understood. */
  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    if (this.#held < this.#needed) return;
    const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#held);
    const rest = bytes.subarray(this.#read(bytes));
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#held = rest.length;
  }

  /** Reads what is complete, and returns how much that was. */
  #read(bytes: Buffer): number {
    let at = 0;
    for (;;) {
      const end = this.#bulk === undefined ? bytes.indexOf("\r\n", at, "latin1") : at + this.#bulk;
      const isWhole = end >= 0 && end + 2 <= bytes.length;
      if (!isWhole) {
        this.#needed = this.#bulk === undefined ? bytes.length - at + 1 : this.#bulk + 2;
        if (this.#bulk === undefined && bytes.length - at > MAX_LINE) throw new ProtocolError("A line never ends.");
        return at;
      }
      this.#grow(end + 2 - at);
      if (this.#bulk === undefined) this.#line(bytes, at, end);
      else this.#payload(bytes, at, end);
      at = end + 2;
    }
  }

  #payload(bytes: Buffer, at: number, end: number): void {
    if (bytes[end] !== 13 || bytes[end + 1] !== 10) throw new ProtocolError("A string is longer than it said.");
    this.#bulk = undefined;
    // A copy, lest one small value keep all that came along with it.
    this.#value(Buffer.from(bytes.subarray(at, end)));
  }

  #line(bytes: Buffer, at: number, end: number): void {
    if (end - at > MAX_LINE) throw new ProtocolError("A line is too long.");
    const text = bytes.toString("utf8", at + 1, end);
    switch (bytes[at]) {
      case 43: // +
        return this.#value(new Status(text));
      case 45: // -
        return this.#value(new Failure(text));
      case 58: // :
        if (!/^[+-]?\d{1,19}$/.test(text)) throw new ProtocolError("A number is none.");
        return this.#value(BigInt(text.replace("+", "")));
      case 36: { // $
        const length = lengthOf(text);
        if (length < 0) return this.#value(null);
        this.#grow(0, length);
        this.#bulk = length;
        return;
      }
      case 42: { // *
        const length = lengthOf(text);
        if (length < 0) return this.#value(null);
        if (length === 0) return this.#value([]);
        if (length > MAX_VALUES) throw new ProtocolError("A reply has too many values.");
        if (this.#stack.length >= MAX_DEPTH) throw new ProtocolError("A reply is nested too deeply.");
        this.#stack.push({ items: [], left: length });
        return;
      }
      default:
        throw new ProtocolError("A reply begins with an unknown letter.");
    }
  }

  /** A value is there: it completes the arrays that waited for it, or the reply. */
  #value(value: Reply): void {
    if (++this.#values > MAX_VALUES) throw new ProtocolError("A reply has too many values.");
    for (let found = value;;) {
      const open = this.#stack.at(-1);
      if (open === undefined) {
        this.#size = 0;
        this.#values = 0;
        return this.#emit(found);
      }
      open.items.push(found);
      if (--open.left > 0) return;
      this.#stack.pop();
      found = open.items;
    }
  }

  #grow(bytes: number, announced = 0): void {
    this.#size += bytes;
    if (this.#size + announced > MAX_REPLY) throw new ProtocolError("A reply is too large.");
  }
}

function lengthOf(text: string): number {
  if (!/^(?:-1|\d{1,15})$/.test(text)) throw new ProtocolError("A length is none.");
  return Number(text);
}
