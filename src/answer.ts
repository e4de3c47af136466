/**
 * Answers whose bytes are known whole: they need no stream to be watched, stored or written out.
 *
 * @module
 */
import type { Platform } from "./call.ts";
import { parsedJson } from "./json.ts";

interface Whole {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly document: unknown;
}

const WHOLE = new WeakMap<Response, Whole>();

/**
 * An answer made of bytes that are already here, in the platform's own way if it has one.
 *
 * @param document What the bytes say as JSON, where that has been read already.
 */
export function wholeAnswer(
  bytes: Uint8Array<ArrayBuffer>,
  init: ResponseInit,
  platform?: Pick<Platform, "answer">,
  document?: unknown,
): Response {
  const response = platform?.answer?.(bytes, init) ?? new Response(bytes, init);
  WHOLE.set(response, { bytes, document });
  return response;
}

/** A JSON answer of the gateway's own. */
export function jsonAnswer(text: string, status: number, headers: Readonly<Record<string, string>> = {}): Response {
  return wholeAnswer(new TextEncoder().encode(text), {
    status,
    headers: { "content-type": "application/json", ...headers },
  });
}

/** The bytes of such an answer; `undefined` for one that streams. */
export function wholeBody(response: Response): Uint8Array<ArrayBuffer> | undefined {
  return WHOLE.get(response)?.bytes;
}

/** What such an answer says as JSON; `undefined` where it says nothing. */
export function wholeDocument(response: Response): unknown {
  const whole = WHOLE.get(response);
  return whole && (whole.document ?? parsedJson(decoder.decode(whole.bytes)));
}

const decoder = new TextDecoder();
