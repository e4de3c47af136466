/**
 * A server for what is no server but a `fetch` function, as a platform has one in front of its functions.
 *
 * @module
 */
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** The one thing that is asked of a function. */
export type Fetch = (request: Request) => Response | Promise<Response>;

/** A server that listens. */
export interface Bridge {
  readonly url: string;
  stop(): Promise<void>;
}

/** Serves a function on a free port. */
export async function bridge(fetch: Fetch): Promise<Bridge> {
  const server = http.createServer((message, response) => {
    pass(fetch, message, response).catch((error) => response.destroy(error));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function pass(fetch: Fetch, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const answer = await fetch(await requestOf(message, response));
  response.writeHead(answer.status, [...answer.headers].flat());
  const reader = answer.body?.getReader();
  response.on("close", () => void reader?.cancel().catch(() => {}));
  for (;;) {
    const { done, value } = await reader?.read() ?? { done: true, value: undefined };
    if (done) break;
    response.write(value);
  }
  response.end();
}

async function requestOf(message: IncomingMessage, response: ServerResponse): Promise<Request> {
  const { method = "GET", headers, url } = message;
  const leaving = new AbortController();
  response.on("close", () => response.writableFinished || leaving.abort());
  return new Request(`http://${headers.host}${url}`, {
    method,
    headers: Object.entries(headers).map(([name, value]) => [name, String(value)] as [string, string]),
    ...(method === "GET" || method === "HEAD" ? {} : { body: await buffer(message) }),
    signal: leaving.signal,
  });
}
