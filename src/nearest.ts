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
    const other = name.toLowerCase();
    const isBegun = word.length > 2 && other.startsWith(word);
    const isNear = Math.abs(other.length - word.length) < fewest;
    const slips = isBegun ? 1 : isNear ? distance(word, other) : Infinity;
    if (slips < fewest) [best, fewest] = [name, slips];
  }
  return best;
}

/** How many letters must be added, dropped, changed or swapped with their neighbour. */
function distance(a: string, b: string): number {
  /** Slips between the first i letters of the one and the first j of the other. */
  const slips: number[][] = [];
  for (let i = 0; i <= a.length; i++) {
    const row: number[] = slips[i] = [];
    for (let j = 0; j <= b.length; j++) {
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = i === 0 || j === 0 ? i + j : Math.min(
        slips[i - 1]![j]! + 1,
        row[j - 1]! + 1,
        slips[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1),
        isSwapped ? slips[i - 2]![j - 2]! + 1 : Infinity,
      );
    }
  }
  return slips[a.length]![b.length]!;
}
