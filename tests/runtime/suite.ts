/**
 * The suite: what Headgate does, seen from outside, the same on every runtime.
 *
 * @module
 */
import { attempts } from "./behaviours/attempts.ts";
import { bodies } from "./behaviours/bodies.ts";
import { budgets } from "./behaviours/budgets.ts";
import { cache } from "./behaviours/cache.ts";
import { credentials } from "./behaviours/credentials.ts";
import { errors } from "./behaviours/errors.ts";
import { headers } from "./behaviours/headers.ts";
import { identity } from "./behaviours/identity.ts";
import { hostile } from "./behaviours/hostile.ts";
import { leaving } from "./behaviours/leaving.ts";
import { limits } from "./behaviours/limits.ts";
import { afterwards, logs } from "./behaviours/logs.ts";
import { management } from "./behaviours/management.ts";
import { native } from "./behaviours/native.ts";
import { pressure } from "./behaviours/pressure.ts";
import { store } from "./behaviours/store.ts";
import { streaming } from "./behaviours/streaming.ts";
import { unified } from "./behaviours/unified.ts";
import { universal } from "./behaviours/universal.ts";
import { wire } from "./behaviours/wire.ts";
import type { Behaviour } from "./stage.ts";

/** All behaviours, in the order of the matrix. */
export const behaviours: readonly Behaviour[] = [
  ...native,
  ...bodies,
  ...streaming,
  ...pressure,
  ...leaving,
  ...universal,
  ...attempts,
  ...unified,
  ...errors,
  ...headers,
  ...logs,
  ...limits,
  ...budgets,
  ...cache,
  ...store,
  ...identity,
  ...management,
  ...hostile,
  ...wire,
  ...credentials,
  ...afterwards,
];
