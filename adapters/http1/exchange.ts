/**
 * One request's answer while it comes in, apart from the socket it comes through.
 *
 * @module
 */
import type { Inbound } from "../../src/call.ts";
import { type Bytes, joined } from "./bytes.ts";
import { Chunked } from "./chunked.ts";
import { ProtocolError, TransportError } from "./failure.ts";
import { type Head, parseHead } from "./head.ts";
import { HttpInbound, type Undo } from "./inbound.ts";
import { Intake, type Valve } from "./intake.ts";
import { readLatin1 } from "./latin1.ts";

/** Bytes of an answer's head. */
const MAX_HEAD_BYTES = 32 * 1024;
/** Interim answers before the one that counts. */
const MAX_HINTS = 16;
/** `HTTP/1.` */
const PREFIX = [0x48, 0x54, 0x54, 0x50, 0x2f, 0x31, 0x2e];
const HEAD_END_BYTES = 4;
const CR = 0x0d;
const LF = 0x0a;

/** Who waits for the answer. */
export interface Asker {
  readonly method: string;
  readonly signal: AbortSignal;
  readonly undo: Undo;
  resolve(inbound: Inbound): void;
  reject(error: unknown): void;
}

/** What has come of an answer: not all of it; all, and the connection can be used again; all, and it can't. */
export type Progress = "more" | "done" | "spent";

/** Reads one answer. */
export class Exchange {
  readonly #asker: Asker;
  readonly #intake: Intake;
  #chunked: Chunked | undefined;
  #head: Head | undefined;
  /** A head that hasn't come whole yet. */
  #partial: Bytes | undefined;
  #hints = 0;
  #left = 0;

  constructor(asker: Asker, valve: Valve) {
    this.#asker = asker;
    this.#intake = new Intake(valve);
  }

  get idleSeconds(): number | undefined {
    return this.#head?.idleSeconds;
  }

  /**
   * Takes what came.
   *
   * @throws {ProtocolError} If it isn't proper HTTP.
   */
  receive(bytes: Bytes): Progress {
    return this.#head === undefined ? this.#receiveHead(bytes) : this.#receiveBody(this.#head, bytes);
  }

  /** The provider closed the connection; says whether that was the end of its answer. */
  close(): boolean {
    if (this.#head?.framing.kind !== "close") return false;
    this.#intake.end();
    return true;
  }

  /** The connection failed. */
  fail(error: unknown): void {
    const told = new TransportError(error ?? brokenOff());
    if (this.#head === undefined) this.#asker.reject(told);
    else this.#intake.fail(told);
  }

  /** The asker called it off. */
  abort(): void {
    const { signal, reject } = this.#asker;
    if (this.#head === undefined) reject(signal.reason);
    else this.#intake.abort(signal.reason);
  }

  #receiveHead(received: Bytes): Progress {
    let from = Math.max(0, (this.#partial?.length ?? 0) - HEAD_END_BYTES);
    let bytes = this.#partial === undefined ? received : new Uint8Array(joined([this.#partial, received]));
    for (;;) {
      const end = headEnd(bytes, from);
      if ((end < 0 ? bytes.length : end) > MAX_HEAD_BYTES) throw new ProtocolError("ERR_HEAD_TOO_LARGE");
      if (!PREFIX.every((byte, at) => at >= bytes.length || bytes[at] === byte)) throw new ProtocolError();
      this.#partial = bytes;
      if (end < 0) return "more";
      const head = parseHead(readLatin1(bytes, end), this.#asker.method);
      bytes = bytes.subarray(end + HEAD_END_BYTES);
      from = 0;
      if (head.status >= 200) return this.#begin(head, bytes);
      if (head.status === 101 || ++this.#hints > MAX_HINTS) throw new ProtocolError();
    }
  }

  #begin(head: Head, bytes: Bytes): Progress {
    this.#head = head;
    this.#partial = undefined;
    if (head.framing.kind === "length") this.#left = head.framing.length;
    this.#asker.resolve(new HttpInbound(head, this.#intake, this.#asker));
    return this.#receiveBody(head, bytes);
  }

  #receiveBody(head: Head, bytes: Bytes): Progress {
    const taken = this.#take(head.framing.kind, bytes);
    if (taken === undefined) return "more";
    this.#intake.end();
    return head.isPersistent && taken === bytes.length ? "done" : "spent";
  }

  #unchunk(bytes: Bytes): number | undefined {
    this.#chunked ??= new Chunked();
    return this.#chunked.push(bytes, (data) => this.#intake.push(data));
  }

  /** How many bytes belonged to the body, once it has ended. */
  #take(kind: Head["framing"]["kind"], bytes: Bytes): number | undefined {
    if (kind === "none") return 0;
    if (kind === "chunked") return this.#unchunk(bytes);
    if (kind === "close") {
      this.#intake.push(bytes);
      return undefined;
    }
    const taken = Math.min(this.#left, bytes.length);
    this.#left -= taken;
    this.#intake.push(taken === bytes.length ? bytes : bytes.subarray(0, taken));
    return this.#left === 0 ? taken : undefined;
  }
}

/** Where the empty line after a head begins, or -1. */
function headEnd(bytes: Bytes, from: number): number {
  for (let at = bytes.indexOf(CR, from); at >= 0; at = bytes.indexOf(CR, at + 1)) {
    if (bytes[at + 1] === LF && bytes[at + 2] === CR && bytes[at + 3] === LF) return at;
  }
  return -1;
}

/** An end without a reason is a connection that broke off. */
const brokenOff = () => Object.assign(new Error("closed"), { code: "ECONNRESET" });
