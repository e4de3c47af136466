/**
 * What a front doesn't do. Pure.
 *
 * @module
 */
import type { Args } from "./reply.ts";

/** A request can't be served; the message says why in one sentence. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  /** HTTP's. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const REASONS: readonly (readonly [because: string, names: string])[] = [
  [
    "waits, and no REST call can: ask again in a while",
    "BLPOP BRPOP BRPOPLPUSH BLMOVE BLMPOP BZPOPMIN BZPOPMAX BZMPOP WAIT WAITAOF",
  ],
  [
    "belongs to a connection, and REST calls share theirs: use POST /multi-exec or a script",
    "MULTI EXEC DISCARD WATCH UNWATCH",
  ],
  [
    "belongs to a connection, and REST calls share theirs: leave it out",
    "AUTH HELLO SELECT RESET QUIT CLIENT READONLY READWRITE ASKING",
  ],
  [
    "needs a stream of events: use POST /subscribe/CHANNEL or /psubscribe/PATTERN",
    "SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE",
  ],
  [
    "is for whoever runs the Redis: use redis-cli",
    "ACL BGREWRITEAOF BGSAVE CLUSTER CONFIG DEBUG FAILOVER LATENCY MIGRATE MODULE MONITOR PFDEBUG PFSELFTEST PSYNC " +
    "REPLCONF REPLICAOF RESTORE-ASKING SAVE SHUTDOWN SLAVEOF SLOWLOG SWAPDB SYNC",
  ],
];

const REFUSED: ReadonlyMap<string, string> = new Map(
  REASONS.flatMap(([because, names]) => names.split(" ").map((name) => [name, because])),
);

/** The name of a command, in capitals. */
export const nameOf = (args: Args): string => args[0]?.toString("latin1").toUpperCase() ?? "";

/** Why this command is refused; undefined if it isn't. */
export function refusalOf(args: Args): string | undefined {
  const name = nameOf(args);
  const because = REFUSED.get(name) ?? special(name, args);
  return because === undefined ? undefined : `ERR Command is not available: '${name}' ${because}.`;
}

/** Commands of which only one use is refused. */
function special(name: string, args: Args): string | undefined {
  if (name === "SCRIPT" && ["DEBUG", "KILL"].includes(word(args, 1))) {
    return `${word(args, 1)} is for whoever runs the Redis: use redis-cli`;
  }
  // XREADGROUP's second to fourth words are anybody's choice.
  const from = name === "XREAD" ? 1 : name === "XREADGROUP" ? 4 : Infinity;
  for (let at = from; at < args.length && word(args, at) !== "STREAMS"; at++) {
    if (word(args, at) === "BLOCK") return "with BLOCK waits, and no REST call can: leave BLOCK out and ask again";
  }
  return undefined;
}

const word = (args: Args, at: number): string => args[at]?.toString("latin1").toUpperCase() ?? "";
