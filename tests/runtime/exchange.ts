/**
 * One request as the provider received it, and the pen for its answer.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { type Deferred, deferred, until, within } from "./wait.ts";

/** Header fields in the order in which they are sent; a name may come twice. */
export type Fields = readonly (readonly [name: string, value: string])[];

/** What is done with one request of a ticket. */
export type Answer = (exchange: Exchange) => void | Promise<void>;

/** One request as the provider received it, and the pen for its answer. */
export class Exchange {
  /** Which of the provider's ports it came to. */
  readonly place: string;
  readonly method: string;
  /** Path and query, as on the wire. */
  readonly target: string;
  /** Names and values, as on the wire. */
  readonly fields: Fields;
  /** When the request's head had come, on the monotonic clock. */
  readonly startedAt: number = performance.now();
  /** Bytes of the answer's body that the socket has taken. */
  sentBytes = 0;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #chunks: Buffer[] = [];
  readonly #whole: Deferred<Buffer> = deferred();
  readonly #closed: Deferred<number> = deferred();
  #receivedBytes = 0;
  #closedAt: number | undefined;

  constructor(place: string, request: IncomingMessage, response: ServerResponse) {
    this.place = place;
    this.method = request.method ?? "";
    this.target = request.url ?? "";
    this.fields = pairs(request.rawHeaders);
    this.#request = request;
    this.#response = response;
    request.on("data", (chunk: Buffer) => this.#take(chunk));
    request.on("end", () => this.#whole.resolve(Buffer.concat(this.#chunks)));
    request.on("error", (error) => this.#whole.reject(error));
    response.on("error", () => {});
    response.on("close", () => this.#close());
  }

  /** The request's body, once it is complete. */
  get body(): Promise<Buffer> {
    return within(this.#whole.promise, `the body of ${this.method} ${this.target}`);
  }

  /** When the connection ended, on the monotonic clock. */
  get closed(): Promise<number> {
    return within(this.#closed.promise, `the end of ${this.method} ${this.target}`);
  }

  /** Whether the gateway has gone. */
  get isClosed(): boolean {
    return this.#closedAt !== undefined;
  }

  /** Stops reading the request's body: the connection fills up behind. */
  stopReading(): void {
    this.#request.pause();
  }

  /** Waits until so many bytes of the body have come, whether or not more follow. */
  received(bytes: number): Promise<Buffer> {
    const look = () => this.#receivedBytes >= bytes && Buffer.concat(this.#chunks);
    return until(look, `${bytes} bytes of ${this.method} ${this.target} (came: ${this.#receivedBytes})`);
  }

  /** All values of a request header. */
  all(name: string): string[] {
    return this.fields.filter(([field]) => field.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
  }

  /** The one value of a request header. */
  header(name: string): string | undefined {
    const values = this.all(name);
    return values.length === 0 ? undefined : values.join(", ");
  }

  /** Answers at once and whole. */
  reply(status: number, fields: Fields, body: string | Uint8Array = ""): void {
    const bytes = Buffer.from(body as string);
    const framing: Fields = status === 204 || status === 304 ? [] : [["content-length", String(bytes.length)]];
    this.#response.writeHead(status, flat([...fields, ...framing]));
    this.#response.end(this.method === "HEAD" ? undefined : bytes);
    this.sentBytes += bytes.length;
  }

  /** Sends the head alone; the body follows piece by piece. */
  head(status: number, fields: Fields): void {
    this.#response.writeHead(status, flat(fields));
    this.#response.flushHeaders();
  }

  /** Sends one piece of the body; resolves once the socket wants more. */
  async write(piece: string | Uint8Array): Promise<void> {
    const bytes = Buffer.from(piece as string);
    const isRoomLeft = this.#response.write(bytes);
    this.sentBytes += bytes.length;
    if (isRoomLeft || this.isClosed) return;
    await Promise.race([
      new Promise<void>((resolve) => this.#response.once("drain", resolve)),
      this.#closed.promise,
    ]);
  }

  /** Ends the answer properly. */
  end(): void {
    this.#response.end();
  }

  /** Writes bytes past all framing; end with `hangUp` or `reset`. */
  raw(bytes: string | Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Closes the connection as after a crash of the process: no proper end. */
  hangUp(): void {
    this.#socket.end();
  }

  /** Closes the connection the hard way. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  get #socket(): Socket {
    return this.#request.socket;
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#receivedBytes += chunk.length;
  }

  #close(): void {
    this.#closedAt ??= performance.now();
    this.#closed.resolve(this.#closedAt);
    this.#whole.reject(new Error("The request broke off."));
  }
}

function pairs(raw: readonly string[]): Fields {
  const found: [string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) found.push([raw[at] ?? "", raw[at + 1] ?? ""]);
  return found;
}

const flat = (fields: Fields): string[] => fields.flatMap(([name, value]) => [name, value]);
