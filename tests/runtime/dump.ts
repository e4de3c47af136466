/**
 * All that lies in the Redis of a rig.
 *
 * @module
 */
import type { Rig } from "../store/rig.ts";

/** One key with all that can be read there. */
export interface Kept {
  readonly key: string;
  /** Milliseconds; negative where it never ends. */
  readonly ttlMs: number;
  /** Its values, as they are and with what is written in base64 in them. */
  readonly text: string;
}

/** Reads every key. */
export async function dump({ front, token }: Rig): Promise<readonly Kept[]> {
  const ask = async (commands: readonly (readonly string[])[]): Promise<readonly unknown[]> => {
    const headers = { "authorization": `Bearer ${token}`, "content-type": "application/json" };
    const answer = await fetch(`${front.url}/pipeline`, { method: "POST", headers, body: JSON.stringify(commands) });
    return (await answer.json() as { result: unknown }[]).map(({ result }) => result);
  };
  const keys = (await ask([["KEYS", "*"]]))[0] as string[];
  const types = await ask(keys.map((key) => ["TYPE", key]));
  const values = await ask(keys.map((key, index) => READ[String(types[index])]?.(key) ?? ["TYPE", key]));
  const ttls = await ask(keys.map((key) => ["PTTL", key]));
  return keys.flatMap((key, index) => {
    const texts = [values[index]].flat().map(String);
    const ttlMs = Number(ttls[index]);
    // It may have gone meanwhile.
    return ttlMs === -2 ? [] : [{ key, ttlMs, text: [...texts, ...texts.map(decoded)].join("\n") }];
  });
}

const READ: Readonly<Record<string, (key: string) => readonly string[]>> = {
  string: (key) => ["GET", key],
  hash: (key) => ["HGETALL", key],
  list: (key) => ["LRANGE", key, "0", "-1"],
  zset: (key) => ["ZRANGE", key, "0", "-1", "WITHSCORES"],
  set: (key) => ["SMEMBERS", key],
};

/** Every long run of base64, read. */
const decoded = (text: string): string =>
  [...text.matchAll(/[\w+/-]{24,}={0,2}/g)].map(([run]) => Buffer.from(run, "base64").toString("latin1")).join("\n");
