/**
 * Reads usage and model off an answer while it goes by, for next to nothing: bytes are kept, from its beginning and its
 * end, and looked at once when it is over.
 *
 * @module
 */
import { parsedJson } from "../../json.ts";
import { back, front } from "./edges.ts";
import { events } from "./events.ts";
import { latest } from "./fields.ts";
import { frames } from "./frames.ts";
import { type Kept, narrower, Window } from "./window.ts";
import type { Told, Wire } from "./wire.ts";

/** Watches one answer. */
export interface UsageReader {
  /** Takes the next bytes. */
  chunk(bytes: Uint8Array): void;
  /** What the answer told so far. */
  read(): Told;
}

const decoder = new TextDecoder();
const NOTHING: Told = { usage: undefined, model: undefined, costUsd: undefined };
const DEAF: UsageReader = { chunk() {}, read: () => NOTHING };

/**
 * A reader of one answer. It never throws and never holds more than 80 KiB, however long the answer and however small
 * its chunks.
 *
 * @param contentType The answer's header: what is neither JSON nor events (audio, images) is not even watched.
 */
export function usageReader(wire: Wire, contentType: string): UsageReader {
  const form = formOf(contentType.toLowerCase());
  if (form === undefined) return DEAF;
  const window = new Window();
  return {
    chunk: (bytes) => window.push(bytes),
    read: () => toldBy(window.kept(), form, wire),
  };
}

/** What an answer told that is one JSON document and here as a whole, given that document as well. */
export function toldByWhole(wire: Wire, bytes: Uint8Array<ArrayBuffer>, document: unknown): Told {
  if (!Array.isArray(document)) return toldIn(wire, document);
  const reader = usageReader(wire, "application/json");
  reader.chunk(bytes);
  return reader.read();
}

function toldIn(wire: Wire, document: unknown): Told {
  const usage = wire.fold === undefined ? wire.usage(document) : wire.fold([document]);
  return { usage, model: wire.model(document), costUsd: wire.costUsd?.(document) };
}

/**
 * The last event, or the last members, nearly always tell everything, so a few kilobytes are looked at before all of
 * them. Not where a stream tells its usage in parts.
 */
function toldBy(kept: Kept, form: Form, wire: Wire): Told {
  const narrow = wire.fold === undefined ? narrower(kept, 1024, 4096) : undefined;
  const first = narrow && told(wire, texts(narrow, form, wire));
  return first?.usage !== undefined && first.model !== undefined ? first : told(wire, texts(kept, form, wire));
}

/** How documents follow each other: binary frames, lines, or whatever the first character says. */
type Form = "frames" | "lines" | "text";

function formOf(contentType: string): Form | undefined {
  if (contentType.startsWith("application/json") || contentType.startsWith("text/event-stream")) return "text";
  if (contentType.includes("amazon.eventstream")) return "frames";
  if (/ndjson|jsonl|json-lines|json-seq/.test(contentType)) return "lines";
  return /^(audio|image|video|font|multipart)\/|octet-stream|pdf|zip/.test(contentType) ? undefined : "text";
}

/** Texts of the documents that were kept, in order; some may be no JSON. */
function texts({ head, tail }: Kept, form: Form, wire: Wire): string[] {
  if (form === "frames") return [...frames(head), ...(tail === undefined ? [] : frames(tail))];
  const start = decoder.decode(head);
  const end = tail && decoder.decode(tail);
  const isJson = /^\s*[[{]/.test(start);
  if (isJson && form === "text") return ofJson(start, end, wire);
  return ofStream(start, end, isJson ? lines : events, wire);
}

const lines = (text: string) => text.split("\n");

function ofJson(start: string, end: string | undefined, wire: Wire): string[] {
  if (end !== undefined) return [...front(start), ...back(end, wire.isWrapped === true)];
  if (start.includes("}\n{") || start.includes("}\r\n{")) return lines(start);
  const ends = start.trimStart().slice(0, 1) + start.trimEnd().slice(-1);
  return ends === "{}" || ends === "[]" ? [start] : front(start);
}

/** The document that the window cuts into comes first in `end`, without its beginning. */
function ofStream(start: string, end: string | undefined, split: (text: string) => string[], wire: Wire): string[] {
  if (end === undefined) return split(start);
  const newline = end.indexOf("\n");
  const cut = newline < 0 ? end : end.slice(0, newline);
  return [...split(start), ...back(cut, wire.isWrapped === true), ...split(newline < 0 ? "" : end.slice(newline + 1))];
}

function told(wire: Wire, texts: readonly string[]): Told {
  const marked = texts.filter((text) => text.includes(wire.mark));
  const documents = wire.fold === undefined ? lastTelling(wire, marked) : marked.flatMap(documentsIn);
  return {
    usage: wire.fold?.(documents) ?? latest(documents, wire.usage),
    model: latest(documents, wire.model) ?? earliest(texts, wire.model),
    costUsd: wire.costUsd && latest(documents, wire.costUsd),
  };
}

/** The last document that tells usage, without parsing what comes before it. */
function lastTelling(wire: Wire, texts: readonly string[]): readonly unknown[] {
  for (let index = texts.length - 1; index >= 0; index--) {
    const documents = documentsIn(texts[index] ?? "");
    if (latest(documents, wire.usage) !== undefined) return documents;
  }
  return [];
}

/** From the first documents, where a model is named if it is. */
function earliest<Fact>(texts: readonly string[], look: (document: unknown) => Fact | undefined): Fact | undefined {
  for (const text of texts.slice(0, 4)) {
    const fact = latest(documentsIn(text), look);
    if (fact !== undefined) return fact;
  }
  return undefined;
}

/** A streamed array is as many documents as it has items. */
function documentsIn(text: string): readonly unknown[] {
  const value = parsedJson(text);
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}
