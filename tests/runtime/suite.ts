/**
 * The suite: what Headgate does, seen from outside, the same on every runtime.
 *
 * @module
 */
import { errors } from "./behaviours/errors.ts";
import { headers } from "./behaviours/headers.ts";
import { hostile } from "./behaviours/hostile.ts";
import { leaving } from "./behaviours/leaving.ts";
import { afterwards, logs } from "./behaviours/logs.ts";
import { native } from "./behaviours/native.ts";
import { streaming } from "./behaviours/streaming.ts";
import { unified } from "./behaviours/unified.ts";
import { universal } from "./behaviours/universal.ts";
import type { Behaviour } from "./stage.ts";

/** All behaviours, in the order of the matrix. */
export const behaviours: readonly Behaviour[] = [
  ...native,
  ...streaming,
  ...leaving,
  ...universal,
  ...unified,
  ...errors,
  ...headers,
  ...logs,
  ...hostile,
  ...afterwards,
];
