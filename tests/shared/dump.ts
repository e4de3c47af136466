/**
 * Looks into the Redis of a test, past the product.
 *
 * @module
 */
import { parseRedisUrl } from "../../cli/redis/address.ts";
import { Connection, words } from "../../cli/redis/connection.ts";
import type { Rig } from "../store/rig.ts";
import { total } from "./figures.ts";

/** One key with all that lies under it. */
export interface Dumped {
  readonly key: string;
  /** Milliseconds; -1 where it stays for ever. */
  readonly ttlMs: number;
  /** Every part of its value: fields and values, members and scores, elements. */
  readonly parts: readonly string[];
}

const READ: Readonly<Record<string, (key: string) => readonly string[]>> = {
  string: (key) => ["GET", key],
  hash: (key) => ["HGETALL", key],
  zset: (key) => ["ZRANGE", key, "0", "-1", "WITHSCORES"],
  list: (key) => ["LRANGE", key, "0", "-1"],
};

/** All keys that Redis holds now. */
export async function dump({ redis }: Rig): Promise<readonly Dumped[]> {
  const connection = await Connection.open(parseRedisUrl(redis.url), 5000);
  const run = (commands: readonly (readonly string[])[]) =>
    connection.send(commands.map((command) => words(...command)));
  try {
    const [keys] = await run([["KEYS", "*"]]);
    const names = texts(keys);
    const found = await Promise.all(names.map(async (key): Promise<Dumped[]> => {
      const [type] = (await run([["TYPE", key]])).flatMap(texts);
      const read = READ[type ?? ""];
      if (read === undefined) return [];
      const [ttl, value] = await run([["PTTL", key], read(key)]);
      // It may have expired in between.
      return Number(ttl) === -2 ? [] : [{ key, ttlMs: Number(ttl), parts: texts(value) }];
    }));
    return found.flat();
  } finally {
    connection.close();
  }
}

function texts(reply: unknown): string[] {
  if (Array.isArray(reply)) return reply.flatMap(texts);
  if (reply instanceof Uint8Array) return [Buffer.from(reply).toString("latin1")];
  if (typeof reply === "object" && reply !== null && "text" in reply) return [String(reply.text)];
  return [String(reply)];
}

/** An amount that was taken beforehand, or corrected since. */
export interface Hold {
  readonly taken: number;
  readonly state: string;
}

/** A budget as it lies in Redis. */
export interface Budget {
  readonly holds: readonly Hold[];
  /** Of all of its windows or parts together. */
  readonly count: number;
}

/** The budgets of which anything is held or was. */
export function budgetsIn(dumped: readonly Dumped[]): readonly Budget[] {
  return dumped.flatMap(({ key, parts }) => {
    if (!key.endsWith(":holds")) return [];
    const holds = values(parts).map((text): Hold => {
      const [, taken, , state = ""] = text.split("|");
      return { taken: Number(taken), state };
    });
    const counted = dumped.find((other) => `${other.key}:holds` === key);
    return [{ holds, count: total(values(counted?.parts ?? []).map(Number)) }];
  });
}

/** The values of a hash. */
const values = (parts: readonly string[]) => parts.filter((_, index) => index % 2 === 1);
