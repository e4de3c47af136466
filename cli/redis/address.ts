/**
 * Where a Redis is. Pure.
 *
 * @module
 */
import { StartError } from "../launch.ts";

/** How to reach a Redis, and as whom. */
export interface RedisAddress {
  /** Unix socket; then host and port mean nothing. */
  readonly path: string | undefined;
  readonly host: string;
  readonly port: number;
  /** By TLS. */
  readonly isSecure: boolean;
  readonly username: string;
  readonly password: string;
  readonly database: number;
}

const SCHEMES = ["redis:", "rediss:", "unix:"];

/**
 * Reads `redis://user:password@host:6379/0`, the same with `rediss:`, or `unix:///path/redis.sock?db=0`.
 *
 * @throws {StartError} If it is none of them. What was given isn't repeated, as there may be a password in it.
 */
export function parseRedisUrl(text: string): RedisAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !SCHEMES.includes(url.protocol)) {
    throw new StartError(
      "--redis takes an address such as redis://127.0.0.1:6379, rediss:// or unix:///path/redis.sock.",
    );
  }
  const isUnix = url.protocol === "unix:";
  const database = isUnix ? url.searchParams.get("db") ?? "" : url.pathname.replace(/^\//, "");
  if (!/^\d{0,5}$/.test(database)) {
    throw new StartError("--redis takes a database's number after the last slash, as in redis://127.0.0.1:6379/1.");
  }
  return {
    path: isUnix ? decoded(url.pathname) : undefined,
    host: url.hostname.replace(/^\[|\]$/g, "") || "127.0.0.1",
    port: Number(url.port || 6379),
    isSecure: url.protocol === "rediss:",
    username: decoded(url.username),
    password: decoded(url.password),
    database: Number(database),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
