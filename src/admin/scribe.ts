/**
 * The scribe: writes down what was refused. What was done is written with the deed itself.
 *
 * @module
 */
import type { Call } from "../call.ts";
import { GatewayError } from "../errors.ts";
import { isSecret } from "../keys/secret.ts";
import { slotsOf } from "../keys/slots.ts";
import type { Middleware } from "../middleware.ts";
import { idIn } from "./ask.ts";
import { type Caller, holderOf } from "./holder.ts";
import type { Office } from "./keys.ts";
import { Refusals } from "./refusals.ts";
import type { AdminRoute } from "./routes.ts";
import type { Deed } from "./trail.ts";

/** Sees who is turned away, before and behind the room that asks who is calling. */
export class Scribe {
  readonly #office: Office;
  readonly #refusals = new Refusals();

  constructor(office: Office) {
    this.#office = office;
  }

  /** Stands before the room that asks who is calling: writes down who couldn't say. */
  readonly watch: Middleware = async (call, next) => {
    try {
      mustNotBeInAddress(call);
      return await next(call);
    } catch (thrown) {
      if (thrown instanceof GatewayError && thrown.code === "unauthenticated") {
        const by = { key: "anonymous", ip: call.platform.clientAddress(), call: call.id };
        await this.#refused({ by, action: "enter", outcome: "refused", code: thrown.code });
      }
      throw thrown;
    }
  };

  /** Does the work of a route. */
  async heard(
    { action }: AdminRoute,
    call: Caller,
    id: string | undefined,
    work: () => Promise<Response>,
  ): Promise<Response> {
    try {
      return await work();
    } catch (thrown) {
      if (thrown instanceof GatewayError && TOLD.includes(thrown.code)) {
        const key = idIn(id);
        const on = key === undefined || isSecret(key) ? undefined : { key };
        await this.#refused({ by: holderOf(call).doer, action, on, outcome: "refused", code: thrown.code });
      }
      throw thrown;
    }
  }

  /** A refusal stands though nobody could write it down. */
  async #refused(deed: Deed): Promise<void> {
    const untold = this.#refusals.count(deed.by.key, this.#office.now());
    if (untold === undefined) return;
    await this.#office.trail.write(untold === 0 ? deed : { ...deed, untold }).catch(() => {});
  }
}

/** Where addresses end up, in histories and logs, a key that manages others must not. */
function mustNotBeInAddress(call: Call): void {
  if (slotsOf(call).every(({ kind }) => kind === "control" || kind === "header")) return;
  throw new GatewayError(
    "unauthenticated",
    "Send the key in cf-aig-authorization: here it can't stand in the address.",
  );
}

/** Refusals that the trail tells of: of what might have been done by somebody else. */
const TOLD: readonly string[] = ["forbidden", "unknown_key", "conflict"];
