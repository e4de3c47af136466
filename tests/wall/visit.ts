/**
 * One request as the wall received it, and what became of it.
 *
 * @module
 */
import type { Arrival } from "./intake.ts";
import type { Dialect, Fields } from "./dialects/dialect.ts";
import type { Wanted } from "./dialects/table.ts";

/** One request as the wall received it, and what became of it. */
export class Visit {
  /** As the request names it: a fault, and after a full stop whatever tells it from others. */
  readonly model: string;
  /** What the wall does. */
  readonly fault: string;
  /** From 1, among the visits of its ticket to its model. */
  readonly number: number;
  readonly dialect: Dialect;
  readonly isStream: boolean;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Fields;
  /** When it came, on the monotonic clock. */
  readonly startedAt: number = performance.now();
  /** When the wall was through with it. */
  endedAt: number | undefined;
  /** When the gateway hung up, if it did so before the wall was through. */
  leftAt: number | undefined;
  /** Bytes of the answer's body that went out. */
  sentBytes = 0;
  readonly #sent: Buffer[] = [];

  constructor(wanted: Wanted, arrival: Arrival, body: Fields, number: number) {
    this.model = wanted.model;
    this.fault = wanted.model.split(".")[0] ?? "";
    this.number = number;
    this.dialect = wanted.dialect;
    this.isStream = wanted.isStream;
    this.headers = arrival.headers;
    this.body = body;
  }

  /** The answer's body so far, without its framing; of a long one the beginning. */
  get sent(): Buffer {
    return Buffer.concat(this.#sent);
  }

  /** Puts down what went out. */
  put(bytes: Buffer): void {
    this.sentBytes += bytes.length;
    if (this.sentBytes < 1 << 20) this.#sent.push(bytes);
  }
}
