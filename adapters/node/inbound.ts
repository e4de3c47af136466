/**
 * A provider's answer as Node's client received it, with its encoding undone.
 *
 * @module
 */
import type { IncomingMessage } from "node:http";
import { pipeline } from "node:stream";
import type { Duplex, Readable } from "node:stream";
import zlib from "node:zlib";
import type { Inbound } from "../../src/call.ts";
import { TransportError } from "./failure.ts";
import { readHeaders } from "./headers.ts";
import { toArrayBuffer, toStream } from "./stream.ts";
import type { Source } from "./stream.ts";

/** One answer; its body is read when it is asked for. */
export class NodeInbound implements Inbound {
  readonly status: number;
  /** Of an encoding that is undone neither label nor length is left. */
  readonly headers: Headers;
  readonly #hasBody: boolean;
  readonly #source: Source;
  #body: ReadableStream<Uint8Array<ArrayBuffer>> | null | undefined;

  constructor(message: IncomingMessage, method: string, signal: AbortSignal) {
    this.status = message.statusCode ?? 0;
    this.headers = readHeaders(message.rawHeaders);
    this.#hasBody = method !== "HEAD" && this.status !== 204 && this.status !== 304;
    if (!this.#hasBody) message.resume();
    this.#source = {
      readable: this.#hasBody ? decoded(message, this.headers) : message,
      explain: (error) => signal.aborted ? signal.reason : new TransportError(error ?? brokenOff()),
      cancel: () => void message.destroy(),
    };
  }

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    return this.#body ??= this.#hasBody ? toStream(this.#source) : null;
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    if (this.#body?.locked === true) throw new TypeError("The body is being read already.");
    return this.#hasBody ? await toArrayBuffer(this.#source) : new ArrayBuffer(0);
  }
}

/** An end without a reason is a connection that broke off. */
const brokenOff = () => Object.assign(new Error("aborted"), { code: "ECONNRESET" });

/** Undoes the answer's encoding where it has one, and only one, that is known; takes its label off. */
function decoded(message: IncomingMessage, headers: Headers): Readable {
  const encoding = headers.get("content-encoding");
  if (encoding === null || headers.get("content-length") === "0") return message;
  const decoder = decoderOf(encoding.trim().toLowerCase());
  if (decoder === undefined) return message;
  headers.delete("content-encoding");
  headers.delete("content-length");
  pipeline(message, decoder, () => {});
  return decoder;
}

function decoderOf(encoding: string): Duplex | undefined {
  if (encoding === "gzip" || encoding === "x-gzip") return zlib.createGunzip();
  if (encoding === "deflate") return zlib.createInflate();
  if (encoding === "br") return zlib.createBrotliDecompress();
  if (encoding === "zstd" && "createZstdDecompress" in zlib) return zlib.createZstdDecompress();
  return undefined;
}
