/**
 * Reads the ends of a JSON text whose middle is missing.
 *
 * JSON can be read from either end without guessing: going backwards from outside any string, a quote opens or closes
 * one exactly if an even number of backslashes stands before it. So what looks like usage inside a string, or deeper
 * down, is never taken for the real one.
 *
 * @module
 */

const SPACE = 0x20, QUOTE = 0x22, COMMA = 0x2c, BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b, CLOSE_ARRAY = 0x5d, OPEN_OBJECT = 0x7b, CLOSE_OBJECT = 0x7d;

/**
 * The complete members at the beginning of a cut object, as one JSON text; of a cut array, its complete items, each
 * as one.
 */
export function front(text: string): string[] {
  const start = skipped(text, 0);
  const isArray = text.charCodeAt(start) === OPEN_ARRAY;
  const commas = topCommas(text, start);
  const last = commas[commas.length - 1];
  if (last === undefined) return [];
  if (!isArray) return [text.slice(start, last) + "}"];
  return commas.map((comma, index) => text.slice(index === 0 ? start + 1 : (commas[index - 1] ?? 0) + 1, comma));
}

/**
 * The complete members at the end of a cut object, as one JSON text; of a cut array, its complete items, each as
 * one, after what is left of the item that the cut goes through. Where the answer `isWrapped`, the cut may go through
 * an object one level down, whose members at its end come first.
 */
export function back(text: string, isWrapped: boolean): string[] {
  const end = trimmed(text, text.length);
  const starts = startsBackwards(text, end);
  const first = starts.at(-1);
  const isArray = text.charCodeAt(end - 1) === CLOSE_ARRAY;
  const within = isArray || isWrapped ? members(text, trimmed(text, first ?? end - 1)) : [];
  if (first === undefined) return within;
  if (!isArray) return [...within, `{${text.slice(first + 1, end)}`];
  const items = starts.map((start, index) => text.slice(start + 1, index === 0 ? end - 1 : starts[index - 1]));
  return [...within, ...items.reverse()];
}

/** The complete members of the cut object that ends at `end`. */
function members(text: string, end: number): string[] {
  const first = text.charCodeAt(end - 1) === CLOSE_OBJECT ? startsBackwards(text, end).at(-1) : undefined;
  return first === undefined ? [] : [`{${text.slice(first + 1, end)}`];
}

/** Commas of the container that opens at `start`, first to last, as far as the text goes. */
function topCommas(text: string, start: number): number[] {
  const commas: number[] = [];
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = quoteAfter(text, at);
        break;
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        depth++;
        break;
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        if (--depth <= 0) return commas;
        break;
      case COMMA:
        if (depth === 1) commas.push(at);
    }
  }
  return commas;
}

/**
 * What stands before each part of the container that ends at `end`, last to first: commas, and its opening bracket
 * if the text goes back that far. Nothing where the text can't be JSON.
 */
function startsBackwards(text: string, end: number): number[] {
  const starts: number[] = [];
  let depth = 0;
  for (let at = end - 1; at >= 0; at--) {
    const code = text.charCodeAt(at);
    if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
      depth++;
    } else if (depth === 0) {
      return [];
    } else if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      if (--depth === 0) return [...starts, at];
    } else if (code === COMMA) {
      if (depth === 1) starts.push(at);
    } else if (code === QUOTE) {
      at = quoteBefore(text, at);
    } else if (code === BACKSLASH) {
      return starts; // what the cut left of a run of them within a string; anything else will not parse
    }
  }
  return starts;
}

/** The quote that closes the string opened at `open`; the text's end when it is cut. */
function quoteAfter(text: string, open: number): number {
  for (let at = text.indexOf('"', open + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    if (!isEscaped(text, at)) return at;
  }
  return text.length;
}

/** The quote that opens the string closed at `close`; -1 when it is cut. */
function quoteBefore(text: string, close: number): number {
  for (let at = close - 1; at >= 0; at--) {
    at = text.lastIndexOf('"', at);
    if (at < 0 || !isEscaped(text, at)) return at;
  }
  return -1;
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes++;
  return slashes % 2 === 1;
}

function skipped(text: string, at: number): number {
  while (at < text.length && text.charCodeAt(at) <= SPACE) at++;
  return at;
}

function trimmed(text: string, end: number): number {
  while (end > 0 && text.charCodeAt(end - 1) <= SPACE) end--;
  return end;
}
