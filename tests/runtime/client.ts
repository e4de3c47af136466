/**
 * A client that hides nothing: one connection a request, bytes as they come, and every way of leaving.
 *
 * @module
 */
import { type Agent, type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import { connect } from "node:net";
import { type Deferred, deferred, until, within } from "./wait.ts";

/** What to ask for. */
export interface Ask {
  readonly method?: string;
  /** Path and query, sent as they are. */
  readonly path: string;
  /** An array value sends the field several times. */
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Uint8Array;
  /** Keeps connections; without one each request has its own. */
  readonly agent?: Agent;
}

/** A whole answer. */
export interface Answered {
  readonly status: number;
  /** Fields of the answer by lower-case name, values of equal names joined with a comma. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  readonly text: string;
  /** Whether the body came to its proper end. */
  readonly isWhole: boolean;
  /** The body as JSON. */
  json(): Told;
}

/** What tests look for in a JSON answer; none of it need be there. */
export interface Told {
  readonly success: boolean;
  readonly name: string;
  readonly httpCode: number;
  readonly internalCode: number;
  readonly message: string;
  readonly result: unknown;
  readonly messages: unknown;
  readonly type: string;
  readonly object: string;
  readonly data: unknown;
  readonly runtime: string;
  /** One in most dialects, a list in Cloudflare's. */
  readonly error: ToldError & readonly [ToldError];
}

/** What an error says of itself. */
export interface ToldError {
  readonly message: string;
  readonly code: number | string;
  readonly type: string;
  readonly status: string;
}

/** An answer that is still coming, or a request that is still going. */
export class Live {
  readonly #request: ClientRequest;
  readonly #head: Deferred<IncomingMessage> = deferred();
  readonly #over: Deferred<boolean> = deferred();
  #chunks: Buffer[] = [];
  #bytes = 0;
  #status = 0;
  #headers: ReadonlyMap<string, string> = new Map();
  #isOver = false;

  constructor(port: number, ask: Ask) {
    const { method = ask.body === undefined ? "GET" : "POST", path, headers = {}, agent = false } = ask;
    this.#request = httpRequest({ host: "127.0.0.1", port, method, path, headers, agent });
    this.#request.on("response", (response) => this.#answer(response));
    this.#request.on("error", (error) => {
      this.#head.reject(error);
      this.#finish(false);
    });
  }

  /** The answer's status; 0 until its head has come. */
  get status(): number {
    return this.#status;
  }

  get headers(): ReadonlyMap<string, string> {
    return this.#headers;
  }

  /** Bytes of the answer's body that nobody has taken yet. */
  get waitingBytes(): number {
    return this.#bytes;
  }

  /** Whether the request went over a connection that had served another. */
  get isReused(): boolean {
    return this.#request.reusedSocket;
  }

  /** Sends a piece of the request's body. */
  write(piece: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => this.#request.write(piece, () => resolve()));
  }

  /** Ends the request, with a last piece if given. */
  end(piece?: string | Uint8Array): void {
    if (piece === undefined) this.#request.end();
    else this.#request.end(piece);
  }

  /** Sends the head of a request whose body is still to come. */
  flush(): void {
    this.#request.flushHeaders();
  }

  /** Waits for the answer's head. */
  async answered(ms?: number): Promise<this> {
    await within(this.#head.promise, "the head of the answer", ms);
    return this;
  }

  /** Takes exactly so many bytes of the body; fewer where it ends before. */
  async take(bytes: number): Promise<Buffer> {
    const isEnough = () => this.#bytes >= bytes || this.#isOver;
    await until(isEnough, `${bytes} bytes of the answer`).catch((error: Error) => {
      throw new Error(`${error.message} These came: ${JSON.stringify(this.#drain().toString("latin1").slice(0, 300))}`);
    });
    const all = this.#drain();
    this.#put(all.subarray(bytes));
    return all.subarray(0, bytes);
  }

  /** Takes what is left. */
  async rest(ms?: number): Promise<{ readonly bytes: Buffer; readonly isWhole: boolean }> {
    const isWhole = await within(this.#over.promise, "the end of the answer", ms);
    return { bytes: this.#drain(), isWhole };
  }

  /** Stops reading: the connection fills up behind. */
  stopReading(): void {
    this.#request.socket?.pause();
  }

  /** Goes away, politely (`fin`) or not (`rst`), and says when. */
  leave(how: "fin" | "rst" = "fin"): number {
    if (how === "rst") this.#request.socket?.resetAndDestroy();
    else this.#request.destroy();
    return performance.now();
  }

  #answer(response: IncomingMessage): void {
    this.#status = response.statusCode ?? 0;
    this.#headers = joined(response.rawHeaders);
    this.#head.resolve(response);
    response.on("data", (chunk: Buffer) => this.#put(chunk));
    response.on("error", () => this.#finish(false));
    response.on("close", () => this.#finish(response.complete));
  }

  #put(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  #drain(): Buffer {
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#bytes = 0;
    return all;
  }

  #finish(isWhole: boolean): void {
    this.#isOver = true;
    this.#over.resolve(isWhole);
  }
}

/** Begins a request and sends it whole; the answer is read as the test likes. */
export function begin(port: number, ask: Ask): Live {
  const live = new Live(port, ask);
  live.end(ask.body);
  return live;
}

/** Asks and waits for the whole answer. */
export async function call(port: number, ask: Ask, ms?: number): Promise<Answered> {
  const live = await begin(port, ask).answered(ms);
  const { bytes, isWhole } = await live.rest(ms);
  return answer(live.status, live.headers, bytes, isWhole);
}

function answer(status: number, headers: ReadonlyMap<string, string>, body: Buffer, isWhole: boolean): Answered {
  const text = body.toString("utf8");
  return { status, headers, body, text, isWhole, json: () => parsed(text, status) as Told };
}

function parsed(text: string, status: number): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`Status ${status} came with a body that isn't JSON: ${text.slice(0, 200)}`);
  }
}

function joined(raw: readonly string[]): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] ?? "").toLowerCase();
    const before = fields.get(name);
    fields.set(name, before === undefined ? raw[at + 1] ?? "" : `${before}, ${raw[at + 1] ?? ""}`);
  }
  return fields;
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
