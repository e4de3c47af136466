/**
 * A proxy before a front, which does to requests what networks and servers do.
 *
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/**
 * What becomes of a request:
 *
 * - `none`: it is passed on
 * - `refuse`: nobody listens; connections that were open are closed
 * - `hang`: it is taken and never answered, and not executed
 * - `reset`: it is executed, and the connection is reset in the middle of the answer
 * - `error`: it is answered with 500, and not executed
 * - `drop`: it is executed, and the connection is reset before the first byte of the answer
 */
export type Fault = "none" | "refuse" | "hang" | "reset" | "error" | "drop";

/** A proxy whose faults are switched while it runs. */
export interface Faults {
  readonly url: string;
  /** Requests that came in so far, whatever became of them. */
  readonly requests: number;
  /** How much later each request is passed on; 0 at first. */
  latencyMs: number;
  /** What happens to requests that come from now on. */
  set(fault: Fault): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a proxy to `origin`, a front's URL. */
export async function openFaults(origin: string): Promise<Faults> {
  let fault: Fault = "none";
  let requests = 0;
  const sockets = new Set<Socket>();
  const server = createServer({ keepAliveTimeout: 360_000 }, (request, response) => {
    requests++;
    response.on("error", () => {});
    const { latencyMs } = faults;
    serve(origin, fault, latencyMs, request, response).catch(() => response.destroy());
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await listen(server, 0);
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    if (!server.listening) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const faults: Faults = {
    url: `http://127.0.0.1:${port}`,
    get requests() {
      return requests;
    },
    latencyMs: 0,
    async set(next) {
      fault = next;
      if (next === "refuse") await close();
      else if (!server.listening) await listen(server, port);
    },
    stop: close,
  };
  return faults;
}

async function serve(
  origin: string,
  fault: Fault,
  latencyMs: number,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  if (latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, latencyMs));
  if (fault === "hang") return;
  if (fault === "error") {
    response.writeHead(500, { "content-type": "application/json" }).end('{"error":"ERR internal"}');
    return;
  }
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const answer = await fetch(origin + (request.url ?? ""), {
    method: request.method ?? "GET",
    headers: Object.entries(request.headers).filter(([name]) => !HOP.includes(name)).map(([name, value]) => [
      name,
      String(value),
    ]),
    body: chunks.length === 0 ? null : Buffer.concat(chunks),
    signal: gone.signal,
  });
  if (fault === "drop" || fault === "reset") return await cut(fault, answer, response);
  response.writeHead(answer.status, fields(answer));
  response.flushHeaders();
  for await (const chunk of answer.body ?? []) {
    if (!response.write(chunk)) await new Promise((resolve) => response.once("drain", resolve).once("close", resolve));
  }
  response.end();
}

const HOP = ["connection", "content-length", "host", "keep-alive", "transfer-encoding", "expect"];

const fields = ({ headers }: Response): Record<string, string> =>
  Object.fromEntries(
    [...headers].filter(([name]) => !["connection", "keep-alive", "transfer-encoding"].includes(name)),
  );

/** The front has done what it was asked for, and the client never learns it. */
async function cut(fault: "drop" | "reset", answer: Response, response: ServerResponse): Promise<void> {
  const body = Buffer.from(await answer.arrayBuffer());
  const { socket } = response;
  if (fault === "drop") return void socket?.resetAndDestroy();
  response.writeHead(answer.status, fields(answer));
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => socket?.resetAndDestroy());
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
}
