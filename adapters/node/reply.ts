/**
 * Writes an answer to Node's `ServerResponse`: at once, with back pressure, and never with a clean end where the
 * answer had none.
 *
 * @module
 */
import type { ServerResponse } from "node:http";
import { wholeBody } from "../../src/answer.ts";
import { NO_BYTES } from "../../src/bytes.ts";

/** An answer on its way to the client. */
export interface Reply {
  /** Nobody listens any more. */
  stop(): void;
}

const SENT: Reply = { stop() {} };

/** Starts to write an answer; throws where its headers can't be written. */
export function reply(answer: Response, method: string, response: ServerResponse): Reply {
  const whole = wholeBody(answer);
  if (answer.status === 204 || answer.status === 304 || (method === "HEAD" && whole === undefined)) {
    return bodiless(answer, response);
  }
  if (whole !== undefined) return all(whole, answer, response);
  const { body } = answer;
  return body === null ? all(NO_BYTES, answer, response) : stream(body, answer, response);
}

function bodiless(answer: Response, response: ServerResponse): Reply {
  const { status, headers } = answer;
  response.writeHead(status, headerList(headers, status !== 204)).end();
  drop(answer);
  return SENT;
}

function all(bytes: Uint8Array, { status, headers }: Response, response: ServerResponse): Reply {
  const list = headerList(headers, false);
  list.push("content-length", String(bytes.byteLength));
  response.writeHead(status, list).end(bytes);
  return SENT;
}

/** Nobody wants the answer. */
export function drop(answer: Response): void {
  if (wholeBody(answer) === undefined) answer.body?.cancel().catch(() => {});
}

function stream(body: ReadableStream<Uint8Array>, { status, headers }: Response, response: ServerResponse): Reply {
  response.strictContentLength = true;
  response.writeHead(status, headerList(headers, true));
  // The head goes with the first bytes where those are near, and alone where they are not.
  setImmediate(() => response.flushHeaders());
  return new Outflow(body, response);
}

/** Names and values by turns, the one form that Node writes without looking at each twice. How to frame it knows. */
function headerList(headers: Headers, withLength: boolean): string[] {
  const list: string[] = [];
  headers.forEach((value, name) => {
    if (name !== "transfer-encoding" && (withLength || name !== "content-length")) list.push(name, value);
  });
  return list;
}

/** A body that streams to the client. */
class Outflow implements Reply {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #response: ServerResponse;
  #isStopped = false;
  #resume: (() => void) | undefined;

  constructor(body: ReadableStream<Uint8Array>, response: ServerResponse) {
    this.#reader = body.getReader();
    this.#response = response;
    response.on("drain", () => this.#resume?.());
    this.#run().catch(() => this.#breakOff());
  }

  stop(): void {
    this.#isStopped = true;
    this.#reader.cancel(new DOMException("The client closed the connection.", "AbortError")).catch(() => {});
    this.#resume?.();
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const { done, value } = await this.#reader.read();
      if (this.#isStopped) return;
      if (done) return void this.#response.end();
      if (!this.#response.write(value)) await new Promise<void>((resolve) => this.#resume = resolve);
    }
  }

  /** The client must not take a part for the whole; what was written before still reaches it. */
  #breakOff(): void {
    this.#isStopped = true;
    this.#reader.cancel().catch(() => {});
    this.#response.socket?.destroySoon();
  }
}
