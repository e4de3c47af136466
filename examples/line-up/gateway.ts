import {
  auth,
  budget,
  cache,
  compose,
  credentials,
  demo,
  entry,
  fallback,
  Guard,
  limit,
  memory,
  metadata,
  meter,
  plan,
  purge,
  registry,
  retry,
  send,
} from "headgate";

const providers = registry({}, [demo()]);
const keys = [{ id: "acme-prod", key: process.env.ACME_KEY ?? "try-me", tenant: "acme-co" }];

/** All rooms share one store, and what is known of it; `upstash({ url, token })` is shared by many processes. */
const store = new Guard(memory());
const requests = [{ name: "requests", per: "tenant", requests: 50, window: "1m" }] as const;
const tokens = [{ name: "tokens", per: "tenant", tokens: 20_000, window: "day", mode: "hard" }] as const;

export default entry(
  compose(auth({ keys, required: false })) // whose call it is
    .use(purge({ store })) // answers POST /cache/purge
    .use(metadata())
    .use(plan({ providers }))
    .use(limit({ store, limits: requests })) // once a call
    .use(fallback()) // what follows, once for each target
    .use(cache({ store })) // a hit goes no further, and takes nothing of the budget
    .use(budget({ store, limits: tokens })) // before `meter`, which tells what was used
    .use(retry())
    .use(credentials())
    .use(meter())
    .to(send()),
  { providers },
);
