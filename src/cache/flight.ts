/**
 * One answer on its way for several readers. It is read once, at the pace of the fastest of them, and each hears it from
 * its first byte.
 *
 * @module
 */
import type { Source } from "../flow.ts";
import type { Chunk, Head } from "./record.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What a flight came to. */
export type Landing = { readonly kind: "whole" } | { readonly kind: "failed"; readonly error: unknown };

/** An answer that is being fetched. All reading of its source happens where the fetch was begun: some runtimes insist on it. */
export class Flight {
  /** Resolves when the answer's head is there; `undefined` where none will come for others. */
  readonly head: Promise<Head | undefined>;
  /** Resolves when there is nothing more to come. */
  readonly landed: Promise<Landing>;
  readonly #maxBytes: number;
  readonly #deserted: (reason: unknown) => void;
  #head: Head | undefined;
  #tellHead = (_: Head | undefined) => {};
  #tellLanding = (_: Landing) => {};
  #landing: Landing | undefined;
  #source: Source | undefined;
  #began = performance.now();
  #size = 0;
  /** Chunks that somebody may still have to hear, and the number of the first of them. */
  #chunks: Chunk[] = [];
  #first = 0;
  readonly #readers = new Set<{ at: number }>();
  #waiting: (() => void)[] = [];
  #isWanted = false;
  #wanted = () => {};

  /**
   * @param maxBytes Bytes up to which all of it is held, and others can join.
   * @param deserted Called each time that the last reader has left before the end.
   */
  constructor(maxBytes: number, deserted: (reason: unknown) => void) {
    this.#maxBytes = maxBytes;
    this.#deserted = deserted;
    this.head = new Promise((resolve) => this.#tellHead = resolve);
    this.landed = new Promise((resolve) => this.#tellLanding = resolve);
  }

  /** The answer's head, if it is there already. */
  get headNow(): Head | undefined {
    return this.#head;
  }

  /** Who reads it, or waits to. */
  get readers(): number {
    return this.#readers.size;
  }

  /** Whether there is nothing more to come. */
  get hasLanded(): boolean {
    return this.#landing !== undefined;
  }

  /** All of it so far; `undefined` where it is too large to be held. */
  get chunks(): readonly Chunk[] | undefined {
    return this.#size <= this.#maxBytes ? this.#chunks : undefined;
  }

  /** The answer is here in one piece. */
  bring(head: Head, bytes: Bytes): void {
    this.#tellHead(this.#head = head);
    this.#push(bytes);
    this.land({ kind: "whole" });
  }

  /** The answer streams. Each chunk is asked for when somebody has heard all before it. Never rejects. */
  async fly(head: Head, source: Source): Promise<void> {
    this.#source = source;
    this.#began = performance.now();
    this.#tellHead(this.#head = head);
    try {
      while (await this.#isDue()) {
        const bytes = await source.read();
        if (bytes === undefined) return this.land({ kind: "whole" });
        this.#push(bytes);
      }
    } catch (error) {
      this.land({ kind: "failed", error });
    }
  }

  /** Nothing comes of it, or nothing more. */
  land(landing: Landing): void {
    if (this.hasLanded) return;
    this.#landing = landing;
    this.#tellHead(undefined);
    this.#tellLanding(landing);
    this.#wake();
  }

  /** Nobody wants the rest. */
  abandon(reason: unknown): void {
    if (this.hasLanded) return;
    this.land({ kind: "failed", error: reason });
    this.#source?.cancel(reason).catch(() => {});
  }

  /**
   * Reads all of it, from the first byte; from here on it counts as a reader.
   *
   * @param wait How it waits for the next chunk.
   */
  reader(wait: (next: Promise<void>) => Promise<void> = (next) => next): Source {
    const place = { at: this.#first };
    this.#readers.add(place);
    let left: { readonly reason: unknown } | undefined;
    return {
      read: async () => {
        for (;;) {
          if (left !== undefined) throw left.reason;
          const chunk = this.#chunks[place.at - this.#first];
          if (chunk !== undefined) {
            place.at++;
            this.#trim();
            return chunk.bytes;
          }
          if (this.#landing !== undefined) this.#readers.delete(place);
          if (this.#landing?.kind === "failed") throw this.#landing.error;
          if (this.#landing !== undefined) return undefined;
          await wait(this.#next());
        }
      },
      cancel: async (reason) => {
        if (!this.#readers.delete(place)) return;
        left = { reason };
        this.#wake();
        this.#wanted();
        if (this.readers === 0 && !this.hasLanded) this.#deserted(reason);
      },
    };
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#isWanted = true;
      this.#wanted();
    });
  }

  #push(bytes: Bytes): void {
    this.#size += bytes.byteLength;
    this.#chunks.push({ bytes, atMs: performance.now() - this.#began });
    this.#wake();
  }

  /** What is too large to be held is let go of as soon as all have heard it. */
  #trim(): void {
    if (this.chunks !== undefined) return;
    const heard = Math.min(...[...this.#readers].map(({ at }) => at));
    this.#chunks.splice(0, heard - this.#first);
    this.#first = heard;
  }

  /** Waits until a chunk is asked for; by the slowest reader, where what the others have heard can't be held. */
  async #isDue(): Promise<boolean> {
    const end = () => this.#first + this.#chunks.length;
    const isDue = () =>
      this.#isWanted && (this.chunks !== undefined || [...this.#readers].every(({ at }) => at === end()));
    while (!this.hasLanded && !isDue()) await new Promise<void>((resolve) => this.#wanted = resolve);
    this.#isWanted = false;
    return !this.hasLanded;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const tell of waiting) tell();
    if (this.hasLanded) this.#wanted();
  }
}
