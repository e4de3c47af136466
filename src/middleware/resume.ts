/**
 * Resume: a stream that breaks off in the middle goes on at another target, where that can be done truly.
 *
 * @module
 */
import { joined, NO_BYTES } from "../bytes.ts";
import type { Source } from "../flow.ts";
import { parsedJson } from "../json.ts";
import { look } from "../providers/wires/fields.ts";
import { events } from "../providers/wires/events.ts";
import type { Seam } from "../providers/wires/seams.ts";
import { Splitter } from "../providers/wires/split.ts";

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
export function resumed(first: Source, seam: Seam, sequel: (text: string) => Promise<Sequel | undefined>): Source {
  const seamed = new Seamed(first, seam, sequel);
  return { read: () => seamed.read(), cancel: (reason) => seamed.cancel(reason) };
}

class Seamed {
  #source: Source;
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
  /** The provider's own words on why it broke off. */
  #fault: Bytes | undefined;

  constructor(source: Source, seam: Seam, sequel: (text: string) => Promise<Sequel | undefined>) {
    this.#source = source;
    this.#seam = seam;
    this.#sequel = sequel;
  }

  async read(): Promise<Bytes | undefined> {
    while (!this.#isOver) {
      try {
        const bytes = await this.#source.read();
        if (bytes === undefined) return this.#end();
        const passed = joined(this.#splitter.push(bytes).map((event) => this.#pass(event)));
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
    return this.#source.cancel(reason);
  }

  #end(): Bytes | undefined {
    if (this.#owed !== "") throw new Error("The sequel ended before it had said what the first stream did.");
    this.#isOver = true;
    const rest = this.#splitter.rest();
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
    this.#fault = undefined;
    this.#isSequel = true;
    this.#isContinued = sequel.isContinued;
    this.#owed = sequel.isContinued ? text.slice(text.trimEnd().length) : text;
    return true;
  }

  /** What the reader gets of an event. */
  #pass(event: Bytes): Bytes {
    const text = decoder.decode(event);
    const [data = ""] = events(text);
    const document = parsedJson(data);
    if (document === undefined) return this.#owed === "" ? event : NO_BYTES;
    // Told only if nobody goes on.
    if (look(document, "error") !== undefined) return this.#fault = event, NO_BYTES;
    const added = this.#seam.text(document);
    if (!this.#isSequel) return this.#remember(added, document), event;
    if (this.#seam.isOpening(document)) return NO_BYTES;
    if (added === undefined) throw new Error("The sequel brings more than text.");
    if (this.#owed === "") return this.#remember(added, document), event;
    const rest = added === "" ? "" : this.#pay(added);
    if (rest === "") return NO_BYTES;
    this.#remember(rest, document);
    return new TextEncoder().encode(text.replace(data, () => JSON.stringify(this.#seam.withText(document, rest))));
  }

  /** What a text brings beyond what the reader has. */
  #pay(text: string): string {
    const owed = this.#owed;
    const same = Math.min(owed.length, text.length);
    const isSame = owed.slice(0, same) === text.slice(0, same);
    if (!isSame && !this.#isContinued) throw new Error("The sequel begins otherwise than the first stream did.");
    this.#owed = isSame ? owed.slice(same) : "";
    return isSame ? text.slice(same) : text;
  }

  #remember(text: string | undefined, document: unknown): void {
    const isMore = text === undefined || this.#text === undefined || this.#seam.isClosing?.(document) === true;
    this.#text = isMore || this.#text!.length > MAX_TEXT ? undefined : this.#text + text;
  }
}
