/**
 * Patterns with stars.
 *
 * @module
 */
import { recalled } from "./recall.ts";

/** Whether a text is as a pattern says, in which `*` stands for any characters. Takes no longer for a hostile pattern. */
export function isLike(text: string, pattern: string): boolean {
  const { first, middle, last, isExact } = parts(pattern);
  if (isExact) return text === pattern;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  const end = text.length - last.length;
  for (const part of middle) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

const parts = recalled((pattern) => {
  const [first = "", ...rest] = pattern.split("*");
  return { first, middle: rest.slice(0, -1), last: rest.at(-1) ?? "", isExact: rest.length === 0 };
});
