/**
 * Windows and periods: what `"1m"` and `"month"` mean. Pure.
 *
 * @module
 */

/** The time that an amount is allowed for. */
export interface Window {
  readonly ms: number;
  /** Whether it begins with a day, a week (on Monday) or a month of the calendar, in UTC. */
  readonly period?: Period | undefined;
}

/** A period of the calendar. */
export type Period = "day" | "week" | "month";

/** What a window looks like in a config. */
export const WINDOW: RegExp = /^(?:[1-9]\d{0,5}(?:ms|s|m|h|d)|day|week|month)$/;

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DAY_MS = 86_400_000;
const PERIODS: Readonly<Record<string, number>> = { day: DAY_MS, week: 7 * DAY_MS, month: 31 * DAY_MS };

/** Reads a window that fits {@link WINDOW}. */
export function windowOf(text: string): Window {
  const ms = PERIODS[text];
  if (ms !== undefined) return { ms, period: text as Period };
  const [, count, unit] = /^(\d+)(\D+)$/.exec(text) ?? [];
  return { ms: Number(count) * (UNITS[unit ?? ""] ?? 1) };
}

/**
 * When the period before a moment's, its own and the next two begin, in epoch milliseconds: the store's clock picks one,
 * and may go otherwise than ours.
 */
export function edgesOf(period: Period, now: number): readonly number[] {
  return [-1, 0, 1, 2].map((offset) => edgeOf(period, new Date(now), offset));
}

function edgeOf(period: Period, date: Date, offset: number): number {
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  if (period === "month") return Date.UTC(year, month + offset, 1);
  if (period === "day") return Date.UTC(year, month, day + offset);
  return Date.UTC(year, month, day - (date.getUTCDay() + 6) % 7 + 7 * offset);
}
