/** Wrong orders that must not compile; the type check is the test. */
import {
  auth,
  compose,
  fallback,
  memoryJournal,
  metadata,
  meter,
  plan,
  policy,
  registry,
  retry,
  send,
  tenant,
} from "../../mod.ts";
import { log } from "../../src/middleware/log.ts";
import { credentials } from "../../src/middleware/credentials.ts";
import type { Identified, Tagged } from "../../src/call.ts";
import type { Middleware } from "../../src/middleware.ts";

declare const needsIdentity: Middleware<Identified>;
declare const needsTags: Middleware<Tagged>;
const providers = registry();
const keys = auth({ keys: [], required: false });

compose(keys).use(needsIdentity);
compose(metadata()).use(keys).use(needsIdentity).use(needsTags);
compose(log({ journal: memoryJournal() })).use(plan({ providers })).use(fallback()).use(retry()).use(meter()).to(
  send(),
);
compose(plan({ providers })).use(fallback()).to(send());

compose(keys).use(metadata()).use(tenant()).use(plan({ providers })).use(policy()).use(fallback()).to(send());

// @ts-expect-error the tenant is that of an identity
compose(metadata()).use(tenant());
// @ts-expect-error a policy judges a plan
compose(keys).use(policy());
// @ts-expect-error it needs an identity, and nobody has given one
compose(metadata()).use(needsIdentity);
// @ts-expect-error it needs tags, which come only later
compose(keys).use(needsTags).use(metadata());
// @ts-expect-error fallback needs a plan
compose(metadata()).use(fallback());
// @ts-expect-error retry needs a target
compose(plan({ providers })).use(retry());
// @ts-expect-error credentials need a target
compose(plan({ providers })).use(credentials());
// @ts-expect-error send needs a target
compose(plan({ providers })).to(send());
// @ts-expect-error the first room can't need anything
compose(fallback());
