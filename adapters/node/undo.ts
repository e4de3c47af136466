/**
 * How an encoding is undone with Node's own modules, which Deno and Bun have as well.
 *
 * @module
 */
import type { Duplex, pipeline, Readable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import type { Source, Undo } from "../http1/inbound.ts";
import { toArrayBuffer, toStream } from "./stream.ts";

/** The parts of `node:stream` and `node:zlib` that are used here. */
export interface Modules {
  readonly stream: { readonly pipeline: typeof pipeline; readonly Readable: typeof Readable };
  readonly zlib: {
    createGunzip(): Duplex;
    createInflate(): Duplex;
    createBrotliDecompress(): Duplex;
    createZstdDecompress?(): Duplex;
  };
}

/** Undoes gzip, deflate, br and, where the runtime can, zstd. The modules are asked for when they are needed. */
export function undoWith(load: () => Modules | undefined): Undo {
  return (encoding) => {
    const modules = /^(?:x-gzip|gzip|deflate|br|zstd)$/.test(encoding) ? load() : undefined;
    const decoder = modules && decoderOf(encoding, modules.zlib);
    return decoder && ((encoded, explain) => decoded(modules.stream, encoded, decoder, explain));
  };
}

function decoderOf(encoding: string, zlib: Modules["zlib"]): Duplex | undefined {
  if (encoding === "gzip" || encoding === "x-gzip") return zlib.createGunzip();
  if (encoding === "deflate") return zlib.createInflate();
  if (encoding === "br") return zlib.createBrotliDecompress();
  return zlib.createZstdDecompress?.();
}

function decoded(
  { pipeline, Readable }: Modules["stream"],
  stream: ReadableStream,
  readable: Duplex,
  explain: (error: unknown) => unknown,
): Source {
  const encoded = Readable.fromWeb(stream as NodeReadableStream);
  pipeline(encoded, readable, () => {});
  const source = { readable, explain, cancel: () => void encoded.destroy() };
  return { arrayBuffer: () => toArrayBuffer(source), stream: () => toStream(source) };
}
