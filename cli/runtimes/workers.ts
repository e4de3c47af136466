/**
 * Runs in workerd: the gateway of the config that comes as a binding.
 *
 * @module
 */
import { workers, type WorkersHandler } from "../../adapters/workers.ts";
import type { Config } from "../../src/config.ts";
import { configured } from "../gateway.ts";

/** What the command line binds. */
interface Env {
  readonly HEADGATE_CONFIG: string;
}

const handler: WorkersHandler<Env> = workers((env) => configured(JSON.parse(env.HEADGATE_CONFIG) as Config));

export default handler;
