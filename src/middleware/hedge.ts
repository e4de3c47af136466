/**
 * Hedging: a second target beside one that is slow to speak.
 *
 * @module
 */
import type { Target } from "../call.ts";
import { CLOCK, type Clock } from "../clock.ts";
import { GatewayError } from "../errors.ts";
import { discard, type Result } from "./result.ts";

/** When a second target is asked. */
export interface Hedge {
  /** Milliseconds that the first has. */
  readonly afterMs: number;
  /** Of a hundred calls, so many are hedged at most. */
  readonly percent: number;
}

/** One target while it is asked. */
export interface Lane {
  readonly target: Target;
  readonly result: Promise<Result>;
  /** Whether the other need not be waited for. */
  isGood(result: Result): boolean;
  /** Nobody waits for it any more. */
  close(reason: GatewayError): void;
}

/** Calls that may still be hedged: what a hundred of them bring is what the gateway's share says, and no hoard of it is kept. */
export class Share {
  readonly #gain: number;
  #saved = 1;

  constructor(percent: number) {
    this.#gain = percent / 100;
  }

  /** One more call. */
  earn(): void {
    this.#saved = Math.min(this.#saved + this.#gain, MAX_SAVED);
  }

  /** Whether one may be hedged now. */
  take(): boolean {
    if (this.#saved < 1) return false;
    this.#saved--;
    return true;
  }
}

const MAX_SAVED = 10;

/**
 * Waits for the first lane, and for a second beside it when its time is over. The first good result wins and the other
 * lane is closed; where both fail, it is the second's failure.
 *
 * @param second Opens the second lane, if there may be one.
 */
export async function raced(
  first: Lane,
  second: () => Lane | undefined,
  afterMs: number,
  clock: Clock = CLOCK,
): Promise<readonly [Result, Lane]> {
  const isOver = new AbortController();
  const told = first.result.then((result) => [result, first] as const);
  const early = await Promise.race([told, clock.wait(afterMs, isOver.signal)]).finally(() => isOver.abort());
  if (early !== undefined) return early;
  const other = second();
  if (other === undefined) return await told;
  // A second target that can't be asked at all takes nothing from the first.
  const late = other.result.then((result) => [result, other] as const, () => told);
  try {
    return await fasterOf(told, late, [first, other]);
  } catch (error) {
    other.close(OUTPACED());
    late.then(([result]) => discard(result), () => {});
    throw error;
  }
}

const OUTPACED = () => new GatewayError("outpaced", "Another target answered first.");

type Told = Promise<readonly [Result, Lane]>;

async function fasterOf(one: Told, two: Told, lanes: readonly [Lane, Lane]): Promise<readonly [Result, Lane]> {
  const [result, lane] = await Promise.race([one, two]);
  const [loser, other] = lane === lanes[0] ? [lanes[1], two] : [lanes[0], one];
  if (!lane.isGood(result)) {
    const last = await other;
    discard(lane === lanes[0] || last[1].isGood(last[0]) ? result : last[0]);
    return lane === lanes[0] || last[1].isGood(last[0]) ? last : [result, lane];
  }
  loser.close(OUTPACED());
  other.then(([late]) => late !== result && discard(late), () => {});
  return [result, lane];
}
