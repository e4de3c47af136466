/**
 * Reads the ends of a JSON text whose middle is missing.
 *
 * JSON can be read from either end without guessing: going backwards from outside any string, a quote opens or closes
 * one exactly if an even number of backslashes stands before it. So what looks like usage inside a string, or deeper
 * down, is never taken for the real one.
 *
 * @module
 */

import { BACKSLASH, CLOSE_ARRAY, CLOSE_OBJECT, COMMA, OPEN_ARRAY, OPEN_OBJECT, QUOTE, SPACE } from "../../ascii.ts";
import { isEscaped, walk } from "../../json.ts";

/**
 * The complete members at the beginning of a cut object, as one JSON text; of a cut array, its complete items, each
 * as one.
 */
export function front(text: string): string[] {
  const start = text.search(/\S/);
  const commas: number[] = [];
  walk(text, start, (at, code) => code === COMMA && commas.push(at));
  const last = commas.at(-1);
  if (last === undefined) return [];
  if (text.charCodeAt(start) === OPEN_OBJECT) return [text.slice(start, last) + "}"];
  return commas.map((comma, index) => text.slice((commas[index - 1] ?? start) + 1, comma));
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

/** The quote that opens the string closed at `close`; -1 when it is cut. */
function quoteBefore(text: string, close: number): number {
  for (let at = close - 1; at >= 0; at--) {
    at = text.lastIndexOf('"', at);
    if (at < 0 || !isEscaped(text, at)) return at;
  }
  return -1;
}

function trimmed(text: string, end: number): number {
  while (end > 0 && text.charCodeAt(end - 1) <= SPACE) end--;
  return end;
}
