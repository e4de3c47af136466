/**
 * The shared vault: Upstash Redis over REST, or any Redis or Valkey behind `headgate redis`.
 *
 * @module
 */
import { isObject, parsedJson } from "../../json.ts";
import {
  closedAt,
  type Entry,
  forgottenAt,
  hashesOf,
  type KeptKey,
  type Listing,
  type Page,
  type Vault,
  type Written,
} from "../../keys/vault.ts";
import { idsKey, keyKey, secretKey, TRAIL_KEY } from "../keys.ts";
import { redisOf, type Run, scriptOf, type UpstashEnvironment, type UpstashOptions } from "../redis.ts";
import { FIND, IDS, ROWS, TAKE, WRITE } from "../scripts/vault.ts";

/**
 * Keys that all processes with the same database share. Does no I/O before the first question.
 *
 * @param where Options, or an environment that holds `UPSTASH_REDIS_REST_URL` and `UPSTASH_REDIS_REST_TOKEN`.
 */
export function upstashVault(where: UpstashOptions | UpstashEnvironment): Vault {
  const redis = redisOf(where);
  const [find, ids, take, write, rows] = [FIND, IDS, TAKE, WRITE, ROWS]
    .map((text) => scriptOf(redis, text)) as [Run, Run, Run, Run, Run];
  return {
    kind: "upstash",
    find: async (hash) => keyOf(await find([secretKey(hash)], [])),
    read: async (id) => keyOf(await find([await keyKey(id)], [])),
    list: (listing) => listed(listing, ids, take),
    write: async (entry) => writtenOf(await write(await keysOf(entry), argsOf(entry))),
    rows: async (from, limit) => {
      const [count, lines] = await rows([TRAIL_KEY], [String(from), String(limit)]) as [unknown, readonly string[]];
      return { count: Number(count), lines };
    },
  };
}

function keyOf(text: unknown): KeptKey | undefined {
  const value = typeof text === "string" ? parsedJson(text) : undefined;
  return isObject(value) ? value as unknown as KeptKey : undefined;
}

/**
 * Two round trips: what keys lie under is known only once their ids are. The id of a key that is forgotten may since be
 * another tenant's.
 */
async function listed({ tenant, after, limit }: Listing, ids: Run, take: Run): Promise<Page<KeptKey>> {
  const all = await idsKey(tenant);
  const found = await ids([all], [after === undefined ? "-" : `(${after}`, String(limit + 1)]) as readonly string[];
  const page = found.slice(0, limit);
  const texts = page.length === 0 ? [] : await take([all, ...await Promise.all(page.map(keyKey))], page);
  return {
    items: (texts as readonly unknown[]).flatMap((text) => keyOf(text) ?? [])
      .filter((key) => tenant === undefined || key.tenant === tenant),
    next: found.length > limit ? page.at(-1) : undefined,
  };
}

async function keysOf({ change }: Entry): Promise<string[]> {
  if (change === undefined) return [TRAIL_KEY];
  const { was, to } = change;
  const [now, before] = [hashesOf(to), hashesOf(was)];
  const gone = before.filter((hash) => !now.includes(hash));
  const [key, all, tenants] = await Promise.all([keyKey(to.id), idsKey(undefined), idsKey(to.tenant ?? "")]);
  return [TRAIL_KEY, key, all, tenants, ...now.map(secretKey), ...gone.map(secretKey)];
}

function argsOf({ head, line, change }: Entry): string[] {
  const args = [String(head.count), head.hash, line];
  if (change === undefined) return args;
  const { was, to } = change;
  const open = hashesOf(to).length === 0 ? [] : to.secrets.map((secret) => closedAt(to, secret));
  return [
    ...args,
    String(was?.version ?? 0),
    JSON.stringify(to),
    to.id,
    ...[forgottenAt(to), ...open].map((at) => at === undefined ? "" : String(at)),
  ];
}

function writtenOf(answer: unknown): Written {
  const [kind, count, hash] = answer as readonly unknown[];
  if (kind === "moved") return { kind, head: { count: Number(count), hash: String(hash) } };
  return { kind: kind === "written" ? "written" : "outdated" };
}
