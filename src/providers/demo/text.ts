/**
 * Words as tokens, and numbers that follow from a text.
 *
 * @module
 */

/** A token is a word with the space before it; a word of more than 24 characters is several. */
const TOKEN = /\s*\S{1,24}|\s+$/gu;

/** The tokens of a text, which joined are the text. */
export function* tokens(text: string): Generator<string> {
  for (const match of text.matchAll(TOKEN)) yield match[0];
}

/** How many tokens a text has. */
export function count(text: string): number {
  const token = new RegExp(TOKEN);
  let found = 0;
  while (token.test(text)) found++;
  return found;
}

/** The first tokens of a text. */
export function first(text: string, limit: number): string {
  const token = new RegExp(TOKEN);
  let end = 0;
  for (let taken = 0; taken < limit && token.test(text); taken++) end = token.lastIndex;
  return text.slice(0, end);
}

/** The text cut to so many tokens, or said again until it has them. */
export function stretch(text: string, length: number): string {
  const size = count(text);
  if (size === 0 || size >= length) return first(text, length);
  const again = Array<string>(Math.ceil(length / size)).fill(text.trim());
  return first(again.join(" "), length);
}

/** A JSON value with a space after each comma and colon, so that its tokens are many. */
export function spaced(value: unknown): string {
  return JSON.stringify(value, null, 1).replace(/\n */g, " ");
}

/** A 32-bit number that follows from a text. */
export function hash(text: string, seed: number): number {
  let state = seed;
  for (let index = 0; index < text.length; index++) state = Math.imul(state ^ text.charCodeAt(index), 0x01000193);
  return scatter(state);
}

/** The next of a row of 32-bit numbers that look random. */
export function scatter(state: number): number {
  let mixed = state + 0x9e3779b9 | 0;
  mixed = Math.imul(mixed ^ mixed >>> 16, 0x85ebca6b);
  mixed = Math.imul(mixed ^ mixed >>> 13, 0xc2b2ae35);
  return (mixed ^ mixed >>> 16) >>> 0;
}

/** An identifier of 16 hexadecimal digits: the same text, the same identifier. */
export function identifier(text: string): string {
  return [0x811c9dc5, 0x2545f491].map((seed) => hash(text, seed).toString(16).padStart(8, "0")).join("");
}

/** What `lorem` says again and again. */
export const LOREM: string =
  "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et dolore " +
  "magna aliqua. Ut enim ad minim veniam, quis nostrud exercitation ullamco laboris nisi ut aliquip ex ea commodo " +
  "consequat.";
