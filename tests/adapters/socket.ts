/**
 * Peers that speak HTTP by hand: a provider that answers any bytes, and a client that sends any bytes.
 */
import net from "node:net";

/** One connection to the hand-made provider. */
export interface Visit {
  readonly socket: net.Socket;
  /** The request's head, as it came. */
  readonly head: string;
  /** Everything that has come after the head by now. */
  body(): string;
  /** Resolves when the gateway's side is closed. */
  readonly closed: Promise<void>;
}

/** A provider on a free port; each request on it is answered by hand. */
export interface RawProvider {
  readonly origin: string;
  /** Connections so far. */
  connections(): number;
  close(): void;
}

/** Starts one. The callback is called for each request head. */
export async function rawProvider(answer: (visit: Visit) => void): Promise<RawProvider> {
  let connections = 0;
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    connections++;
    sockets.add(socket);
    let text = "";
    let body = "";
    let isInBody = false;
    const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      if (isInBody && !/^(GET|HEAD|POST) /.test(text)) {
        body += text;
        text = "";
        return;
      }
      if (end < 0) return;
      const head = text.slice(0, end);
      body = text.slice(end + 4);
      text = "";
      isInBody = true;
      answer({ socket, head, body: () => body, closed });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    connections: () => connections,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** What came back on a raw connection. */
export interface RawClient {
  readonly socket: net.Socket;
  /** Resolves once the text received so far matches. */
  until(pattern: RegExp): Promise<string>;
  /** Everything, once the gateway has closed the connection. */
  readonly all: Promise<string>;
}

/** Connects and sends. */
export function rawClient(port: number, text: string): RawClient {
  const socket = net.connect(port, "127.0.0.1");
  let received = "";
  const waiting = new Set<() => void>();
  socket.on("error", () => {});
  socket.on("data", (bytes) => {
    received += bytes.toString("latin1");
    for (const look of waiting) look();
  });
  const all = new Promise<string>((resolve) => socket.on("close", () => resolve(received)));
  socket.write(text, "latin1");
  return {
    socket,
    all,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!pattern.test(received)) return;
          waiting.delete(look);
          resolve(received);
        };
        waiting.add(look);
        look();
        all.then(() => reject(new Error(`closed after ${JSON.stringify(received)}`)));
      }),
  };
}

/** A promise and what settles it. */
export function gate<T = void>(): { readonly promise: Promise<T>; open(value: T): void } {
  let open = (_: T) => {};
  const promise = new Promise<T>((resolve) => open = resolve);
  return { promise, open: (value) => open(value) };
}
