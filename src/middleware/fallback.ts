/**
 * Fallback: the next target when one fails.
 *
 * @module
 */
import type { Aimed, Body, Call, Planned, Target, Why } from "../call.ts";
import { CLOCK, type Clock } from "../clock.ts";
import { GatewayError } from "../errors.ts";
import { sourceIn, through } from "../flow.ts";
import type { Handler, Middleware } from "../middleware.ts";
import * as HEADER from "../names.ts";
import { isSewable, type Seam, SEAMS } from "../providers/wires/seams.ts";
import { wireOf } from "../providers/wires/table.ts";
import { Allowance, totalOf } from "../routing/allowance.ts";
import { Cooling } from "../routing/cooling.ts";
import { LEAST_ATTEMPT_MS } from "../routing/decision.ts";
import { DEFAULT_POLICY, type Policy } from "../routing/policy.ts";
import type { Verdict } from "../routing/verdict.ts";
import { type Hedge, type Lane, raced, Share } from "./hedge.ts";
import { type Next, once, Queue, type QueueOptions } from "./queue.ts";
import { discard, given, type Result, resultOf, verdictOn } from "./result.ts";
import { resumed, type Sequel } from "./resume.ts";
import { worded } from "./words.ts";

/** Options of {@link fallback}. */
export interface FallbackOptions {
  readonly clock?: Clock;
  /** What the gateway itself says: a caller who leaves less time than that tells nothing of a target. */
  readonly policy?: Policy;
  /** Which targets are throttled or down; known to this room alone if absent. */
  readonly cooling?: Cooling;
  /** Upstream requests for one call; see `totalOf`. */
  readonly total?: number | undefined;
  /** When a second target is asked beside a slow one; never if absent. */
  readonly hedge?: Hedge | undefined;
  /** Tokens that a target's model takes in, where that is known. */
  readonly windowOf?: ((target: Target) => number | undefined) | undefined;
}

/**
 * Tries the targets of the plan in order, those last that are throttled or down. Whatever another target may better
 * goes on to the next; a call that is wrong in itself doesn't. When all fail the client gets the last one's answer. The
 * answer says in `cf-aig-step` whose it is.
 */
export function fallback(options: FallbackOptions = {}): Middleware<Planned, Aimed> {
  const { clock = CLOCK, cooling = new Cooling(), policy = DEFAULT_POLICY } = options;
  const share = options.hedge && new Share(options.hedge.percent);
  const house: House = { ...options, clock, cooling, policy, share };
  return (call, next) => new Walk(call, next, house).run();
}

interface House extends QueueOptions, Pick<FallbackOptions, "total" | "hedge"> {
  readonly share: Share | undefined;
}

/** One call's way through its plan. */
class Walk<C extends Call & Planned> {
  readonly #call: C;
  readonly #next: Handler<C & Aimed>;
  readonly #house: House;
  readonly #allowance: Allowance;
  readonly #queue: Queue;

  constructor(call: C, next: Handler<C & Aimed>, house: House) {
    this.#call = call;
    this.#next = next;
    this.#house = house;
    this.#queue = new Queue(call, house);
    this.#allowance = new Allowance(totalOf(call.targets, house.policy.maxAttempts, house.total));
  }

  async run(): Promise<Response> {
    let [asked, why] = this.#queue.take("first")!;
    for (;;) {
      const [result, target] = await this.#ask(asked, why);
      const verdict = verdictOn(result, this.#house.clock.now());
      this.#queue.learn(target, verdict, result);
      const following = verdict && this.#following(target, verdict);
      if (following === undefined) return this.#answer(result, target, verdict);
      discard(result);
      [asked, why] = following;
    }
  }

  /** Asks one target; and where that is slow and the gateway hedges, another beside it. */
  async #ask(target: Target, why: Why): Promise<readonly [Result, Target]> {
    const { hedge, share, clock } = this.#house;
    if (hedge === undefined || share === undefined || this.#queue.length === 0) {
      return [await this.#asked(target, why, this.#call.signal), target];
    }
    share.earn();
    const [result, lane] = await raced(this.#lane(target, why), () => this.#second(share), hedge.afterMs, clock);
    return [result, lane.target];
  }

  #asked(target: Target, why: Why, signal: AbortSignal): Promise<Result> {
    const call = this.#call;
    return resultOf(this.#next({
      ...call,
      signal,
      target,
      why,
      deadlineAt: call.deadlineAt,
      others: this.#queue.length,
      isOnly: this.#queue.isOnly,
      allowance: this.#allowance,
    }));
  }

  #second(share: Share): Lane | undefined {
    if (this.#allowance.left <= 0) return undefined;
    const next = this.#queue.beside();
    return next === undefined || !share.take() ? undefined : this.#lane(...this.#queue.takeBeside(next));
  }

  /** An attempt that can be called off by itself. */
  #lane(target: Target, why: Why): Lane {
    const { signal } = this.#call;
    const { clock } = this.#house;
    const controller = new AbortController();
    const leave = () => controller.abort(signal.reason);
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave);
    const result = this.#asked(target, why, controller.signal)
      .finally(() => signal.removeEventListener("abort", leave));
    // What one provider refuses isn't taken from another.
    const isGood = (result: Result) => GOOD.includes(verdictOn(result, clock.now())?.reason);
    return { target, result, isGood, close: (reason) => controller.abort(reason) };
  }

  /** The next target, where one is left that may better this. */
  #following(target: Target, verdict: Verdict, isFit = (_: Target) => true): Next | undefined {
    const { clock } = this.#house;
    const { deadlineAt = Infinity, signal } = this.#call;
    const hasTime = deadlineAt - clock.now() >= LEAST_ATTEMPT_MS && !signal.aborted;
    const following = hasTime && this.#allowance.left > 0 ? this.#queue.following(target, verdict, isFit) : undefined;
    this.#leave(target, verdict, following === undefined ? "stop" : "next");
    return following;
  }

  #leave({ step }: Target, { reason }: Verdict, course: "next" | "stop"): void {
    this.#call.note({ type: "left", left: { step, reason, course, waitMs: 0 } });
  }

  #answer(result: Result, target: Target, verdict: Verdict | undefined): Response {
    if (verdict === undefined) return worded(stamped(this.#lasting(given(result), target), target), this.#call, target);
    if (result instanceof Response) return stamped(result, target);
    const headers = { ...result.headers, [HEADER.step]: String(target.step) };
    throw new GatewayError(result.code, result.message, { cause: result.cause, headers, status: result.spec.status });
  }

  /** A stream that goes on at another target where it breaks off, if that is wanted and can be done. */
  #lasting(answer: Response, target: Target): Response {
    const { body, policy, provider, path } = target;
    if (policy.midStream !== "continue" || this.#queue.length === 0 || body.kind !== "json") return answer;
    const wire = wireOf(provider, path);
    const seam = wire && SEAMS[wire.id];
    if (
      wire === undefined || seam === undefined || answer.body === null || !isEvents(answer) ||
      !isSewable(seam, body.json)
    ) return answer;
    const leaving = new AbortController();
    this.#call.signal.addEventListener("abort", () => leaving.abort(this.#call.signal.reason));
    return through(answer, (source) => {
      const whole = resumed(source, wire, seam, (text) => this.#sequel(target, seam, text, leaving.signal));
      return { read: whole.read, cancel: (reason) => (leaving.abort(), whole.cancel(reason)) };
    });
  }

  /** The rest of a broken stream, from the next target that speaks the same format. */
  async #sequel(broken: Target, seam: Seam, text: string, signal: AbortSignal): Promise<Sequel | undefined> {
    const wire = wireOf(broken.provider, broken.path);
    const isFit = (next: Target) => wireOf(next.provider, next.path) === wire && next.body.kind === "json";
    let asked = this.#following(broken, BROKEN, isFit);
    while (asked !== undefined) {
      const [target] = asked;
      const continued = target.provider.prefills === true && target.body.kind === "json"
        ? seam.continued(target.body.json, text.trimEnd())
        : undefined;
      const body: Body = continued === undefined ? target.body : { kind: "json", json: continued };
      const result = await this.#asked(once({ ...target, body }), "continue", signal);
      const verdict = verdictOn(result, this.#house.clock.now());
      if (verdict === undefined && result instanceof Response && isEvents(result)) {
        return { source: sourceIn(result), isContinued: continued !== undefined };
      }
      discard(result);
      asked = this.#following(target, verdict ?? BROKEN, isFit);
    }
    return undefined;
  }
}

const GOOD: readonly (Verdict["reason"] | undefined)[] = [undefined, "content-filter"];

/** Of a stream that broke off in the middle. */
const BROKEN: Verdict = { course: "next", reason: "unavailable", retryAfterMs: undefined };

const isEvents = ({ headers }: Response) => headers.get("content-type")?.startsWith("text/event-stream") === true;

function stamped(answer: Response, { step, provider, model }: Target): Response {
  answer.headers.set(HEADER.step, String(step));
  answer.headers.set(HEADER.provider, provider.id);
  if (model !== undefined) answer.headers.set(HEADER.model, encodeURI(model));
  return answer;
}
