/**
 * Reads HTTP requests off a socket, without a library between.
 *
 * @module
 */
import type { Socket } from "node:net";

/** One request, whole. */
export interface Arrival {
  readonly method: string;
  /** Path and query, as on the wire. */
  readonly target: string;
  /** Fields by lower-case name; the last of equal names. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Requests of one connection, one after another. */
export class Intake {
  #buffer: Buffer = Buffer.alloc(0);
  #isOver = false;
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    socket.on("data", (bytes: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, bytes]);
      this.#wake();
    });
    for (const event of ["end", "close"]) {
      socket.on(event, () => {
        this.#isOver = true;
        this.#wake();
      });
    }
  }

  /** The next request; `undefined` once the other side has gone. */
  async next(): Promise<Arrival | undefined> {
    const head = await this.#until("\r\n\r\n");
    if (head === undefined) return undefined;
    const [line = "", ...lines] = head.split("\r\n");
    const [method = "", target = ""] = line.split(" ");
    const headers = new Map(lines.map((text) => field(text)));
    const body = await this.#body(headers);
    return body === undefined ? undefined : { method, target, headers, body };
  }

  async #body(headers: ReadonlyMap<string, string>): Promise<string | undefined> {
    if (headers.get("transfer-encoding") !== "chunked") {
      return (await this.#take(Number(headers.get("content-length") ?? 0)))?.toString("utf8");
    }
    const pieces: Buffer[] = [];
    for (;;) {
      const size = await this.#until("\r\n");
      const piece = size === undefined ? undefined : await this.#take(parseInt(size, 16) + 2);
      if (piece === undefined) return undefined;
      if (piece.length === 2) return Buffer.concat(pieces).toString("utf8");
      pieces.push(piece.subarray(0, -2));
    }
  }

  async #until(mark: string): Promise<string | undefined> {
    for (;;) {
      const at = this.#buffer.indexOf(mark);
      if (at >= 0) return (await this.#take(at + mark.length))?.subarray(0, at).toString("latin1");
      if (!await this.#more()) return undefined;
    }
  }

  async #take(bytes: number): Promise<Buffer | undefined> {
    while (this.#buffer.length < bytes) if (!await this.#more()) return undefined;
    const taken = this.#buffer.subarray(0, bytes);
    this.#buffer = this.#buffer.subarray(bytes);
    return taken;
  }

  async #more(): Promise<boolean> {
    if (this.#isOver) return false;
    const before = this.#buffer.length;
    await new Promise<void>((resolve) => this.#wake = resolve);
    return this.#buffer.length > before || !this.#isOver;
  }
}

function field(line: string): [string, string] {
  const cut = line.indexOf(":");
  return [line.slice(0, cut).trim().toLowerCase(), line.slice(cut + 1).trim()];
}
