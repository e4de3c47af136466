/**
 * Log: one record for each call.
 *
 * @module
 */
import type { Call } from "../call.ts";
import type { Journal } from "../logs/journal.ts";
import { gathered, type LogRecord, logRecord, type Payload } from "../logs/record.ts";
import type { Middleware } from "../middleware.ts";
import { DEFAULT_POLICY, type Policy } from "../routing/policy.ts";

/** Options of {@link log}. */
export interface LogOptions {
  readonly journal?: Journal | undefined;
  /** Gets each record as one line of JSON, without the bodies. */
  readonly line?: ((text: string) => void) | undefined;
  /** What the gateway itself says about collecting. */
  readonly policy?: Policy;
}

/** Of each body, at most this much is kept. */
const MAX_PAYLOAD_BYTES = 256 * 1024;

/** Writes the call's record once everything about it is known. `cf-aig-collect-log: false` leaves none. */
export function log({ journal, line, policy = DEFAULT_POLICY }: LogOptions): Middleware {
  if (journal === undefined && line === undefined) return (call, next) => next(call);
  return (call, next) => {
    const answer = new Recorder(journal !== undefined);
    call.watch(answer);
    call.settle((trip) => {
      const facts = gathered(trip.facts);
      const { collectsLog, collectsPayload } = facts.planned?.policy ?? policy;
      if (!collectsLog) return;
      const payload = collectsPayload ? answer.payload(call) : undefined;
      const record = logRecord(trip, facts, { answerBytes: answer.bytes, payload });
      line?.(logLine(record));
      return journal?.append(record);
    });
    return next(call);
  };
}

/** The record as one line of JSON: control characters are escaped, bodies left out. */
export function logLine(record: LogRecord): string {
  return JSON.stringify({ ...record, payload: undefined });
}

/** Keeps references to the answer's bytes, never copies. */
class Recorder {
  bytes = 0;
  readonly #keeps: boolean;
  readonly #kept: Uint8Array<ArrayBuffer>[] = [];
  #room = MAX_PAYLOAD_BYTES;

  constructor(keeps: boolean) {
    this.#keeps = keeps;
  }

  chunk(bytes: Uint8Array<ArrayBuffer>): void {
    this.bytes += bytes.byteLength;
    if (!this.#keeps || this.#room <= 0) return;
    const kept = bytes.byteLength <= this.#room ? bytes : bytes.slice(0, this.#room);
    this.#room -= kept.byteLength;
    this.#kept.push(kept);
  }

  payload({ body }: Call): Payload {
    const sent = body.kind === "json" ? body.json.bytes : undefined;
    return {
      request: sent !== undefined && sent.byteLength > MAX_PAYLOAD_BYTES ? sent.slice(0, MAX_PAYLOAD_BYTES) : sent,
      answer: this.#kept,
      isCut: MAX_PAYLOAD_BYTES - this.#room < this.bytes || (sent?.byteLength ?? 0) > MAX_PAYLOAD_BYTES,
    };
  }
}
