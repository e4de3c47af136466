/**
 * The way out over `node:http` and `node:https`, several times as fast as Node's own `fetch`.
 *
 * @module
 */
import http from "node:http";
import type { ClientRequest, RequestOptions } from "node:http";
import https from "node:https";
import type { Inbound, Outbound, Transport } from "../../src/call.ts";
import { TransportError } from "./failure.ts";
import { NodeInbound } from "./inbound.ts";

/** Under the idle times of the usual load balancers, so that rarely both ends close at once. */
const IDLE_MS = 50_000;
const MAX_HEADER_BYTES = 32 * 1024;

/** Connections that are kept open between attempts, one pool for each scheme. */
interface Agents {
  readonly http: http.Agent;
  readonly https: https.Agent;
}

/**
 * Sends attempts over connections that stay open. It rejects with the signal's reason once that fires, and else with
 * an `Error` that names no host.
 */
export function nodeTransport(): Transport {
  const options = { keepAlive: true, timeout: IDLE_MS };
  const agents: Agents = { http: new http.Agent(options), https: new https.Agent(options) };
  return (outbound) => new Promise((resolve, reject) => dispatch(outbound, agents, resolve, reject));
}

function dispatch(
  outbound: Outbound,
  agents: Agents,
  resolve: (inbound: Inbound) => void,
  reject: (error: unknown) => void,
): void {
  const { signal, method } = outbound;
  if (signal.aborted) return reject(signal.reason);
  let request: ClientRequest;
  try {
    request = open(outbound, agents);
  } catch (error) {
    return reject(new TransportError(error));
  }
  let isAnswered = false;
  const fail = (error: unknown) => reject(signal.aborted ? signal.reason : new TransportError(error));
  const abort = () => void request.destroy();
  signal.addEventListener("abort", abort);
  request.on("response", (message) => {
    isAnswered = true;
    resolve(new NodeInbound(message, method, signal));
  });
  request.on("error", (error) => isAnswered || fail(error));
  request.on("close", () => {
    signal.removeEventListener("abort", abort);
    if (!isAnswered) fail(undefined);
  });
  send(request, outbound);
}

function open({ url, method, headers, body, length }: Outbound, agents: Agents): ClientRequest {
  const isSecure = url.protocol === "https:";
  const options: RequestOptions = {
    host: url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname,
    port: url.port,
    path: url.pathname + url.search,
    method,
    headers: headerList(url.host, headers, method, body instanceof Uint8Array ? body.byteLength : body && length),
    agent: isSecure ? agents.https : agents.http,
    maxHeaderSize: MAX_HEADER_BYTES,
  };
  return isSecure ? https.request(options) : http.request(options);
}

/** Names and values by turns, framing included: Node adds none to a list. */
function headerList(
  host: string,
  headers: Outbound["headers"],
  method: string,
  length: number | null | undefined,
): string[] {
  const list = ["host", host];
  for (const [name, value] of headers) list.push(name, value);
  if (length === undefined) list.push("transfer-encoding", "chunked");
  else if (length !== null) list.push("content-length", String(length));
  else if (method !== "GET" && method !== "HEAD") list.push("content-length", "0");
  return list;
}

function send(request: ClientRequest, { body, length }: Outbound): void {
  if (body === null) request.end();
  else if (body instanceof Uint8Array) request.end(body);
  else upload(request, body.getReader(), length).catch((error) => request.destroy(error));
}

/** Sends what streams in, no faster than the provider takes it, and not one byte more or less than was announced. */
async function upload(
  request: ClientRequest,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  length: number | undefined,
): Promise<void> {
  let left = length ?? Infinity;
  let wake = () => {};
  request.on("drain", () => wake());
  request.once("close", () => {
    reader.cancel().catch(() => {});
    wake();
  });
  for (;;) {
    const { done, value } = await reader.read();
    if (request.destroyed) return;
    left -= value?.byteLength ?? 0;
    if (left < 0 || (done && left !== 0 && length !== undefined)) throw misannounced();
    if (done) return void request.end();
    if (!request.write(value)) await new Promise<void>((resolve) => wake = resolve);
  }
}

const misannounced = () => Object.assign(new Error("body length"), { code: "ERR_HTTP_CONTENT_LENGTH_MISMATCH" });
