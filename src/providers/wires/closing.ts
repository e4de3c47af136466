/**
 * A proper end for a stream that the gateway itself stops in the middle: the client hears that the answer was cut for
 * its length, in the words of the format.
 *
 * @module
 */
import { joined, NO_BYTES } from "../../bytes.ts";
import { field, parsedJson } from "../../json.ts";
import type { WireId } from "../provider.ts";
import { DONE, ENDINGS } from "./endings.ts";
import { events } from "./events.ts";
import { Pieces } from "./pieces.ts";
import { faultIn } from "./speech.ts";
import { WIRES } from "./table.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Stands between a stream and its client, and knows at any time how the stream could end. */
export interface Closer {
  /** Takes the next bytes, and gives what the client may have now: up to the end of the last whole event. */
  pass(bytes: Bytes): Bytes;
  /** What was held back, for a stream that ends by itself. */
  rest(): Bytes;
  /** What ends the stream here, in place of the rest; nothing where it has ended, told an error, or hasn't begun. */
  end(): Bytes;
}

/** A closer for one stream; `undefined` where a format's streams can't be ended from outside, as binary ones can't. */
export function closer(wire: WireId): Closer | undefined {
  const ending = ENDINGS[wire]?.();
  if (ending === undefined) return undefined;
  const pieces = new Pieces();
  const decoder = new TextDecoder();
  let form: Form | undefined;
  let isClosed = false;
  let isFailed = false;
  return {
    pass(bytes) {
      const whole = pieces.push(bytes);
      for (const piece of whole) {
        const text = decoder.decode(piece).trim();
        form ??= formOf(text);
        isClosed ||= form === "list" && text === "]";
        for (const document of documentsIn(text, form)) {
          ending.heed(document);
          isFailed ||= faultIn(WIRES[wire], document) !== undefined;
        }
      }
      return joined(whole);
    },
    rest: () => pieces.rest(),
    end() {
      if (form === undefined || isClosed) return NO_BYTES;
      return new TextEncoder().encode(WRITTEN[form](isFailed ? [] : ending.missing()));
    },
  };
}

/** What a stream is made of. */
type Form = "events" | "lines" | "list";

function formOf(text: string): Form | undefined {
  if (text.startsWith("[")) return "list";
  if (text.startsWith("{")) return "lines";
  return text === "" ? undefined : "events";
}

function documentsIn(text: string, form: Form | undefined): readonly unknown[] {
  if (form !== "events") return [parsedJson(text.replace(/^[[,]/, ""))];
  return events(text.replace(/\r\n?/g, "\n")).map((data) => data === DONE ? DONE : parsedJson(data));
}

/** The first of the missing documents of a list follows one that is there: a list begins with its first. */
const WRITTEN: Readonly<Record<Form, (missing: readonly unknown[]) => string>> = {
  events: (missing) => missing.map(event).join(""),
  lines: (missing) => missing.map((document) => `${JSON.stringify(document)}\n`).join(""),
  list: (missing) => `${missing.map((document) => `,${JSON.stringify(document)}`).join("")}]`,
};

/** Who names a document's type names the event by it. */
function event(document: unknown): string {
  const type = field(document, "type");
  const data = document === DONE ? DONE : JSON.stringify(document);
  return `${typeof type === "string" ? `event: ${type}\n` : ""}data: ${data}\n\n`;
}
