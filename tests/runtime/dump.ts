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
  const ask = async (...command: readonly string[]): Promise<unknown> => {
    const headers = { "authorization": `Bearer ${token}`, "content-type": "application/json" };
    const answer = await fetch(front.url, { method: "POST", headers, body: JSON.stringify(command) });
    return (await answer.json() as { result: unknown }).result;
  };
  const kept: Kept[] = [];
  for (const key of await ask("KEYS", "*") as string[]) {
    const type = String(await ask("TYPE", key));
    const value = READ[type] === undefined ? undefined : await ask(...READ[type](key));
    const texts = [value].flat().map(String);
    const ttlMs = Number(await ask("PTTL", key));
    // It may have gone meanwhile.
    if (ttlMs !== -2) kept.push({ key, ttlMs, text: [...texts, ...texts.map(decoded)].join("\n") });
  }
  return kept;
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
