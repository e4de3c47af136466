/**
 * A provider's answer, with its encoding undone.
 *
 * @module
 */
import type { Inbound } from "../../src/call.ts";
import type { Bytes } from "./bytes.ts";
import { TransportError } from "./failure.ts";
import { Fields } from "./fields.ts";
import type { Head } from "./head.ts";
import type { Intake } from "./intake.ts";

/** A body, to be read once, whole or chunk by chunk. */
export interface Source {
  arrayBuffer(): Promise<ArrayBuffer>;
  stream(): ReadableStream<Bytes>;
}

/**
 * Undoes one encoding. It reads no further than its own reader and the end of what is encoded, and cancels the rest;
 * what a reader is told of an error, `explain` says.
 */
export type Decoder = (encoded: ReadableStream<Bytes>, explain: (error: unknown) => unknown) => Source;

/** What undoes an encoding, given in lower case; `undefined` for one that isn't known. */
export type Undo = (encoding: string) => Decoder | undefined;

/** Who asked. */
export interface Asker {
  readonly signal: AbortSignal;
  readonly undo: Undo;
}

/** One answer; its body is read when it is asked for. */
export class HttpInbound implements Inbound {
  readonly status: number;
  /** Of an encoding that is undone neither label nor length is left. */
  readonly headers: Headers;
  readonly #hasBody: boolean;
  readonly #intake: Intake;
  readonly #signal: AbortSignal;
  readonly #decoder: Decoder | undefined;
  #source: Source | undefined;
  #body: ReadableStream<Bytes> | null | undefined;

  constructor(head: Head, intake: Intake, { signal, undo }: Asker) {
    this.status = head.status;
    this.headers = Fields.of(head.fields);
    this.#hasBody = head.framing.kind !== "none";
    this.#intake = intake;
    this.#signal = signal;
    this.#decoder = this.#hasBody ? takeDecoder(this.headers, undo) : undefined;
  }

  get body(): ReadableStream<Bytes> | null {
    return this.#body ??= this.#hasBody ? this.#open().stream() : null;
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    if (this.#body?.locked === true) throw new TypeError("The body is being read already.");
    return await this.#open().arrayBuffer();
  }

  #open(): Source {
    return this.#source ??= this.#decoder?.(this.#intake.stream(), (error) => this.#explain(error)) ?? this.#intake;
  }

  #explain(error: unknown): unknown {
    if (this.#signal.aborted) return this.#signal.reason;
    return error instanceof TransportError ? error : new TransportError(error);
  }
}

/** What undoes the answer's encoding, where it has one, and only one, that is known; takes its label off. */
function takeDecoder(headers: Headers, undo: Undo): Decoder | undefined {
  const encoding = headers.get("content-encoding");
  if (encoding === null || headers.get("content-length") === "0") return undefined;
  const decoder = undo(encoding.trim().toLowerCase());
  if (decoder === undefined) return undefined;
  headers.delete("content-encoding");
  headers.delete("content-length");
  return decoder;
}
