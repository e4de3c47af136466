/**
 * The way out on Node, at less than half the cost of `node:http` and a fraction of that of Node's `fetch`.
 *
 * @module
 */
import stream from "node:stream";
import zlib from "node:zlib";
import type { Transport } from "../../src/call.ts";
import { httpTransport } from "../http1/transport.ts";
import { nodeDial } from "./dial.ts";
import { undoWith } from "./undo.ts";

/** Sends attempts over connections of its own, which stay open. */
export function nodeTransport(): Transport {
  return httpTransport({
    dial: nodeDial(),
    undo: undoWith(() => ({ stream, zlib })),
    unref: (timer) => void timer.unref(),
  });
}
