/**
 * Purge: makes kept answers unfindable.
 *
 * @module
 */
import { jsonAnswer } from "../answer.ts";
import { customTag, namedTag, tagsOf } from "../cache/key.ts";
import type { Call, Identified } from "../call.ts";
import { GatewayError } from "../errors.ts";
import { isObject } from "../json.ts";
import type { Middleware } from "../middleware.ts";
import type { Guard } from "../store/guard.ts";
import { ALL } from "../store/store.ts";

/** Options of {@link purge}. */
export interface PurgeOptions {
  readonly store: Guard;
  /** Whether all tenants of a gateway share their answers: then only who may speak for all can purge. */
  readonly isShared?: boolean | undefined;
}

/** Who may speak for other tenants. */
const HIGH: readonly string[] = ["operator", "admin"];

/**
 * Answers `POST G/cache/purge` with `{"key": ...}`, `{"tag": ...}` or `{"all": true}`; any other call goes on. A caller
 * purges what is its own tenant's; `"tenant"` names another for who may.
 */
export function purge({ store, isShared = false }: PurgeOptions): Middleware<Identified> {
  return async (call, next) => {
    if (call.route.kind !== "purge") return await next(call);
    const { tag, tenant } = await asked(call);
    const mustBeHigh = tenant !== undefined || isShared;
    if (mustBeHigh && !isHigh(call)) {
      throw new GatewayError(
        "forbidden",
        "Use a key with the role operator or admin: this purges what others are served.",
      );
    }
    try {
      await store.store.purge(await tagsOf(call, { isShared }, tenant), tag);
    } catch (cause) {
      throw new GatewayError("store_unavailable", "Try again: the store couldn't be told.", { cause });
    }
    return jsonAnswer(JSON.stringify({ success: true }), 200);
  };
}

/** A gateway that asks nobody who he is has nobody to refuse. */
const isHigh = ({ identity: { key, roles } }: Call & Identified) =>
  key === "anonymous" || roles.some((role) => HIGH.includes(role));

async function asked({ body }: Call): Promise<{ readonly tag: string; readonly tenant: string | undefined }> {
  const value = body.kind === "json" ? body.json.value : undefined;
  if (!isObject(value)) throw wrong();
  const { key, tag, all, tenant, ...rest } = value;
  const named = [key, tag, all].filter((given) => given !== undefined);
  if (Object.keys(rest).length > 0 || named.length !== 1) throw wrong();
  if (tenant !== undefined && typeof tenant !== "string") throw wrong();
  if (typeof key === "string") return { tag: await customTag(key), tenant };
  if (typeof tag === "string") return { tag: await namedTag(tag), tenant };
  if (all !== true) throw wrong();
  return { tag: ALL, tenant };
}

const wrong = () =>
  new GatewayError(
    "invalid_request",
    'Send one of {"key": "..."}, {"tag": "..."} and {"all": true}, and "tenant" beside it if need be.',
  );
