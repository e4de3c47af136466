/**
 * Bytes on a socket, past every HTTP library.
 *
 * @module
 */
import { connect } from "node:net";
import type { Ticket } from "./upstream.ts";

/** The start of a request with a JSON body, as on the wire; the framing is the caller's. */
export function rawHead(ticket: Ticket, framing: string, path: string): string {
  const fields = ["host: h", `authorization: ${ticket.bearer}`, "content-type: application/json", framing];
  return `POST ${path} HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`;
}

/** What came back for bytes that may be no HTTP at all. */
export interface Echo {
  readonly text: string;
  /** Status of the first answer; 0 where the connection just ended or nothing came. */
  readonly status: number;
  readonly statuses: readonly number[];
  readonly didClose: boolean;
}

/** Sends bytes as they are, then listens until the other side closes or has been silent for a while. */
export function shout(port: number, bytes: string | Uint8Array, quietMs = 150): Promise<Echo> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let isEchoed = false;
    const socket = connect(
      port,
      "127.0.0.1",
      () => socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes),
    );
    const finish = (didClose: boolean) => {
      if (isEchoed) return;
      isEchoed = true;
      socket.destroy();
      resolve(echo(Buffer.concat(chunks).toString("latin1"), didClose));
    };
    // The first answer may take a moment on a cold runtime; after that, silence means that nothing more comes.
    socket.setTimeout(2000, () => finish(false));
    socket.on("data", (chunk) => {
      chunks.push(chunk);
      socket.setTimeout(quietMs);
    });
    socket.on("error", () => finish(true));
    socket.on("close", () => finish(true));
  });
}

function echo(text: string, didClose: boolean): Echo {
  const statuses = [...text.matchAll(/HTTP\/1\.[01] (\d{3})[^\r\n]*\r\n/g)].map((match) => Number(match[1]));
  return { text, status: statuses[0] ?? 0, statuses, didClose };
}

/** What came back for an upload that was poured in, and how much of it was sent. */
export interface Poured extends Echo {
  readonly sentBytes: number;
}

/**
 * Uploads pieces until the server answers or hangs up, as an attacker's endless body would. A server may close right
 * behind its answer, and a write that then fails hides what there is to read: such a try is made again.
 */
export async function pour(port: number, head: string, piece: Uint8Array, pieces: number): Promise<Poured> {
  for (let tries = 1;; tries++) {
    const poured = await pourOnce(port, head, piece, pieces);
    if (poured.status !== 0 || tries === 4) return poured;
  }
}

function pourOnce(port: number, head: string, piece: Uint8Array, pieces: number): Promise<Poured> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let sent = 0;
    let isDone = false;
    const socket = connect(port, "127.0.0.1", () => {
      socket.write(Buffer.from(head, "latin1"));
      rest(5);
    });
    // Pieces go out right after the socket was looked at.
    const rest = (ms: number) => setTimeout(() => setImmediate(more), ms);
    const more = () => {
      if (isDone || sent >= pieces || chunks.length > 0) return;
      sent++;
      if (socket.write(piece)) rest(1);
      else socket.once("drain", () => rest(1));
    };
    const finish = (didClose: boolean) => {
      if (isDone) return;
      isDone = true;
      socket.destroy();
      resolve({ ...echo(Buffer.concat(chunks).toString("latin1"), didClose), sentBytes: sent * piece.length });
    };
    socket.setTimeout(3000, () => finish(false));
    socket.on("data", (chunk) => {
      chunks.push(chunk);
      socket.setTimeout(150);
    });
    socket.on("error", () => finish(true));
    socket.on("close", () => finish(true));
  });
}
