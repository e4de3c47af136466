/**
 * Figures that a test prints, on a line of its own.
 *
 * @module
 */

/** Prints what a test has measured. */
export function say(what: string, figures: Readonly<Record<string, number | string>>): void {
  const text = Object.entries(figures).map(([name, value]) =>
    `${name} ${typeof value === "number" ? Math.round(value * 10) / 10 : value}`
  );
  console.log(`${what}: ${text.join(", ")}`);
}

/** The sample below which such a share of all lies. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

/** The sum of numbers. */
export const total = (numbers: readonly number[]): number => numbers.reduce((one, other) => one + other, 0);

/** The most of these moments that lie in one window of such a length. */
export function mostWithin(moments: readonly number[], windowMs: number): number {
  const sorted = [...moments].sort((one, other) => one - other);
  let [first, most] = [0, 0];
  for (const [last, moment] of sorted.entries()) {
    while (moment - sorted[first]! >= windowMs) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
