/**
 * Management over HTTP: `/admin`.
 *
 * @module
 */
import type { IRequest } from "itty-router";
import { IttyRouter } from "itty-router/IttyRouter";
import { jsonAnswer } from "../answer.ts";
import { CLOCK, type Clock } from "../clock.ts";
import { GatewayError } from "../errors.ts";
import type { Admin, AdminHouse, AdminRooms } from "../gateway.ts";
import { configured } from "../keys/configured.ts";
import { kept } from "../keys/kept.ts";
import type { Vault } from "../keys/vault.ts";
import { idIn } from "./ask.ts";
import { type Caller, holderOf } from "./holder.ts";
import { type Office, unknownKey } from "./keys.ts";
import { type AdminRoute, ROUTES } from "./routes.ts";
import { Scribe } from "./scribe.ts";
import { Trail } from "./trail.ts";
import { WORK } from "./work.ts";

/** Options of {@link admin}. */
export interface AdminOptions {
  /** Where keys and the trail are kept: `upstashVault(env)`, `memoryVault()`. */
  readonly vault: Vault;
  readonly clock?: Clock | undefined;
}

/**
 * Keys that are made, changed and revoked over HTTP. Needs `auth.pepper`.
 *
 * @example
 * ```ts
 * gateway({ auth: { pepper: env.PEPPER, keys }, admin: admin({ vault: upstashVault(env) }) });
 * ```
 */
export function admin({ vault, clock = CLOCK }: AdminOptions): Admin {
  return {
    open({ keys, pepper, basePath = "" }: AdminHouse): AdminRooms {
      const ring = configured(keys);
      const office: Office = {
        vault,
        trail: new Trail(vault, clock),
        configured: ring,
        pepper,
        now: () => clock.now(),
      };
      const scribe = new Scribe(office);
      const router = routerOf(office, scribe, basePath);
      return {
        keyring: kept({ vault, isTaken: (id) => ring.has(id), now: () => clock.now() }),
        watch: scribe.watch,
        handler: async (call) => await router.fetch({ method: call.method, url: call.url.href }, call),
      };
    },
  };
}

interface Router {
  fetch(request: { readonly method: string; readonly url: string }, call: Caller): Promise<Response>;
}

/** Goes by the table alone. What isn't in it is refused, whoever asks. */
function routerOf(office: Office, scribe: Scribe, base: string): Router {
  const router = IttyRouter<IRequest, [Caller]>({ base });
  for (const route of ROUTES) {
    const verb = route.method.toLowerCase() as "get" | "post" | "patch" | "delete";
    router[verb](
      route.path,
      ({ params }, call) => scribe.heard(route, call, params["id"], () => served(office, route, call, params["id"])),
    );
  }
  for (const path of new Set(ROUTES.map((route) => route.path))) {
    const allow = ROUTES.filter((route) => route.path === path).map(({ method }) => method).join(", ");
    router.all(path, (_, { method }) => {
      throw new GatewayError("method_not_allowed", `Use ${allow}: ${method} isn't served here.`, {
        headers: { allow },
      });
    });
  }
  return router.all("*", () => {
    throw new GatewayError("unknown_path", "Check the path: nothing is served there; docs/keys.md lists what is.");
  });
}

async function served(office: Office, { action, roles }: AdminRoute, call: Caller, id?: string): Promise<Response> {
  const holder = holderOf(call);
  if (roles !== undefined && !roles.some((role) => holder.roles.includes(role))) {
    throw new GatewayError("forbidden", `Use a key with the role ${roles.join(" or ")}: yours has none of them.`);
  }
  const known = id === undefined ? "" : idIn(id);
  if (known === undefined) throw unknownKey();
  const { result, cursor, status = 200, headers } = await WORK[action]({ office, holder, call, id: known });
  const told = { success: true, result, ...(cursor === undefined ? {} : { cursor }) };
  return jsonAnswer(JSON.stringify(told), status, headers);
}
