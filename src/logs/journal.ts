/**
 * Where log records go: a port, and one in memory.
 *
 * @module
 */
import type { LogRecord } from "./record.ts";

/** Takes log records. What `append` throws is dropped: a log never costs a client its answer. */
export interface Journal {
  append(record: LogRecord): Promise<void> | void;
}

/** A journal that can be read back. */
export interface MemoryJournal extends Journal {
  get(id: string): LogRecord | undefined;
  /** Newest first. */
  list(limit?: number): readonly LogRecord[];
}

/** Caps of {@link memoryJournal}. */
export interface MemoryJournalOptions {
  readonly maxRecords?: number;
  /** Bytes of all kept bodies together; the oldest bodies go first, their records stay. */
  readonly maxPayloadBytes?: number;
}

/** Keeps the newest records of one process. */
export function memoryJournal(
  { maxRecords = 1000, maxPayloadBytes = 32 * 1024 * 1024 }: MemoryJournalOptions = {},
): MemoryJournal {
  /** A ring: record number `n` of all that ever came lies at `n % maxRecords`. */
  const ring: LogRecord[] = [];
  let count = 0;
  /** Number of the oldest record that may still have its bodies. */
  let oldestBodies = 0;
  let payloadBytes = 0;
  const at = (number: number): number => number % maxRecords;
  const dropBodies = (number: number) => {
    const record = ring[at(number)]!;
    payloadBytes -= bytesOf(record);
    ring[at(number)] = { ...record, payload: undefined };
  };
  return {
    append(record) {
      const overwritten = ring[at(count)];
      if (overwritten !== undefined && count - oldestBodies >= maxRecords) {
        oldestBodies++;
        payloadBytes -= bytesOf(overwritten);
      }
      ring[at(count++)] = record;
      payloadBytes += bytesOf(record);
      while (payloadBytes > maxPayloadBytes) dropBodies(oldestBodies++);
    },
    get: (id) => ring.find((record) => record.id === id),
    list: (limit = maxRecords) =>
      Array.from({ length: Math.min(limit, ring.length) }, (_, back) => ring[at(count - 1 - back)]!),
  };
}

function bytesOf({ payload }: LogRecord): number {
  const answer = payload?.answer.reduce((sum, bytes) => sum + bytes.byteLength, 0) ?? 0;
  return answer + (payload?.request?.byteLength ?? 0);
}
