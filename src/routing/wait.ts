/**
 * How long a provider wants to be left alone. Pure.
 *
 * @module
 */

const DAY_MS = 86_400_000;
/** Seconds: a larger number is a time, in milliseconds since 1970. */
const LONG_AGO = 1e11;

/** Milliseconds of the units that durations are told in. */
const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: DAY_MS };

/**
 * Milliseconds, at most a day; `undefined` where nothing that makes sense is told. Where a limit was reached and no
 * wait is told, it is the longest until a limit with nothing left is reset.
 *
 * @param body The answer's JSON: Google tells the wait there.
 * @param now Epoch milliseconds.
 */
export function waitMs(status: number, headers: Headers, body: string, now: number): number | undefined {
  const told = [
    span(headers.get("retry-after-ms") + "ms", now),
    span(headers.get("x-ms-retry-after-ms") + "ms", now),
    span(headers.get("retry-after"), now),
    span(/"retryDelay": *"([^"]+)"/.exec(body)?.[1], now),
  ].find((ms) => ms >= 0);
  return told ?? (status === 429 ? untilReset(headers, now) : undefined);
}

function untilReset(headers: Headers, now: number): number | undefined {
  const waits: number[] = [];
  headers.forEach((value, name) => {
    const isSpent = /ratelimit.*reset/.test(name) && !Number(headers.get(name.replace("reset", "remaining")));
    if (isSpent) waits.push(span(value, now));
  });
  return waits.filter((ms) => ms >= 0).sort((a, b) => b - a)[0];
}

/** Reads seconds, `6m0s`, a date, or milliseconds since 1970; `NaN` for anything else. */
function span(text: string | null | undefined, now: number): number {
  let ms = 0;
  const rest = text?.trim().replace(/([\d.]+)(ms|[smhd]|$)/g, (_, count: string, unit: string) => {
    ms += Number(count) > LONG_AGO ? Number(count) - now : Number(count) * UNITS_MS[unit || "s"]!;
    return "";
  });
  if (rest !== "" || text === "") ms = rest?.includes(":") ? Date.parse(text!) - now : NaN;
  return Math.min(Math.max(0, ms), DAY_MS);
}
