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
  const records = new Map<string, LogRecord>();
  const withPayload = new Map<string, number>();
  let payloadBytes = 0;
  const forget = (id: string) => {
    payloadBytes -= withPayload.get(id) ?? 0;
    withPayload.delete(id);
  };
  const makeRoom = () => {
    for (const [id] of withPayload) {
      if (payloadBytes <= maxPayloadBytes) return;
      forget(id);
      records.set(id, { ...records.get(id)!, payload: undefined });
    }
  };
  return {
    append(record) {
      records.set(record.id, record);
      if (record.payload !== undefined) {
        withPayload.set(record.id, bytesOf(record));
        payloadBytes += bytesOf(record);
        makeRoom();
      }
      if (records.size > maxRecords) {
        const [oldest] = records.keys();
        forget(oldest!);
        records.delete(oldest!);
      }
    },
    get: (id) => records.get(id),
    list: (limit = maxRecords) => [...records.values()].reverse().slice(0, limit),
  };
}

function bytesOf({ payload }: LogRecord): number {
  const answer = payload?.answer.reduce((sum, bytes) => sum + bytes.byteLength, 0) ?? 0;
  return answer + (payload?.request?.byteLength ?? 0);
}
