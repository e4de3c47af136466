/**
 * The way out over the runtime's own `fetch`.
 *
 * @module
 */
import type { Inbound, Outbound, Transport } from "./call.ts";

/** Encodings that `fetch` undoes on every runtime, while it keeps the label. */
const DECODED = ["gzip", "deflate", "br"];

/** What an adapter knows of its runtime's `fetch`. */
export interface FetchTransportOptions {
  /** Content encodings that this runtime's `fetch` undoes. */
  readonly decodes?: readonly string[];
  /** The `fetch` to use; the global one when a call is made, if absent. */
  readonly fetch?: typeof fetch;
}

/** Sends attempts with `fetch`; never follows a redirect, and labels no body wrongly. */
export function fetchTransport({ decodes = DECODED, fetch }: FetchTransportOptions = {}): Transport {
  return async (outbound) => {
    const answer = await (fetch ?? globalThis.fetch)(outbound.url.href, requestInit(outbound));
    // What answers a HEAD has labels and no body that anything could have been undone to.
    const encoding = outbound.method === "HEAD" ? null : answer.headers.get("content-encoding");
    return encoding === null || !decodes.includes(encoding.trim().toLowerCase())
      ? answer as Inbound
      : undressed(answer);
  };
}

function requestInit({ method, headers, body, signal }: Outbound): RequestInit {
  const init: RequestInit & { readonly duplex: "half" } = {
    method,
    headers: headersOf(headers),
    body: body as BodyInit | null,
    redirect: "manual",
    duplex: "half", // asked for by a body that streams; nothing to any other
    signal,
  };
  return init;
}

/** One by one: as a list they cost five times as much on some runtimes. */
function headersOf(list: Outbound["headers"]): Headers {
  const headers = new Headers();
  for (const [name, value] of list) headers.append(name, value);
  return headers;
}

/** The same answer without the labels of an encoding that the runtime has already undone. */
function undressed(answer: Response): Inbound {
  const headers = new Headers(answer.headers);
  headers.delete("content-encoding");
  headers.delete("content-length");
  return {
    status: answer.status,
    headers,
    body: answer.body as Inbound["body"],
    arrayBuffer: () => answer.arrayBuffer(),
  };
}
