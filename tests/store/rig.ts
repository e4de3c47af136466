/**
 * A real Redis, a front before it and a proxy before that, for tests.
 *
 * @module
 */
import { type Front, serveFront } from "../../cli/redis/front.ts";
import { type OwnRedis, startRedis } from "../../cli/redis/server.ts";
import { type Faults, openFaults } from "./faults.ts";

/** All that a test of a store needs. */
export interface Rig {
  /** What a client connects to: the proxy with the faults. */
  readonly url: string;
  readonly token: string;
  /** Behind the proxy; counts requests and commands. */
  readonly front: Front;
  readonly faults: Faults;
  /** The Redis that runs now. */
  readonly redis: OwnRedis;
  /** Ends Redis; the front stays. */
  stopRedis(): Promise<void>;
  /** Starts an empty Redis where the front looks for it, ending the one that runs. */
  restartRedis(): Promise<void>;
  stop(): Promise<void>;
}

/** What a rig may be given. */
export interface RigOptions {
  /** How long Redis may be silent while it owes a reply; 10 s if absent. */
  readonly replyTimeoutMs?: number;
}

/** Starts all three in this process; whoever opens it stops it. */
export async function openRig(options: RigOptions = {}): Promise<Rig> {
  let redis = await startRedis();
  const { path, url } = redis;
  const front = await serveFront({ ...options, redis: url });
  const faults = await openFaults(front.url);
  return {
    url: faults.url,
    token: front.token,
    front,
    faults,
    get redis() {
      return redis;
    },
    stopRedis: () => redis.stop(),
    async restartRedis() {
      await redis.stop();
      redis = await startRedis(path);
    },
    async stop() {
      await faults.stop();
      await front.stop();
      await redis.stop();
    },
  };
}
