/**
 * Reads what the client sent, once, within its caps.
 *
 * @module
 */
import { Gathered, NO_BYTES } from "./bytes.ts";
import type { Body, Incoming } from "./call.ts";
import { GatewayError } from "./errors.ts";
import { readJson } from "./json.ts";

/** Caps on a request's body. */
export interface BodyLimits {
  /** Bytes of a JSON body, which is held in memory. */
  readonly maxBytes: number;
  /** Bytes of an upload, which streams through. */
  readonly maxUploadBytes: number;
  /** Levels of nesting in a JSON body. */
  readonly maxDepth: number;
}

export const DEFAULT_BODY_LIMITS: BodyLimits = {
  maxBytes: 10 * 1024 * 1024,
  maxUploadBytes: 100 * 1024 * 1024,
  maxDepth: 512,
};

const NONE: Body = { kind: "none" };

/**
 * Holds JSON whole and checked, and lets anything else stream.
 *
 * @param mustBeJson Whether the route takes JSON whatever the body is labelled.
 * @throws {GatewayError} `body_too_large`, `encoded_body`, `invalid_json`, `too_deep`, `duplicate_key`.
 */
export function readBody(incoming: Incoming, mustBeJson: boolean, limits: BodyLimits): Body | Promise<Body> {
  if (incoming.method === "GET" || incoming.method === "HEAD") return NONE;
  const { headers } = incoming;
  const length = lengthOf(headers);
  if (length === 0) return NONE;
  refuseEncoded(headers);
  if (!mustBeJson && !isJson(headers.get("content-type"))) return upload(incoming, length, limits.maxUploadBytes);
  if (length === undefined) return gathered(incoming, limits).then((bytes) => jsonBody(bytes, limits));
  if (length > limits.maxBytes) throw tooLarge(limits.maxBytes);
  return incoming.arrayBuffer().then((buffer) => jsonBody(new Uint8Array(buffer), limits), brokenOff);
}

const jsonBody = (bytes: Uint8Array<ArrayBuffer>, { maxDepth }: BodyLimits): Body =>
  bytes.byteLength === 0 ? NONE : { kind: "json", json: readJson(bytes, maxDepth) };

const isJson = (type: string | null) =>
  type !== null && (type.startsWith("application/json") || /^[^;]*\bjson\b/i.test(type));

function lengthOf(headers: Headers): number | undefined {
  const length = headers.get("content-length");
  return length === null || !/^\d{1,15}$/.test(length) ? undefined : Number(length);
}

function refuseEncoded(headers: Headers): void {
  const encoding = headers.get("content-encoding");
  if (encoding === null || encoding.trim().toLowerCase() === "identity") return;
  throw new GatewayError(
    "encoded_body",
    "Send the body without content-encoding: the gateway reads plain bodies only.",
  );
}

/** All bytes of a body whose length nobody said. */
async function gathered(incoming: Incoming, { maxBytes }: BodyLimits): Promise<Uint8Array<ArrayBuffer>> {
  if (incoming.body === null) return NO_BYTES;
  const gathered = new Gathered();
  let total = 0;
  const reader = incoming.body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(brokenOff);
    if (done) return gathered.whole();
    if ((total += value.byteLength) > maxBytes) {
      reader.cancel().catch(() => {});
      throw tooLarge(maxBytes);
    }
    gathered.push(value);
  }
}

/** A stream that counts itself: one byte over the cap breaks it, and with it the upstream request. */
function upload(incoming: Incoming, length: number | undefined, maxBytes: number): Body {
  if (incoming.body === null) return NONE;
  if (length !== undefined && length > maxBytes) throw tooLarge(maxBytes);
  const reader = (incoming.body as ReadableStream<Uint8Array<ArrayBuffer>>).getReader();
  let total = 0;
  let refusal: GatewayError | undefined;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(out) {
      try {
        const { done, value } = await reader.read();
        if (done) return out.close();
        if ((total += value.byteLength) > maxBytes) throw refusal = tooLarge(maxBytes);
        out.enqueue(value);
      } catch (error) {
        out.error(error);
        reader.cancel().catch(() => {});
      }
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
  return { kind: "stream", stream, length, refusal: () => refusal };
}

const tooLarge = (maxBytes: number) =>
  new GatewayError("body_too_large", `Send at most ${maxBytes} bytes in one body: this one is larger.`);

function brokenOff(cause: unknown): never {
  throw new GatewayError("client_gone", "The client broke off while it was sending the body.", { cause });
}
