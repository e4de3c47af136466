/**
 * Work that is done once for what comes again and again. Pure, but for what it remembers.
 *
 * @module
 */

/** Results that are kept. What they are of comes from outside, so there is an end to it. */
const MOST = 512;
/** Characters of a text whose result is kept. */
const LONGEST = 1024;

/**
 * The same function, that works the same text out once. It keeps 512 results of texts of at most 1024 characters, and
 * forgets them all when one more comes. What it throws it does not keep.
 */
export function recalled<Result extends NonNullable<unknown>>(
  work: (text: string) => Result,
): (text: string) => Result {
  const known = new Map<string, Result>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const result = work(text);
    if (text.length > LONGEST) return result;
    if (known.size >= MOST) known.clear();
    known.set(text, result);
    return result;
  };
}

/** The same function, that keeps its last result: many calls come in one millisecond. */
export function lastRecalled<Result>(work: (now: number) => Result): (now: number) => Result {
  let last: { readonly now: number; readonly result: Result } | undefined;
  return (now) => (last?.now === now ? last : last = { now, result: work(now) }).result;
}
