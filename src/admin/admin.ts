/**
 * Management over HTTP: `/admin`.
 *
 * @module
 */
import type { IRequest } from "itty-router";
import { IttyRouter } from "itty-router/IttyRouter";
import { jsonAnswer } from "../answer.ts";
import type { Call, Identified } from "../call.ts";
import { CLOCK, type Clock } from "../clock.ts";
import { GatewayError } from "../errors.ts";
import type { Admin, AdminHouse, AdminRooms } from "../gateway.ts";
import { configured } from "../keys/configured.ts";
import type { KeyRecord, Role } from "../keys/key.ts";
import { kept } from "../keys/kept.ts";
import { isSecret } from "../keys/secret.ts";
import { slotsOf } from "../keys/slots.ts";
import type { Vault } from "../keys/vault.ts";
import type { Middleware } from "../middleware.ts";
import { alterationIn, AUDIT_QUERY, creationIn, idIn, KEYS_QUERY, NO_QUERY, queryIn, rotationIn } from "./ask.ts";
import {
  changeKey,
  createKey,
  type Holder,
  listKeys,
  type Made,
  type Office,
  readKey,
  revokeKey,
  rotateKey,
  unknownKey,
} from "./keys.ts";
import { Refusals } from "./refusals.ts";
import { type Action, type AdminRoute, ROUTES } from "./routes.ts";
import { shown, timeOf } from "./shown.ts";
import { type Link, type Row, Trail } from "./trail.ts";

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

type Caller = Call & Identified;

/** What a route's work is given. */
interface Visit {
  readonly office: Office;
  readonly holder: Holder;
  readonly call: Caller;
  /** Of the path; empty where it has none. */
  readonly id: string;
}

/** What it gives: JSON, the status, and headers. */
interface Told {
  readonly result: unknown;
  readonly cursor?: string | undefined;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

const WORK: Readonly<Record<Action, (visit: Visit) => Promise<Told>>> = {
  async "whoami"({ call, holder: { key, tenant = null, roles, grants, expiresAt } }) {
    queryIn(call.url, NO_QUERY);
    return { result: { key, tenant, roles, grants, expiresAt: timeOf(expiresAt) } };
  },
  async "keys.list"({ office, holder, call }) {
    const { tenant, cursor, limit = "50" } = queryIn(call.url, KEYS_QUERY);
    const page = await listKeys(office, holder, { tenant, after: cursor, limit: Number(limit) });
    return { result: page.items.map((key) => shown(key, office.now())), cursor: page.next };
  },
  async "keys.create"({ office, holder, call }) {
    return madeOf(await createKey(office, holder, creationIn(call.body, office.now())), office.now(), 201);
  },
  async "keys.read"({ office, holder, id }) {
    return keyOf(await readKey(office, holder, id), office.now());
  },
  async "keys.change"({ office, holder, call, id }) {
    const asked = alterationIn(call.body, office.now());
    return keyOf(await changeKey(office, holder, id, asked, versionIn(call)), office.now());
  },
  async "keys.revoke"({ office, holder, id }) {
    return keyOf(await revokeKey(office, holder, id), office.now());
  },
  async "keys.rotate"({ office, holder, call, id }) {
    return madeOf(await rotateKey(office, holder, id, rotationIn(call.body)), office.now(), 200);
  },
  "audit.read": readAudit,
};

function keyOf(key: KeyRecord, now: number, status = 200, secret?: string): Told {
  const result = shown(key, now);
  const headers: Record<string, string> = result.version === null ? {} : { etag: `"${result.version}"` };
  return { result: secret === undefined ? result : { ...result, secret }, status, headers };
}

const madeOf = ({ key, secret }: Made, now: number, status: number): Told => keyOf(key, now, status, secret);

/** `if-match: "3"`: only if nobody has changed it since. */
function versionIn({ headers }: Call): number | undefined {
  const text = headers.get("if-match");
  if (text === null) return undefined;
  const [, version] = /^(?:W\/)?"?(\d{1,15})"?$/.exec(text.trim()) ?? [];
  if (version === undefined) {
    throw new GatewayError("invalid_request", "Send the key's etag in if-match, or leave it out.");
  }
  return Number(version);
}

/** Rows that one request looks through for those of a tenant. */
const LOOKED_THROUGH = 1000;
const CHECKED = 10_000;

async function readAudit({ office: { trail }, holder: { tenant }, call }: Visit): Promise<Told> {
  const { cursor, limit = "50", verify } = queryIn(call.url, AUDIT_QUERY);
  if (verify === "1") {
    if (tenant !== undefined) {
      throw new GatewayError("forbidden", "Leave verify out: the chain is all tenants' together.");
    }
    const { next, ...check } = await trail.check(Number(cursor ?? 1), CHECKED);
    return { result: check, cursor: next === undefined ? undefined : String(next) };
  }
  const most = Number(limit);
  const found: unknown[] = [];
  let before = cursor === undefined ? undefined : Number(cursor);
  for (let looked = 0; looked < LOOKED_THROUGH && found.length < most;) {
    const page = await trail.before(before, tenant === undefined ? most : 100);
    for (const link of page) {
      if (found.length === most) break;
      before = link.row.seq;
      const row = rowFor(link, tenant);
      if (row !== undefined) found.push(row);
    }
    looked += Math.max(1, page.length);
    if (page.length === 0) before = 1;
    if (before === 1) break;
  }
  return { result: found, cursor: before === undefined || before === 1 ? undefined : String(before) };
}

/** A row as a tenant may see it: what it did, and what was done to its keys, but not from where others did that. */
function rowFor({ row, hash }: Link, tenant: string | undefined): Row & { readonly hash?: string } | undefined {
  if (tenant === undefined) return { ...row, hash };
  if (row.by.tenant === tenant) return row;
  return row.on?.tenant === tenant ? { ...row, by: { ...row.by, ip: undefined } } : undefined;
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

function holderOf({ identity, id: call, platform }: Caller): Holder {
  // Whoever isn't known by name never comes this far; it would be no reason to let him in.
  const isKnown = identity.key !== "anonymous";
  const { key, tenant, grants = {}, expiresAt } = identity;
  const roles = isKnown ? identity.roles as readonly Role[] : [];
  return { key, tenant, roles, grants, expiresAt, doer: { key, tenant, ip: platform.clientAddress(), call } };
}

/** Writes down what was refused; what was done is written with the deed itself. */
class Scribe {
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
  async #refused(deed: Parameters<Trail["write"]>[0]): Promise<void> {
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
