/**
 * Fallback: the next target when one fails.
 *
 * @module
 */
import type { Aimed, Call, Planned, Target } from "../call.ts";
import { GatewayError } from "../errors.ts";
import type { Handler, Middleware } from "../middleware.ts";
import * as HEADER from "../names.ts";
import { isFailure } from "../routing/policy.ts";
import { tried } from "./retry.ts";

/**
 * Tries the targets of the plan in order. A network error, a timeout and any status but 2xx go on to the next; when all
 * fail the client gets the last one's answer. The answer says in `cf-aig-step` whose it is.
 */
export function fallback(): Middleware<Planned, Aimed> {
  return async (call, next) => {
    const [first, ...others] = call.targets;
    let target = first;
    // An upload streams through once: there is nothing left of it for a second target.
    for (const another of call.body.kind === "stream" ? [] : others) {
      const answer = await tried(() => next({ ...call, target }), isFailure);
      if (answer !== undefined) return stamped(answer, target);
      target = another;
    }
    return stamped(await lastly(call, target, next), target);
  };
}

/** An error of the last target is the call's own, and says which step it was. */
async function lastly<C extends Call>(call: C, target: Target, next: Handler<C & Aimed>): Promise<Response> {
  try {
    return await next({ ...call, target });
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const headers = { ...error.headers, [HEADER.step]: String(target.step) };
    throw new GatewayError(error.code, error.message, { cause: error.cause, headers });
  }
}

function stamped(answer: Response, { step, provider, model }: Target): Response {
  answer.headers.set(HEADER.step, String(step));
  answer.headers.set(HEADER.provider, provider.id);
  if (model !== undefined) answer.headers.set(HEADER.model, encodeURI(model));
  return answer;
}
