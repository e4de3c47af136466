/**
 * All scenarios, in the order of the scorecard.
 *
 * @module
 */
import { catalogue } from "./catalogue.ts";
import type { Scenario } from "./scenario.ts";
import { afterwards } from "./scenarios/after.ts";
import { before } from "./scenarios/before.ts";
import { clients } from "./scenarios/clients.ts";
import { continuing } from "./scenarios/continuing.ts";
import { waiting } from "./scenarios/waiting.ts";

/** The public catalogue's and our own. */
export const scenarios: readonly Scenario[] = [
  ...catalogue,
  ...before,
  ...waiting,
  ...afterwards,
  ...continuing,
  ...clients,
];
