/**
 * What is done at each route.
 *
 * @module
 */
import type { Call } from "../call.ts";
import { GatewayError } from "../errors.ts";
import type { KeyRecord } from "../keys/key.ts";
import { alterationIn, AUDIT_QUERY, creationIn, KEYS_QUERY, NO_QUERY, queryIn, rotationIn } from "./ask.ts";
import type { Caller, Holder } from "./holder.ts";
import { changeKey, createKey, listKeys, type Made, type Office, readKey, revokeKey, rotateKey } from "./keys.ts";
import type { Action } from "./routes.ts";
import { shown, timeOf } from "./shown.ts";
import type { Link, Row } from "./trail.ts";

/** What a route's work is given. */
export interface Visit {
  readonly office: Office;
  readonly holder: Holder;
  readonly call: Caller;
  /** Of the path; empty where it has none. */
  readonly id: string;
}

/** What it gives: JSON, the status, and headers. */
export interface Told {
  readonly result: unknown;
  readonly cursor?: string | undefined;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** By action: the compiler wants all of them. */
export const WORK: Readonly<Record<Action, (visit: Visit) => Promise<Told>>> = {
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
    queryIn(call.url, NO_QUERY);
    return madeOf(await createKey(office, holder, creationIn(call.body, office.now())), office.now(), 201);
  },
  async "keys.read"({ office, holder, call, id }) {
    queryIn(call.url, NO_QUERY);
    return keyOf(await readKey(office, holder, id), office.now());
  },
  async "keys.change"({ office, holder, call, id }) {
    queryIn(call.url, NO_QUERY);
    const asked = alterationIn(call.body, office.now());
    return keyOf(await changeKey(office, holder, id, asked, versionIn(call)), office.now());
  },
  async "keys.revoke"({ office, holder, call, id }) {
    queryIn(call.url, NO_QUERY);
    return keyOf(await revokeKey(office, holder, id, versionIn(call)), office.now());
  },
  async "keys.rotate"({ office, holder, call, id }) {
    queryIn(call.url, NO_QUERY);
    return madeOf(await rotateKey(office, holder, id, rotationIn(call.body), versionIn(call)), office.now(), 200);
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
