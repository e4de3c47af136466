/**
 * Codes of the characters that JSON and event streams are made of.
 *
 * @module
 */

/** White space. */
export const TAB = 0x09, NEWLINE = 0x0a, RETURN = 0x0d, SPACE = 0x20;
/** What divides, and what escapes. */
export const QUOTE = 0x22, COMMA = 0x2c, COLON = 0x3a, BACKSLASH = 0x5c;
/** Brackets. */
export const OPEN_ARRAY = 0x5b, CLOSE_ARRAY = 0x5d, OPEN_OBJECT = 0x7b, CLOSE_OBJECT = 0x7d;

/** Whether JSON lets a character stand between two others. */
export const isSpace = (code: number | undefined): boolean =>
  code === SPACE || code === NEWLINE || code === RETURN || code === TAB;
