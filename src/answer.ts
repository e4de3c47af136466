/**
 * Answers whose bytes are known whole: they need no stream to be watched, stored or written out.
 *
 * @module
 */

const WHOLE = new WeakMap<Response, Uint8Array<ArrayBuffer>>();

/** An answer made of bytes that are already here. */
export function wholeAnswer(bytes: Uint8Array<ArrayBuffer>, init: ResponseInit): Response {
  const response = new Response(bytes, init);
  WHOLE.set(response, bytes);
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
  return WHOLE.get(response);
}
