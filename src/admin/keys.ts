/**
 * The management of keys: what is made of one, and what may be.
 *
 * @module
 */
import { GatewayError } from "../errors.ts";
import type { Configured } from "../keys/configured.ts";
import type { KeyRecord, KeySecret } from "../keys/key.ts";
import { excess, type Part, type Scope, WHOLE } from "../keys/scope.ts";
import { hashOf, newSecret } from "../keys/secret.ts";
import type { Change, KeptKey, Listing, Page, Vault } from "../keys/vault.ts";
import type { Alteration, Creation, Rotation } from "./ask.ts";
import type { Holder } from "./holder.ts";
import type { Deed, Trail } from "./trail.ts";

/** Where keys are managed. */
export interface Office {
  readonly vault: Vault;
  readonly trail: Trail;
  /** Keys of the config, which can't be changed here. */
  readonly configured: Configured;
  readonly pepper: string;
  /** Epoch milliseconds. */
  now(): number;
}

/** A key, and its secret where it was just made. */
export interface Made {
  readonly key: KeptKey;
  readonly secret: string;
}

/** Times a change is made anew because others changed the key in between. */
const MOST_TRIES = 20;

/** A page of the config's keys and the vault's together, by their ids. */
export async function listKeys(
  { vault, configured }: Office,
  holder: Holder,
  { tenant, after, limit }: Listing,
): Promise<Page<KeyRecord>> {
  if (holder.tenant !== undefined && tenant !== undefined && tenant !== holder.tenant) {
    throw new GatewayError("forbidden", "Leave tenant out of the query: your key is bound to its own.");
  }
  const of = holder.tenant ?? tenant;
  const kept = await asked(() => vault.list({ tenant: of, after, limit }));
  const own = (await configured.list()).filter((key) =>
    (of === undefined || key.tenant === of) && (after === undefined || key.id > after) &&
    (kept.next === undefined || key.id <= kept.next)
  );
  const all = [...own, ...kept.items.filter(({ id }) => !configured.has(id))]
    .sort((one, other) => one.id < other.id ? -1 : 1);
  const items = all.slice(0, limit);
  return { items, next: all.length > limit ? items.at(-1)?.id : kept.next };
}

/** Reads a key. @throws {GatewayError} `unknown_key`, be it another tenant's. */
export async function readKey(office: Office, holder: Holder, id: string): Promise<KeyRecord> {
  const own = (await office.configured.list()).find((key) => key.id === id);
  return own === undefined ? await keptKey(office, holder, id) : visible(own, holder);
}

/** Makes a key. @throws {GatewayError} `forbidden`, `conflict`. */
export async function createKey(office: Office, holder: Holder, asked: Creation): Promise<Made> {
  const now = office.now();
  if (asked.id !== undefined && holder.tenant !== undefined) {
    // Whether an id is taken would tell of other tenants' keys.
    throw new GatewayError("forbidden", "Leave id out: who is bound to a tenant is given one.");
  }
  const id = asked.id ?? `key-${crypto.randomUUID()}`;
  const scope: Scope = {
    tenant: asked.tenant ?? holder.tenant,
    roles: [...new Set(asked.roles ?? ["caller" as const])],
    grants: asked.grants ?? {},
    expiresAt: asked.expiresAt,
  };
  mustHold(holder, scope, WHOLE);
  if (office.configured.has(id)) throw taken();
  const { secret, kept } = await secretOf(office, now);
  const key: KeptKey = {
    id,
    ...scope,
    createdAt: now,
    createdBy: holder.key,
    secrets: [kept],
    version: 1,
    revokedAt: undefined,
  };
  const isMade = await office.trail.write(deed(holder, "keys.create", key, shownScope(scope)), {
    was: undefined,
    to: key,
  });
  if (!isMade) throw taken();
  return { key, secret };
}

/** Changes a key. @throws {GatewayError} `forbidden`, `unknown_key`, `conflict`. */
export function changeKey(
  office: Office,
  holder: Holder,
  id: string,
  asked: Alteration,
  version?: number,
): Promise<KeptKey> {
  return changed(office, holder, id, "keys.change", version, (was) => {
    const { roles = was.roles, grants = was.grants } = asked;
    const expiresAt = asked.expiresAt === undefined ? was.expiresAt : asked.expiresAt ?? undefined;
    const scope: Scope = { tenant: was.tenant, roles: [...new Set(roles)], grants, expiresAt };
    // Who goes before the key does may narrow it; what he adds would outlast him.
    const isWider = asked.expiresAt !== undefined || excess(scope, was, ADDED) !== undefined;
    mustHold(holder, scope, isWider ? WHOLE : REACH);
    return {
      to: { ...was, ...scope },
      set: shownScope({ roles: asked.roles && scope.roles, grants: asked.grants, expiresAt: asked.expiresAt }),
    };
  });
}

/** Ends a key, at once. @throws {GatewayError} `forbidden`, `unknown_key`, `conflict`. */
export async function revokeKey(office: Office, holder: Holder, id: string, version?: number): Promise<KeptKey> {
  const now = office.now();
  return await changed(office, holder, id, "keys.revoke", version, (was) => {
    if (was.revokedAt !== undefined) return undefined;
    return { to: { ...was, revokedAt: now, secrets: [] } };
  });
}

/** Gives a key another secret. @throws {GatewayError} `forbidden`, `unknown_key`, `conflict`. */
export async function rotateKey(
  office: Office,
  holder: Holder,
  id: string,
  asked: Rotation,
  version?: number,
): Promise<Made> {
  const now = office.now();
  const { secret, kept } = await secretOf(office, now);
  const key = await changed(office, holder, id, "keys.rotate", version, (was) => {
    mustHold(holder, was, WHOLE);
    const older = asked.graceSeconds === 0 ? [] : was.secrets.filter(({ expiresAt = Infinity }) => expiresAt > now);
    if (older.length > 1) {
      throw new GatewayError(
        "conflict",
        "Wait until the older of the key's two secrets is gone, or send graceSeconds 0 to end both now.",
      );
    }
    const goes = now + 1000 * asked.graceSeconds;
    const leaving = older.map((one) => ({ ...one, expiresAt: goes }));
    return { to: { ...was, secrets: [kept, ...leaving] }, set: { hint: kept.hint, graceSeconds: asked.graceSeconds } };
  });
  return { key, secret };
}

/** What is made of a key; `undefined` where there is nothing to do. */
type Draft = { readonly to: KeptKey; readonly set?: unknown } | undefined;

/** Reads, changes and writes a key until nobody came between: no change of another's is lost, nor any cap passed by. */
async function changed(
  office: Office,
  holder: Holder,
  id: string,
  action: string,
  version: number | undefined,
  draftOf: (was: KeptKey) => Draft,
): Promise<KeptKey> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const was = await keptKey(office, holder, id);
    mustHold(holder, was, REACH);
    if (was.revokedAt !== undefined && action !== "keys.revoke") throw ended();
    if (version !== undefined && version !== was.version) throw outdated();
    const draft = draftOf(was);
    if (draft === undefined) return was;
    const secrets = draft.to.secrets.filter(({ expiresAt = Infinity }) => expiresAt > office.now());
    const to: KeptKey = { ...draft.to, secrets, version: was.version + 1 };
    const change: Change = { was, to };
    if (await office.trail.write(deed(holder, action, was, draft.set), change)) return to;
  }
  throw outdated();
}

/** Whose key is wider than one's own can't be touched, however long either lasts. */
const REACH: readonly Part[] = ["tenant", "roles", "grants"];

/** What of a key can be widened beside its time. */
const ADDED: readonly Part[] = ["roles", "grants"];

function mustHold(holder: Holder, scope: Scope, parts: readonly Part[]): void {
  const found = excess(scope, holder, parts);
  if (found !== undefined) throw new GatewayError("forbidden", `Keep the key within your own: ${found}.`);
}

async function keptKey({ vault, configured }: Office, holder: Holder, id: string): Promise<KeptKey> {
  const own = (await configured.list()).find((key) => key.id === id);
  if (own !== undefined) {
    visible(own, holder);
    throw new GatewayError("conflict", "Change this key in the config: it can't be changed here.");
  }
  const key = await asked(() => vault.read(id));
  return visible(key, holder);
}

/** Another tenant's key is none at all. */
function visible<Key extends KeyRecord>(key: Key | undefined, { tenant }: Holder): Key {
  if (key === undefined || (tenant !== undefined && key.tenant !== tenant)) throw unknownKey();
  return key;
}

async function secretOf(
  { pepper }: Office,
  now: number,
): Promise<{ readonly secret: string; readonly kept: KeySecret }> {
  const secret = newSecret();
  const hash = await hashOf(secret, pepper);
  return { secret, kept: { hash, hint: secret.slice(-4), createdAt: now, expiresAt: undefined } };
}

const deed = ({ doer }: Holder, action: string, { id, tenant }: KeyRecord, set?: unknown): Deed => ({
  by: doer,
  action,
  on: { key: id, tenant },
  outcome: "done",
  set,
});

const shownScope = ({ expiresAt, ...scope }: Alteration & Pick<Creation, "tenant">) => ({
  ...scope,
  expiresAt: typeof expiresAt === "number" ? new Date(expiresAt).toISOString() : expiresAt,
});

async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    throw new GatewayError("store_unavailable", "Try again: the store didn't answer.", { cause });
  }
}

/** There is no such key, or it is another tenant's. */
export const unknownKey = (): GatewayError =>
  new GatewayError("unknown_key", "Name a key that there is: no key of yours has this id.");
const taken = () => new GatewayError("conflict", "Give the key another id: this one is taken.");
const ended = () => new GatewayError("conflict", "Make a new key: this one is revoked.");
const outdated = () =>
  new GatewayError("conflict", "Read the key again and repeat the change: it was changed meanwhile.");
