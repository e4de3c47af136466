/**
 * Writes an answer on a socket, well framed or not.
 *
 * @module
 */
import type { Socket } from "node:net";
import type { Visit } from "./visit.ts";

/** Header fields in the order in which they are sent. */
export type HeadFields = readonly (readonly [name: string, value: string])[];

/** Thrown where an answer is written to nobody: the gateway has gone. */
export class Gone extends Error {
  override readonly name = "Gone";
}

/** Writes the answer to one visit. Every method throws {@link Gone} once the gateway has hung up. */
export class Pen {
  readonly #socket: Socket;
  readonly #visit: Visit;
  readonly #scale: number;
  #isDone = false;
  #leave: () => void = () => {};
  readonly #closed = () => {
    if (!this.#isDone) this.#visit.leftAt ??= performance.now();
    this.#leave();
  };

  /** @param scale Factor on every pause. */
  constructor(socket: Socket, visit: Visit, scale: number) {
    this.#socket = socket;
    this.#visit = visit;
    this.#scale = scale;
    socket.on("end", this.#closed).on("close", this.#closed);
  }

  /** A whole answer. */
  reply(status: number, fields: HeadFields, text: string): void {
    this.head(status, [...fields, ["content-length", String(Buffer.byteLength(text))]]);
    if (text !== "") this.raw(text);
    this.done();
  }

  /** The head alone. */
  head(status: number, fields: HeadFields): void {
    const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    this.#write(Buffer.from(`HTTP/1.1 ${status} Of the wall\r\n${lines}\r\n`, "latin1"));
  }

  /** A piece of the body in a chunk of its own. */
  chunk(piece: string | Buffer): void {
    const bytes = Buffer.from(piece as string);
    this.#visit.put(bytes);
    this.#write(Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]));
  }

  /** A piece of the body, past all framing. */
  raw(piece: string | Buffer): void {
    const bytes = Buffer.from(piece as string);
    this.#visit.put(bytes);
    this.#write(bytes);
  }

  /** The chunk that ends a chunked body. */
  last(): void {
    this.#write(Buffer.from("0\r\n\r\n"));
    this.done();
  }

  /** Closes the connection politely. */
  fin(): void {
    this.done();
    this.#socket.end();
  }

  /** Closes the connection the hard way, once what was written before has had a moment to be read. */
  async reset(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 5));
    this.done();
    this.#socket.resetAndDestroy();
  }

  /** The answer is out. */
  done(): void {
    this.#isDone = true;
    this.#visit.endedAt ??= performance.now();
    this.#socket.off("end", this.#closed).off("close", this.#closed);
  }

  /** Lets time pass, in milliseconds before the wall's factor. */
  async pause(ms: number): Promise<void> {
    this.#assertHere();
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.#leave = resolve;
      timer = setTimeout(resolve, ms * this.#scale);
    });
    clearTimeout(timer);
    this.#assertHere();
  }

  /** Waits until the socket takes more. */
  async drained(): Promise<void> {
    this.#assertHere();
    if (this.#socket.writableNeedDrain) {
      await new Promise<void>((resolve) => {
        this.#leave = resolve;
        this.#socket.once("drain", resolve);
      });
    }
    this.#assertHere();
  }

  #write(bytes: Buffer): void {
    this.#assertHere();
    this.#socket.write(bytes);
  }

  #assertHere(): void {
    if (this.#visit.leftAt !== undefined || this.#socket.destroyed) throw new Gone();
  }
}
