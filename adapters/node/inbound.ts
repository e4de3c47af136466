/**
 * A provider's answer, with its encoding undone.
 *
 * @module
 */
import { type Duplex, pipeline, Readable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import zlib from "node:zlib";
import type { Inbound } from "../../src/call.ts";
import type { Bytes } from "./bytes.ts";
import { TransportError } from "./failure.ts";
import type { Head } from "./head.ts";
import { readHeaders } from "./headers.ts";
import type { Intake } from "./intake.ts";
import { type Source, toArrayBuffer, toStream } from "./stream.ts";

/** One answer; its body is read when it is asked for. */
export class NodeInbound implements Inbound {
  readonly status: number;
  /** Of an encoding that is undone neither label nor length is left. */
  readonly headers: Headers;
  readonly #hasBody: boolean;
  readonly #intake: Intake;
  readonly #decoded: Source | undefined;
  #body: ReadableStream<Bytes> | null | undefined;

  constructor(head: Head, intake: Intake, signal: AbortSignal) {
    this.status = head.status;
    this.headers = readHeaders(head.fields);
    this.#hasBody = head.framing.kind !== "none";
    this.#intake = intake;
    const decoder = this.#hasBody ? takeDecoder(this.headers) : undefined;
    if (decoder !== undefined) this.#decoded = decoded(intake, decoder, signal);
  }

  get body(): ReadableStream<Bytes> | null {
    return this.#body ??= this.#hasBody ? this.#stream() : null;
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    if (this.#body?.locked === true) throw new TypeError("The body is being read already.");
    return await (this.#decoded === undefined ? this.#intake.arrayBuffer() : toArrayBuffer(this.#decoded));
  }

  #stream(): ReadableStream<Bytes> {
    return this.#decoded === undefined ? this.#intake.stream() : toStream(this.#decoded);
  }
}

function decoded(intake: Intake, decoder: Duplex, signal: AbortSignal): Source {
  const encoded = Readable.fromWeb(intake.stream() as NodeReadableStream);
  pipeline(encoded, decoder, () => {});
  return {
    readable: decoder,
    explain: (error) => {
      if (signal.aborted) return signal.reason;
      return error instanceof TransportError ? error : new TransportError(error);
    },
    cancel: () => void encoded.destroy(),
  };
}

/** What undoes the answer's encoding, where it has one, and only one, that is known; takes its label off. */
function takeDecoder(headers: Headers): Duplex | undefined {
  const encoding = headers.get("content-encoding");
  if (encoding === null || headers.get("content-length") === "0") return undefined;
  const decoder = decoderOf(encoding.trim().toLowerCase());
  if (decoder === undefined) return undefined;
  headers.delete("content-encoding");
  headers.delete("content-length");
  return decoder;
}

function decoderOf(encoding: string): Duplex | undefined {
  if (encoding === "gzip" || encoding === "x-gzip") return zlib.createGunzip();
  if (encoding === "deflate") return zlib.createInflate();
  if (encoding === "br") return zlib.createBrotliDecompress();
  if (encoding === "zstd" && "createZstdDecompress" in zlib) return zlib.createZstdDecompress();
  return undefined;
}
