/**
 * A request as it goes out on a connection.
 *
 * @module
 */
import type { Outbound } from "../../src/call.ts";
import { allocate, type Bytes } from "./bytes.ts";
import { ProtocolError } from "./failure.ts";
import { writeLatin1 } from "./latin1.ts";
import type { Socket } from "./socket.ts";

/** Bodies up to this go out in one piece with their head. */
const SMALL_BYTES = 16 * 1024;

const NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const BAD_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

/**
 * The head of a request, framing included.
 *
 * @throws {ProtocolError} `ERR_INVALID_CHAR` where a part of it would be read as more than itself.
 */
export function requestHead({ url, method, headers, body, length }: Outbound): string {
  if (!NAME.test(method)) throw new ProtocolError("ERR_INVALID_CHAR");
  let head = `${method} ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\nconnection: keep-alive\r\n`;
  for (const [name, value] of headers) {
    if (!NAME.test(name) || BAD_VALUE.test(value)) throw new ProtocolError("ERR_INVALID_CHAR");
    head += `${name}: ${value}\r\n`;
  }
  return `${head}${framing(method, body instanceof Uint8Array ? body.byteLength : body && length)}\r\n`;
}

function framing(method: string, length: number | null | undefined): string {
  if (length === undefined) return "transfer-encoding: chunked\r\n";
  if (length !== null) return `content-length: ${length}\r\n`;
  return method === "GET" || method === "HEAD" ? "" : "content-length: 0\r\n";
}

/** A streamed body on its way out. */
export interface Upload {
  /** Resolves when the last of it is on its way; rejects if it can't be read or isn't as long as announced. */
  readonly sent: Promise<void>;
  /** There is room for more. */
  proceed(): void;
  /** Nobody takes the rest. */
  stop(): void;
}

/** Sends a request; what is given back, if anything, goes on sending a body that streams. */
export function sendRequest(socket: Socket, head: string, { body, length }: Outbound): Upload | undefined {
  const wholeLength = body instanceof Uint8Array && body.byteLength <= SMALL_BYTES ? body.byteLength : 0;
  const bytes = allocate(head.length + wholeLength);
  writeLatin1(head, bytes);
  if (wholeLength > 0) bytes.set(body as Bytes, head.length);
  socket.write(bytes);
  if (body === null || wholeLength > 0) return undefined;
  if (!(body instanceof Uint8Array)) return new Flow(socket, body.getReader(), length);
  if (body.byteLength > 0) socket.write(body);
  return undefined;
}

/** Sends what streams in, no faster than the provider takes it, and not one byte more or less than was announced. */
class Flow implements Upload {
  readonly sent: Promise<void>;
  readonly #socket: Socket;
  readonly #reader: ReadableStreamDefaultReader<Bytes>;
  #isStopped = false;
  #wake = () => {};

  constructor(socket: Socket, reader: ReadableStreamDefaultReader<Bytes>, length: number | undefined) {
    this.#socket = socket;
    this.#reader = reader;
    this.sent = this.#run(length);
  }

  proceed(): void {
    this.#wake();
  }

  stop(): void {
    this.#isStopped = true;
    this.#reader.cancel().catch(() => {});
    this.#wake();
  }

  async #run(length: number | undefined): Promise<void> {
    let left = length ?? Infinity;
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (this.#isStopped) return;
      if (done) break;
      left -= value.byteLength;
      if (left < 0) throw new ProtocolError("ERR_BODY_LENGTH");
      const hasRoom = length === undefined ? this.#writeChunk(value) : this.#socket.write(value);
      if (!hasRoom) await new Promise<void>((resolve) => this.#wake = resolve);
      if (this.#isStopped) return;
    }
    if (length === undefined) this.#writeText("0\r\n\r\n");
    else if (left !== 0) throw new ProtocolError("ERR_BODY_LENGTH");
  }

  /** Whether there is room for more. An empty chunk would be the end. */
  #writeChunk(bytes: Bytes): boolean {
    if (bytes.byteLength === 0) return true;
    const size = `${bytes.byteLength.toString(16)}\r\n`;
    if (bytes.byteLength > SMALL_BYTES) {
      this.#writeText(size);
      this.#socket.write(bytes);
      return this.#writeText("\r\n");
    }
    const chunk = allocate(size.length + bytes.byteLength + 2);
    writeLatin1(size, chunk);
    chunk.set(bytes, size.length);
    writeLatin1("\r\n", chunk.subarray(-2));
    return this.#socket.write(chunk);
  }

  #writeText(text: string): boolean {
    const bytes = allocate(text.length);
    writeLatin1(text, bytes);
    return this.#socket.write(bytes);
  }
}
