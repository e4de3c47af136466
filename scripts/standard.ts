/**
 * The names that the core may expect to find in any runtime.
 *
 * @module
 */

/** Globals of ECMAScript 2022. */
const language = words(`
  AggregateError Array ArrayBuffer Atomics BigInt BigInt64Array BigUint64Array Boolean DataView Date Error EvalError
  FinalizationRegistry Float32Array Float64Array Function Infinity Int16Array Int32Array Int8Array JSON Map Math NaN
  Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set SharedArrayBuffer String Symbol SyntaxError
  TypeError URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet decodeURI
  decodeURIComponent encodeURI encodeURIComponent globalThis isFinite isNaN parseFloat parseInt undefined`);

/** Globals of the Minimum Common Web API, 2025 snapshot (Ecma TC55), without its handlers on the global object. */
const web = words(`
  AbortController AbortSignal Blob ByteLengthQueuingStrategy CompressionStream CountQueuingStrategy Crypto CryptoKey
  CustomEvent DOMException DecompressionStream ErrorEvent Event EventTarget File FormData Headers MessageChannel
  MessageEvent MessagePort Performance PromiseRejectionEvent ReadableByteStreamController ReadableStream
  ReadableStreamBYOBReader ReadableStreamBYOBRequest ReadableStreamDefaultController ReadableStreamDefaultReader Request
  Response SubtleCrypto TextDecoder TextDecoderStream TextEncoder TextEncoderStream TransformStream
  TransformStreamDefaultController URL URLPattern URLSearchParams WebAssembly WritableStream
  WritableStreamDefaultController WritableStreamDefaultWriter atob btoa clearInterval clearTimeout console crypto fetch
  navigator performance queueMicrotask reportError self setInterval setTimeout structuredClone`);

/** On the list above, and still missing in a runtime that Headgate serves: Vercel's edge runtime, Node 20 or workerd. */
const missingSomewhere = words(`
  ByteLengthQueuingStrategy CompressionStream CountQueuingStrategy CustomEvent DecompressionStream ErrorEvent
  MessageChannel MessageEvent MessagePort Performance PromiseRejectionEvent ReadableByteStreamController
  ReadableStreamBYOBRequest ReadableStreamDefaultController TransformStreamDefaultController URLPattern
  WritableStreamDefaultController navigator reportError self`);

/** Globals that are there in every runtime. */
export const portable: ReadonlySet<string> = new Set(
  [...language, ...web].filter((name) => !missingSomewhere.includes(name)),
);

/** Static members newer than the oldest runtime that Headgate serves. */
export const tooNew: ReadonlySet<string> = new Set(words(`
  AbortSignal.any Array.fromAsync Error.isError Map.groupBy Math.f16round Math.sumPrecise
  Object.groupBy Promise.try Promise.withResolvers ReadableStream.from RegExp.escape URL.parse Uint8Array.fromBase64
  Uint8Array.fromHex`));

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
