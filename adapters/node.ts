/**
 * Headgate on Node 20 and later: on a server of its own, or as a listener of somebody else's.
 *
 * It works round three things of Node's:
 * - global `fetch` costs several times what everything else together does, and labels plain bytes as compressed: see
 *   `nodeTransport`;
 * - a `Request` and `Readable.toWeb` cost more than all rooms of the gateway: here a request is read as it lies;
 * - a server that closes destroys connections whose clients haven't taken the whole of their answers yet: `serve` lets
 *   them.
 *
 * @module
 */
import http from "node:http";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import https from "node:https";
import net from "node:net";
import type { AddressInfo } from "node:net";
import type { Platform, Transport } from "../src/call.ts";
import type { Gateway } from "../src/entry.ts";
import { BAD_HOST } from "./host.ts";
import { NodeAnswer } from "./node/answer.ts";
import { Connections } from "./node/connections.ts";
import { readIncoming } from "./node/incoming.ts";
import { drop, type Reply, reply } from "./node/reply.ts";
import { nodeTransport } from "./node/transport.ts";
import { Pending, within } from "./pending.ts";
import { DEFAULT_HOSTNAME, DEFAULT_PORT, type ServeOptions, type Server, serverUrl } from "./server.ts";
import { Turn } from "./turn.ts";

export { nodeTransport } from "./node/transport.ts";
export type { ServeOptions, Server } from "./server.ts";

/** Bytes of a request's head; more is answered with 431. */
const MAX_HEADER_BYTES = 32 * 1024;
/** Longer than the idle times of the usual load balancers, so that it is they who close. */
const KEEP_ALIVE_MS = 75_000;
/** What calls that were cut off have for their book-keeping. */
const SETTLE_MS = 1000;

/**
 * A listener for `http.createServer`, Express and their like.
 *
 * @example
 * ```ts
 * http.createServer(node(gateway({ providers: { openai: { key: process.env.OPENAI_API_KEY } } }))).listen(8787);
 * ```
 */
export function node(gateway: Gateway): RequestListener {
  return listener(gateway, new Pending());
}

/** Starts a server of its own; rejects where it can't listen. */
export async function serve(gateway: Gateway, options: ServeOptions = {}): Promise<Server> {
  const { port = DEFAULT_PORT, hostname = DEFAULT_HOSTNAME, tls } = options;
  const settings = { maxHeaderSize: MAX_HEADER_BYTES, keepAliveTimeout: KEEP_ALIVE_MS };
  const server = tls === undefined ? http.createServer(settings) : https.createServer({ ...settings, ...tls });
  const pending = new Pending();
  const connections = new Connections();
  server.on(tls === undefined ? "connection" : "secureConnection", connections.opened);
  server.on("request", connections.asked);
  server.on("request", listener(gateway, pending));
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, hostname, resolve));
  const bound = (server.address() as AddressInfo).port;
  let stopped: Promise<void> | undefined;
  return {
    url: serverUrl(hostname, bound, tls !== undefined),
    port: bound,
    stop: (drainMs) => stopped ??= stop(server, connections, pending, drainMs),
  };
}

async function stop(server: net.Server, connections: Connections, pending: Pending, drainMs: number): Promise<void> {
  const deadline = Date.now() + drainMs;
  const closed = new Promise<void>((resolve) => net.Server.prototype.close.call(server, () => resolve()));
  connections.close();
  await within(drainMs, closed);
  connections.cut();
  await closed;
  await pending.settled(Math.max(deadline - Date.now(), SETTLE_MS));
  server.close();
}

function listener(gateway: Gateway, pending: Pending): RequestListener {
  const transport = nodeTransport();
  const requests = new Turn();
  const answers = new Turn();
  return (message, response) => {
    const incoming = readIncoming(message);
    if (incoming === undefined) return refuse(response);
    let sent: Reply | undefined;
    let isGone = false;
    whenGone(message, response, () => {
      isGone = true;
      incoming.leave();
      sent?.stop();
    });
    const send = (answer: Response) => {
      if (isGone) return drop(answer);
      try {
        sent = reply(answer, incoming.method, response);
      } catch {
        drop(answer);
        fail(response);
      }
    };
    const platform = platformOf(message, transport, pending);
    requests.add(() => {
      gateway.handle(incoming, platform).then((answer) => answers.add(() => send(answer)), () => fail(response));
    });
  };
}

function platformOf({ socket }: IncomingMessage, transport: Transport, pending: Pending): Platform {
  const address = socket.remoteAddress;
  return {
    runtime: "node",
    transport,
    after: pending.add,
    clientAddress: () => plainAddress(address),
    answer: nodeAnswer,
  };
}

const nodeAnswer = (bytes: Uint8Array<ArrayBuffer>, init: ResponseInit) => new NodeAnswer(bytes, init);

/** A server on `::` sees IPv4 clients as `::ffff:192.0.2.1`. */
const plainAddress = (address: string | undefined) => address?.startsWith("::ffff:") ? address.slice(7) : address;

/** Calls back if the connection closes before the answer is out. */
function whenGone(message: IncomingMessage, response: ServerResponse, gone: () => void): void {
  const closed = () => response.writableFinished || gone();
  response.on("close", closed);
  // Pipelined behind another request: Node doesn't tell such a response that its socket has closed.
  if (response.socket === null) message.socket.setMaxListeners(0).once("close", closed);
}

function refuse(response: ServerResponse): void {
  response.shouldKeepAlive = false;
  say(response, 400, BAD_HOST);
}

/** The gateway answers its own errors; what gets here is a defect, and its details are nobody's business. */
function fail(response: ServerResponse): void {
  if (response.headersSent) response.destroy();
  else say(response, 500, "The gateway failed to answer this request.");
}

function say(response: ServerResponse, status: number, sentence: string): void {
  const headers = { "content-type": "text/plain; charset=utf-8", "content-length": sentence.length };
  response.writeHead(status, headers).end(sentence);
}
