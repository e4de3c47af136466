/**
 * Resume: a stream that breaks off in the middle goes on at another target, where that can be done truly.
 *
 * @module
 */
import { joined, NO_BYTES } from "../bytes.ts";
import type { Source } from "../flow.ts";
import { parsedJson } from "../json.ts";
import { events } from "../providers/wires/events.ts";
import type { Seam } from "../providers/wires/seams.ts";
import { faultIn } from "../providers/wires/speech.ts";
import { Splitter } from "../providers/wires/split.ts";
import type { Wire } from "../providers/wires/wire.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** The stream of another target. */
export interface Sequel {
  readonly source: Source;
  /** Whether it begins where the first one broke off; else it begins anew, and must begin as the first one did. */
  readonly isContinued: boolean;
}

/** Text of which no more is kept: an answer that is longer isn't continued. */
const MAX_TEXT = 1024 * 1024;

const decoder = new TextDecoder();

/**
 * A stream that its reader sees in whole events. Where its source breaks off, and all that it brought is plain text, the
 * rest of a sequel is put in its place; where that begins otherwise than the first one did, the break is told after all.
 *
 * @param sequel Asks the next target, given the text so far; `undefined` where there is none.
 */
export function resumed(
  first: Source,
  wire: Wire,
  seam: Seam,
  sequel: (text: string) => Promise<Sequel | undefined>,
): Source {
  const seamed = new Seamed(first, wire, seam, sequel);
  return { read: () => seamed.read(), cancel: (reason) => seamed.cancel(reason) };
}

class Seamed {
  #source: Source;
  readonly #wire: Wire;
  readonly #seam: Seam;
  readonly #sequel: (text: string) => Promise<Sequel | undefined>;
  #splitter = new Splitter();
  /** What the reader has, as text; `undefined` where there was more than text. */
  #text: string | undefined = "";
  /** Of that text, what a sequel that begins anew has not said yet. */
  #owed = "";
  #isSequel = false;
  #isContinued = false;
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;
  /** Why nothing more of this source is taken. */
  #broken: { readonly error: unknown } | undefined;
  /** The provider's own words on why it broke off. */
  #fault: Bytes | undefined;

  constructor(source: Source, wire: Wire, seam: Seam, sequel: (text: string) => Promise<Sequel | undefined>) {
    this.#source = source;
    this.#wire = wire;
    this.#seam = seam;
    this.#sequel = sequel;
  }

  async read(): Promise<Bytes | undefined> {
    while (!this.#isOver) {
      try {
        if (this.#broken !== undefined) throw this.#broken.error;
        const bytes = await this.#source.read();
        if (bytes === undefined) return this.#end();
        const passed = this.#passed(bytes);
        if (passed.byteLength > 0) return passed;
      } catch (error) {
        if (await this.#goesOn()) continue;
        this.#isOver = true;
        this.#failure = { error };
        if (this.#fault !== undefined) return this.#fault;
      }
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    return undefined;
  }

  cancel(reason: unknown): Promise<void> {
    this.#isOver = true;
    // One that has broken off already is as good as let go.
    return this.#source.cancel(reason).catch(() => {});
  }

  #end(): Bytes | undefined {
    // Nothing closed the last event.
    const rest = this.#pass(this.#splitter.rest());
    if (this.#owed !== "" && !this.#isContinued) {
      throw new Error("The sequel brings less than the first stream did.");
    }
    this.#isOver = true;
    return rest.byteLength > 0 ? rest : undefined;
  }

  /** Another target takes over. What has begun and isn't whole was not seen, and is forgotten. */
  async #goesOn(): Promise<boolean> {
    const text = this.#text;
    this.#source.cancel().catch(() => {});
    if (text === undefined || text === "" || this.#isOver) return false;
    const sequel = await this.#sequel(text);
    if (sequel === undefined) return false;
    // The client may have left meanwhile.
    if (this.#isOver) await sequel.source.cancel();
    this.#source = sequel.source;
    this.#splitter = new Splitter();
    this.#fault = this.#broken = undefined;
    this.#isSequel = true;
    this.#isContinued = sequel.isContinued;
    this.#owed = sequel.isContinued ? text.slice(text.trimEnd().length) : text;
    return true;
  }

  /** What the reader gets of a chunk: of its events all that come before one that can't be sewn. */
  #passed(bytes: Bytes): Bytes {
    const passed: Bytes[] = [];
    try {
      for (const event of this.#splitter.push(bytes)) passed.push(this.#pass(event));
    } catch (error) {
      this.#broken = { error };
    }
    return joined(passed);
  }

  /** What the reader gets of an event. */
  #pass(event: Bytes): Bytes {
    const text = decoder.decode(event);
    const [data = ""] = events(text);
    const document = parsedJson(data);
    if (document === undefined) return this.#owesNothing("") ? event : NO_BYTES;
    // Told only if nobody goes on.
    if (faultIn(this.#wire, document) !== undefined) return this.#fault = event, NO_BYTES;
    const added = this.#seam.text(document);
    if (!this.#isSequel) return this.#remember(added, document), event;
    if (added === undefined) throw new Error("The sequel brings more than text.");
    if (added === "" && this.#seam.isOpening(document)) return NO_BYTES;
    if (this.#owesNothing(added)) return this.#remember(added, document), event;
    const rest = added === "" ? "" : this.#pay(added);
    // What has no text of its own left may still say why the model stopped.
    if (rest === "" && (added === "" || this.#owed !== "")) return NO_BYTES;
    this.#remember(rest, document);
    return rewritten(text, data, this.#seam.withText(document, rest));
  }

  /** A sequel that goes on where the first one broke off owes no more than spaces, and only before a text. */
  #owesNothing(added: string): boolean {
    return this.#owed === "" || (this.#isContinued && added === "");
  }

  /** What a text brings beyond what the reader has. */
  #pay(text: string): string {
    const owed = this.#owed;
    const same = Math.min(owed.length, text.length);
    const isSame = owed.slice(0, same) === text.slice(0, same);
    if (!isSame && !this.#isContinued) throw new Error("The sequel brings other text.");
    this.#owed = isSame ? owed.slice(same) : "";
    return isSame ? text.slice(same) : text;
  }

  #remember(text: string | undefined, document: unknown): void {
    const isMore = text === undefined || this.#text === undefined || this.#seam.isClosing?.(document) === true;
    this.#text = isMore || this.#text!.length > MAX_TEXT ? undefined : this.#text + text;
  }
}

/** The event with other data; one whose data came in several lines has it in one. */
const rewritten = (event: string, data: string, document: unknown): Bytes => {
  const json = JSON.stringify(document);
  return new TextEncoder().encode(event.includes(data) ? event.replace(data, () => json) : `data: ${json}\n\n`);
};
