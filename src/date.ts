/**
 * Dates as people write them.
 *
 * @module
 */

/** Epoch milliseconds of an ISO 8601 date; NaN where there is no such day: some runtimes take the 31st of February for a day in March. */
export function timeOf(text: string): number {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)/.exec(text) ?? [];
  const isDay = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() === Number(day);
  return isDay ? Date.parse(text) : NaN;
}
