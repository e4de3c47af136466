/**
 * A client that hides nothing: one connection a request, bytes as they come, and every way of leaving.
 *
 * @module
 */
import { type Agent, type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import { type Deferred, deferred, until, within } from "./wait.ts";

/** What to ask for. */
export interface Ask {
  readonly method?: string;
  /** Path and query, sent as they are. */
  readonly path: string;
  /** An array value sends the field several times. */
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Uint8Array;
  /** Address that the connection comes from; any of 127.0.0.0/8 is this machine's on Linux. */
  readonly from?: string;
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
    const { method = ask.body === undefined ? "GET" : "POST", path, headers = {}, agent = false, from } = ask;
    const localAddress = from === undefined ? {} : { localAddress: from };
    this.#request = httpRequest({ host: "127.0.0.1", port, method, path, headers, agent, ...localAddress });
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
