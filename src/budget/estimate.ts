/**
 * What a call will probably take, from what the same tenant's calls of the same model took.
 *
 * @module
 */

/** Tokens of one call. */
export interface Tokens {
  readonly input: number;
  readonly output: number;
}

/** What is known of a call before it is made. */
export interface Asked {
  /** Whose calls of which model are like it. */
  readonly kind: string;
  readonly size: Size;
  /** Tokens of output at most, as the caller says for one answer. */
  readonly cap: number | undefined;
  /** Answers that are asked for. */
  readonly answers: number;
}

/** Where nothing has been learned yet. */
const BYTES_PER_TOKEN = 4;
const OUTPUT = 1024;

/** Calls that are remembered, and how many it takes to learn from. */
const MOST_SAMPLES = 64;
const FEWEST_SAMPLES = 5;
const MOST_KINDS = 1000;

/** Nine of ten calls take no more than is expected of them. */
const QUANTILE = 0.9;

/** Data in base64, as of an image: models count it by what it shows, not by its length. */
const SHORTEST_DATA = 512;
const DATA_TOKENS = 2000;
const DATA_BYTES_PER_TOKEN = 64;

/** How large a request is. */
export interface Size {
  /** Bytes of its text. */
  readonly bytes: number;
  /** Tokens that the binary data in it can count, by an upper bound. */
  readonly data: number;
}

/** Measures a request in one pass; binary data in it is told apart from text. */
export function sizeOf(text: string): Size {
  let [bytes, data] = [0, 0];
  let run = 0;
  const end = (at: number) => {
    if (run >= SHORTEST_DATA && isData(text, at - run)) {
      data += Math.max(DATA_TOKENS, Math.ceil(run / DATA_BYTES_PER_TOKEN));
    } else bytes += run;
    run = 0;
  };
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x80 && IS_DATA[code] === 1) {
      run++;
      continue;
    }
    if (run > 0) end(at);
    // Half a character takes two of the four bytes that the whole one has in UTF-8.
    bytes += code < 0x80 ? 1 : code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 2 : 3;
  }
  end(text.length);
  return { bytes, data };
}

/** Whether what follows is said to be data: a long word may be text, too, and then each of its bytes can be a token. */
const isData = (text: string, start: number): boolean =>
  /;base64,$|"(?:data|bytes|file_data|image|audio)"\s*:\s*"$/.test(text.slice(Math.max(0, start - 32), start));

/** What base64 is written in, either kind of it, by the code of the character. */
const IS_DATA: Uint8Array = Uint8Array.from(
  { length: 128 },
  (_, code) => /[\w+/-]/.test(String.fromCharCode(code)) ? 1 : 0,
);

/** Learns from each call what the next like it takes. Knows the calls of one process. */
export class Estimates {
  readonly #kinds = new Map<string, Kind>();

  /** What a call like this usually takes. */
  likely(asked: Asked): Tokens {
    const known = this.#kinds.get(asked.kind);
    return expected(asked, known?.tokensPerByte, known?.output);
  }

  /** What is expected of a call while nothing has been learned. */
  guess(asked: Asked): Tokens {
    return expected(asked);
  }

  /** What a call can take at most: no token of text is less than a byte. */
  most({ size: { bytes, data }, cap = Infinity, answers }: Asked, maxOutput: number): Tokens {
    return { input: bytes + data, output: (cap === Infinity ? maxOutput : cap) * answers };
  }

  /** What a call took. */
  learn({ kind, size: { bytes, data }, answers }: Asked, { input, output }: Tokens): void {
    let known = this.#kinds.get(kind);
    if (known === undefined) {
      if (this.#kinds.size >= MOST_KINDS) this.#kinds.clear();
      this.#kinds.set(kind, known = new Kind());
    }
    known.add(bytes > 0 && data === 0 ? input / bytes : undefined, output / answers);
  }
}

const expected = (
  { size: { bytes, data }, cap = Infinity, answers }: Asked,
  tokensPerByte: number = 1 / BYTES_PER_TOKEN,
  output: number = OUTPUT,
): Tokens => ({ input: Math.ceil(bytes * tokensPerByte) + data, output: Math.ceil(Math.min(output, cap) * answers) });

/** Calls that are alike. */
class Kind {
  readonly #ratios: number[] = [];
  readonly #outputs: number[] = [];

  add(ratio: number | undefined, output: number): void {
    if (ratio !== undefined) push(this.#ratios, ratio);
    push(this.#outputs, output);
  }

  get tokensPerByte(): number | undefined {
    return quantile(this.#ratios);
  }

  get output(): number | undefined {
    return quantile(this.#outputs);
  }
}

function push(samples: number[], sample: number): void {
  if (samples.length >= MOST_SAMPLES) samples.shift();
  samples.push(sample);
}

function quantile(samples: readonly number[]): number | undefined {
  if (samples.length < FEWEST_SAMPLES) return undefined;
  return [...samples].sort((one, other) => one - other)[Math.ceil(samples.length * QUANTILE) - 1];
}
