/**
 * What Node's server received, as the entry reads a request. A `Request` of Node's own costs more than all rooms
 * of the gateway together; this one costs what is asked of it.
 *
 * @module
 */
import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import type { Incoming } from "../../src/call.ts";
import { isHost } from "../host.ts";
import { joined } from "../http1/bytes.ts";
import { Fields } from "../http1/fields.ts";
import { toArrayBuffer, toStream } from "./stream.ts";
import type { Source } from "./stream.ts";

/** One request to Node's server. */
export class NodeIncoming implements Incoming {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly #message: IncomingMessage;
  readonly #controller = new AbortController();
  #body: ReadableStream<Uint8Array<ArrayBuffer>> | null | undefined;

  constructor(message: IncomingMessage, url: string, headers: Headers) {
    this.method = message.method ?? "GET";
    this.url = url;
    this.headers = headers;
    this.#message = message;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    return this.#body ??= hasBody(this.headers) ? toStream(this.#source()) : null;
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    if (this.#body?.locked === true) throw new TypeError("The body is being read already.");
    if (!hasBody(this.headers)) return new ArrayBuffer(0);
    return this.#here() ?? await toArrayBuffer(this.#source());
  }

  /** The client has left: nobody waits for an answer any more. */
  leave(): void {
    this.#controller.abort(new DOMException("The client closed the connection.", "AbortError"));
  }

  /** The whole body if it has come already, as most have by the time that they are asked for. */
  #here(): ArrayBuffer | undefined {
    if (!this.#message.complete || this.#body !== undefined) return undefined;
    const bytes: Buffer<ArrayBuffer> | null = this.#message.read();
    return bytes === null ? undefined : joined([bytes]);
  }

  #source(): Source {
    const message = this.#message;
    return {
      readable: message,
      explain: () => new Error("The client closed the connection while it was sending the body."),
      // The client may still read an answer: its body is thrown away, its connection isn't.
      cancel: () => void message.resume(),
    };
  }
}

/**
 * Reads the head of a request.
 *
 * @returns `undefined` where host and target don't make a URL.
 */
export function readIncoming(message: IncomingMessage): NodeIncoming | undefined {
  const headers = Fields.of(message.rawHeaders);
  const url = targetUrl(message, headers.get("host"));
  return url === undefined ? undefined : new NodeIncoming(message, url, headers);
}

const hasBody = (headers: Headers) =>
  headers.has("transfer-encoding") || (headers.get("content-length") ?? "0") !== "0";

/** Two `Host` headers come joined by a comma, which no host has. */
function targetUrl({ url = "/", socket }: IncomingMessage, host: string | null): string | undefined {
  if (host !== null && !isHost(host)) return undefined;
  const scheme = (socket as Partial<TLSSocket>).encrypted === true ? "https" : "http";
  return url.startsWith("/")
    ? `${scheme}://${host ?? "localhost"}${url}`
    : unusualUrl(scheme, url, host ?? "localhost");
}

/** The forms that are meant for proxies, `GET http://host/path`, and for a whole server, `OPTIONS *`. */
function unusualUrl(scheme: string, target: string, host: string): string | undefined {
  if (target === "*") return `${scheme}://${host}/*`;
  const [, authority = "", rest = ""] = /^https?:\/\/([^/?#\\]*)(.*)$/i.exec(target) ?? [];
  return isHost(authority) ? `${scheme}://${authority}${rest.startsWith("/") ? "" : "/"}${rest}` : undefined;
}
