/**
 * "Did you mean ...?" Pure.
 *
 * @module
 */

/** The word that was probably meant: few enough slips away, or begun with what was typed; `undefined` if none is. */
export function nearest(typed: string, known: Iterable<string>): string | undefined {
  const word = typed.toLowerCase().slice(0, 64);
  let best: string | undefined;
  let fewest = 1 + Math.max(1, Math.floor(word.length / 3));
  for (const name of known) {
    const slips = word.length > 2 && name.toLowerCase().startsWith(word) ? 1 : distance(word, name.toLowerCase());
    if (slips < fewest) [best, fewest] = [name, slips];
  }
  return best;
}

/** How many letters must be added, dropped, changed or swapped with their neighbour. */
function distance(a: string, b: string): number {
  let older: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1));
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, at(older, j - 2) + 1);
      row.push(least);
    }
    [older, last] = [last, row];
  }
  return at(last, b.length);
}

const at = (row: readonly number[], index: number): number => row[index] ?? Infinity;
