/**
 * A request as it goes out on a connection.
 *
 * @module
 */
import type { Socket } from "node:net";
import type { Outbound } from "../../src/call.ts";
import { ProtocolError } from "./failure.ts";

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

/** Sends a request; the promise, where there is one, resolves when the last of a streamed body is on its way. */
export function sendRequest(socket: Socket, head: string, { body, length }: Outbound): Promise<void> | undefined {
  if (body === null) socket.write(head, "latin1");
  else if (body instanceof Uint8Array) sendWhole(socket, head, body);
  else {
    socket.write(head, "latin1");
    return upload(socket, body.getReader(), length);
  }
  return undefined;
}

function sendWhole(socket: Socket, head: string, body: Uint8Array): void {
  if (body.byteLength > SMALL_BYTES) {
    socket.write(head, "latin1");
    socket.write(body);
    return;
  }
  const bytes = Buffer.allocUnsafe(head.length + body.byteLength);
  bytes.write(head, 0, "latin1");
  bytes.set(body, head.length);
  socket.write(bytes);
}

/** Sends what streams in, no faster than the provider takes it, and not one byte more or less than was announced. */
async function upload(
  socket: Socket,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  length: number | undefined,
): Promise<void> {
  let left = length ?? Infinity;
  let wake = () => {};
  const drained = () => wake();
  const closed = () => {
    reader.cancel().catch(() => {});
    wake();
  };
  socket.on("drain", drained).on("close", closed);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (socket.destroyed) return;
      if (done) break;
      left -= value.byteLength;
      if (left < 0) throw new ProtocolError("ERR_BODY_LENGTH");
      if (!write(socket, value, length === undefined)) await new Promise<void>((resolve) => wake = resolve);
    }
    if (length === undefined) socket.write("0\r\n\r\n", "latin1");
    else if (left !== 0) throw new ProtocolError("ERR_BODY_LENGTH");
  } finally {
    socket.off("drain", drained).off("close", closed);
  }
}

/** Whether there is room for more. An empty chunk would be the end. */
function write(socket: Socket, bytes: Uint8Array, isChunked: boolean): boolean {
  if (!isChunked) return socket.write(bytes);
  if (bytes.byteLength === 0) return true;
  socket.cork();
  socket.write(`${bytes.byteLength.toString(16)}\r\n`, "latin1");
  socket.write(bytes);
  const hasRoom = socket.write("\r\n", "latin1");
  socket.uncork();
  return hasRoom;
}
