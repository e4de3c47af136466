/**
 * The embedded vault: the same meaning as the shared one, for one process.
 *
 * @module
 */
import {
  type Change,
  closedAt,
  forgottenAt,
  HASH_LENGTH,
  hashesOf,
  type Head,
  type KeptKey,
  type Page,
  START,
  type Vault,
  type Written,
} from "../../keys/vault.ts";

/** Options of {@link memoryVault}. */
export interface MemoryVaultOptions {
  /** Epoch milliseconds. */
  readonly now?: (() => number) | undefined;
}

/** Keys of one process: gone when it ends, and not shared with another. */
export function memoryVault({ now = Date.now }: MemoryVaultOptions = {}): Vault {
  const keys = new Map<string, KeptKey>();
  const ids = new Map<string, string>();
  const lines: string[] = [];
  const read = (id: string): KeptKey | undefined => {
    const key = keys.get(id);
    if (key === undefined || (forgottenAt(key) ?? Infinity) > now()) return key;
    put(key, undefined);
    return undefined;
  };
  const put = (was: KeptKey | undefined, to: KeptKey | undefined) => {
    for (const hash of hashesOf(was)) ids.delete(hash);
    for (const hash of hashesOf(to)) ids.set(hash, to?.id ?? "");
    if (to !== undefined) keys.set(to.id, to);
    else if (was !== undefined) keys.delete(was.id);
  };
  return {
    kind: "memory",
    find: async (hash) => {
      const key = keys.get(ids.get(hash) ?? "");
      return key !== undefined && opens(key, hash, now()) ? key : undefined;
    },
    read: async (id) => read(id),
    list: async ({ tenant, after, limit }) => {
      const later = [...keys.keys()].filter((id) => after === undefined || id > after).sort();
      const found = later.flatMap((id) => read(id) ?? []).filter((key) =>
        tenant === undefined || key.tenant === tenant
      );
      return pageOf(found, limit);
    },
    write: async ({ head, line, change }): Promise<Written> => {
      const end = headOf(lines);
      if (end.count !== head.count || end.hash !== head.hash) return { kind: "moved", head: end };
      if (change !== undefined && !isCurrent(change, read(change.to.id))) return { kind: "outdated" };
      lines.push(line);
      if (change !== undefined) put(keys.get(change.to.id), change.to);
      return { kind: "written" };
    },
    rows: async (from, limit) => {
      const start = from < 0 ? Math.max(0, lines.length + from) : from;
      return { count: lines.length, lines: lines.slice(start, start + limit) };
    },
  };
}

const isCurrent = ({ was }: Change, now: KeptKey | undefined) => was?.version === now?.version;

const opens = (key: KeptKey, hash: string, now: number): boolean =>
  key.secrets.some((secret) => secret.hash === hash && (closedAt(key, secret) ?? Infinity) > now);

function headOf(lines: readonly string[]): Head {
  const last = lines.at(-1);
  return last === undefined ? START : { count: lines.length, hash: last.slice(0, HASH_LENGTH) };
}

function pageOf(found: readonly KeptKey[], limit: number): Page<KeptKey> {
  const items = found.slice(0, limit);
  return { items, next: found.length > limit ? items.at(-1)?.id : undefined };
}
