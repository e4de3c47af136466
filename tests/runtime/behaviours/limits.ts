/**
 * Limits: how many calls a caller may make, counted exactly, by whatever tells callers apart.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  CHAT_ANSWER,
  chunk,
  CONTENT,
  DONE,
  EVENTS,
  failing,
  json,
  MESSAGE,
  MESSAGE_ANSWER,
  STOP_CHUNK,
} from "../answers.ts";
import type { Answered } from "../client.ts";
import { KEYS } from "../config.ts";
import type { Exchange } from "../exchange.ts";
import { answering, ask, type Asking, begin, BOTH, chat, left, statuses, streaming, times } from "../governed.ts";
import { area, type Behaviour, type Stage } from "../stage.ts";
import { messages, run, step } from "../steps.ts";
import { pause, until } from "../wait.ts";

const REFUSED = [200, 200, 200, 429];

/** A rule of one call an hour: what it counts together shows at the second call. */
const once = (per: string | readonly string[], more: Record<string, unknown> = {}) => ({
  auth: "off",
  limits: [{ per, requests: 1, window: "1h", ...more }],
} as never);

/** Two callers whom a rule counts together, and one whom it doesn't. */
async function toldApart(
  stage: Stage,
  gateway: string,
  [one, same, other]: readonly [Asking, Asking, Asking],
): Promise<void> {
  const ticket = answering(stage);
  assert.deepEqual(await statuses(stage, gateway, ticket, [one, same, other]), [200, 429, 200]);
  assert.equal(ticket.calls.length, 2);
}

const tagged = (name: string, value: unknown): Asking => ({ tags: { [name]: value } });
const of = (model: string): Asking => ({ body: chat("Hi", { model }) });
const gateways = (name: string, settings: unknown) => ({ [name]: settings } as NonNullable<Behaviour["gateways"]>);

/** Where the platform, and not the socket, tells whose call it is. */
const ADDRESS: Partial<Record<Stage["runtime"], string>> = { workers: "cf-connecting-ip", vercel: "x-real-ip" };

/** A caller with an address of its own. */
function at({ runtime }: Stage, address: string): Asking {
  const name = ADDRESS[runtime];
  return name === undefined ? { from: address } : { headers: { [name]: address } };
}

/** What tells callers apart, one case each. */
const DIMENSIONS: readonly Omit<Behaviour, "area">[] = [
  {
    name: "A limit per gateway counts all of its callers together",
    gateways: { ...gateways("per-gateway", once("gateway")), ...gateways("per-gateway-too", once("gateway")) },
    async run(stage) {
      const ticket = answering(stage);
      assert.deepEqual(await statuses(stage, "per-gateway", ticket, [tagged("a", 1), tagged("a", 2)]), [200, 429]);
      assert.deepEqual(await statuses(stage, "per-gateway-too", ticket, [{}]), [200]);
    },
  },
  {
    name: "A limit per tenant counts all keys of a tenant together",
    gateways: gateways("per-tenant", { ...(once("tenant") as object), auth: "required" }),
    run: (stage) => toldApart(stage, "per-tenant", [{ key: KEYS.acme }, { key: KEYS.acmeToo }, { key: KEYS.zeta }]),
  },
  {
    name: "A limit per key counts each key of a tenant by itself",
    gateways: gateways("per-key", { ...(once("key") as object), auth: "required" }),
    run: (stage) => toldApart(stage, "per-key", [{ key: KEYS.acme }, { key: KEYS.acme }, { key: KEYS.acmeToo }]),
  },
  {
    name: "A limit per model counts each model by itself",
    gateways: gateways("per-model", once("model")),
    run: (stage) => toldApart(stage, "per-model", [of("gpt-5"), of("gpt-5"), of("gpt-5-mini")]),
  },
  {
    name: "A limit per provider counts each provider by itself",
    gateways: gateways("per-provider", once("provider")),
    run: (stage) => toldApart(stage, "per-provider", [{}, {}, { path: "anthropic/v1/messages", body: MESSAGE }]),
  },
  {
    name: "A limit per address counts each client's address by itself",
    gateways: gateways("per-ip", once("ip")),
    run: (stage) =>
      toldApart(stage, "per-ip", [at(stage, "127.0.0.7"), at(stage, "127.0.0.7"), at(stage, "127.0.0.8")]),
  },
  {
    name: "A limit per tag of the metadata counts each value by itself",
    gateways: gateways("per-tag", once("metadata.user")),
    run: (stage) => toldApart(stage, "per-tag", [tagged("user", "ann"), tagged("user", "ann"), tagged("user", "bob")]),
  },
  {
    name: "A limit per several things counts each combination by itself",
    gateways: gateways("per-several", { ...(once(["tenant", "metadata.user", "model"]) as object), auth: "required" }),
    async run(stage) {
      const who = (key: string, user: string, model: string): Asking => ({
        key,
        ...tagged("user", user),
        ...of(model),
      });
      const { acme, acmeToo, zeta } = KEYS;
      await toldApart(stage, "per-several", [who(acme, "ann", "a"), who(acmeToo, "ann", "a"), who(acme, "bob", "a")]);
      const ticket = answering(stage);
      const others = [who(acme, "ann", "b"), who(zeta, "ann", "a")];
      assert.deepEqual(await statuses(stage, "per-several", ticket, others), [200, 200]);
    },
  },
];

/** What a refusal owes its reader, whatever the dialect. */
function assertRefused(answered: Answered, rule: string): void {
  const { status, headers } = answered;
  assert.equal(status, 429, answered.text);
  const { success, name, httpCode, internalCode, message, error } = answered.json();
  assert.deepEqual([success, name, httpCode, internalCode], [false, "AiGatewayError", 429, 2003]);
  assert.ok((message ?? error.message).includes(`"${rule}"`), answered.text);
  const [seconds, ms] = [Number(headers.get("retry-after")), Number(headers.get("retry-after-ms"))];
  assert.ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= 3660, `retry-after: ${seconds}`);
  assert.ok(Number.isInteger(ms) && ms > 0 && Math.ceil(ms / 1000) === seconds, `retry-after-ms: ${ms}`);
  assert.equal(left(answered, rule), 0);
  assert.match(headers.get("ratelimit-policy") ?? "", new RegExp(`^"${rule}";q=1;w=3600$`));
}

/** A call that runs until the test lets it end. */
async function running(stage: Stage, gateway: string, body: string, tags: Asking["tags"]) {
  const ticket = stage.upstream.ticket();
  const live = begin(stage, gateway, ticket, { body, ...(tags === undefined ? {} : { tags }) });
  const provider = await ticket.next();
  await provider.body;
  return { live, provider };
}

const CONCURRENT = { auth: "off", limits: [{ per: "metadata.user", concurrent: 1 }] };

/** Waits until a caller has a place again. */
async function freeAgain(stage: Stage, gateway: string, asking: Asking): Promise<void> {
  const ticket = answering(stage);
  await until(async () => (await ask(stage, gateway, ticket, asking)).status === 200, "a free place");
}

/** A provider that goes on talking until it is hung up on. */
async function talk(provider: Exchange): Promise<void> {
  while (!provider.isClosed) {
    await provider.write(chunk("and"));
    await pause(10);
  }
}

/** Limits of all kinds. */
export const limits: readonly Behaviour[] = area("limits", [
  {
    name: "A tenant that a rule names gets its requests and no more, and others aren't touched",
    gateways: gateways("named", {
      auth: "off",
      limits: [{ per: "metadata.tenant", match: "acme-co", requests: 3, window: "1m" }],
    }),
    async run(stage) {
      const ticket = answering(stage);
      assert.deepEqual(await statuses(stage, "named", ticket, times(4, tagged("tenant", "acme-co"))), REFUSED);
      const others = [...times(5, tagged("tenant", "zeta-co")), {}, tagged("tenant", "acme-co-2")];
      assert.deepEqual(await statuses(stage, "named", ticket, others), times(7, 200));
      assert.equal(ticket.calls.length, 10);
    },
  },
  {
    name: "Of many calls at once exactly as many pass as a limit allows, and the others reach no provider",
    gateways: gateways("exact", { auth: "off", limits: [{ per: "metadata.user", requests: 10, window: "1h" }] }),
    async run(stage) {
      const ticket = answering(stage);
      const all = await Promise.all(
        times(30, "ann").map((user) => ask(stage, "exact", ticket, tagged("user", user))),
      );
      assert.equal(all.filter(({ status }) => status === 200).length, 10);
      assert.equal(all.filter(({ status }) => status === 429).length, 20);
      assert.equal(ticket.calls.length, 10);
    },
  },
  {
    name: "A refusal speaks the dialect of its path, with code 2003 and the time to wait",
    gateways: gateways("few", { auth: "off", limits: [{ name: "few", per: "gateway", requests: 1, window: "1h" }] }),
    async run(stage) {
      const ticket = answering(stage);
      assert.equal((await ask(stage, "few", ticket)).status, 200);
      const openai = await ask(stage, "few", ticket);
      const unified = await ask(stage, "few", ticket, {
        path: "compat/chat/completions",
        body: chat("Hi", { model: "openai/gpt-5" }),
      });
      const anthropic = await ask(stage, "few", ticket, { path: "anthropic/v1/messages", body: MESSAGE });
      const path = "google-ai-studio/v1beta/models/m:generateContent";
      const gemini = await ask(stage, "few", ticket, { path, body: CONTENT });
      const universal = await run(stage, [step(ticket)], {}, "/v1/acc/few");
      for (const answered of [openai, unified, anthropic, gemini, universal]) assertRefused(answered, "few");
      for (const { json } of [openai, unified]) {
        const { error } = json();
        assert.ok(typeof error.message === "string" && typeof error.type === "string", JSON.stringify(error));
      }
      assert.deepEqual([anthropic.json().type, anthropic.json().error.type], ["error", "rate_limit_error"]);
      assert.deepEqual([gemini.json().error.code, gemini.json().error.status], [429, "RESOURCE_EXHAUSTED"]);
      assert.deepEqual(universal.json().error, [{ code: 2003, message: universal.json().message }]);
      assert.equal(ticket.calls.length, 1);
    },
  },
  {
    name: "An answer that passes tells each limit, and what is left of it",
    gateways: gateways("telling", {
      auth: "off",
      limits: [
        { name: "all", per: "gateway", requests: 9, window: "1h" },
        { name: "own", per: "metadata.user", requests: 3, window: "1m" },
      ],
    }),
    async run(stage) {
      const ticket = answering(stage);
      for (const rest of [2, 1, 0]) {
        const answered = await ask(stage, "telling", ticket, tagged("user", "ann"));
        assert.deepEqual([left(answered, "all"), left(answered, "own")], [rest + 6, rest]);
        assert.equal(answered.headers.get("ratelimit-policy"), '"all";q=9;w=3600, "own";q=3;w=60');
      }
    },
  },
  ...DIMENSIONS,
  {
    name: "A pattern says whom a rule concerns, for one thing or for several",
    gateways: gateways("patterns", {
      auth: "off",
      limits: [
        { per: "metadata.plan", match: ["free-*", "trial"], requests: 1, window: "1h" },
        { per: "metadata.user", match: { "metadata.user": "*", "model": "gpt-*-pro" }, requests: 1, window: "1h" },
      ],
    }),
    async run(stage) {
      const ticket = answering(stage);
      const plans = ["free-eu", "free-eu", "free-us", "trial", "trial", "paid", "paid"].map((plan) =>
        tagged("plan", plan)
      );
      assert.deepEqual(await statuses(stage, "patterns", ticket, plans), [200, 429, 200, 200, 429, 200, 200]);
      const models = ["gpt-5-pro", "gpt-6-pro", "gpt-5", "gpt-5"].map((model) => ({
        ...tagged("user", "u"),
        ...of(model),
      }));
      assert.deepEqual(await statuses(stage, "patterns", ticket, models), [200, 429, 200, 200]);
    },
  },
  {
    name: "Some values have an amount of their own",
    gateways: gateways("amounts", once("metadata.user", { overrides: { "gold-*": 3, "banned": 0 } })),
    async run(stage) {
      const ticket = answering(stage);
      assert.deepEqual(await statuses(stage, "amounts", ticket, times(4, tagged("user", "gold-1"))), REFUSED);
      assert.deepEqual(await statuses(stage, "amounts", ticket, times(2, tagged("user", "ann"))), [200, 429]);
      assert.deepEqual(await statuses(stage, "amounts", ticket, [tagged("user", "banned")]), [429]);
    },
  },
  {
    name: "A fixed window and a period of the calendar let their amount pass, and tell when they end",
    gateways: gateways("fixed", {
      auth: "off",
      limits: [
        { name: "w", per: "metadata.w", match: "*", requests: 2, window: "30d", algorithm: "fixed" },
        { name: "c", per: "metadata.c", match: "*", requests: 2, window: "month" },
      ],
    }),
    async run(stage) {
      const ticket = answering(stage);
      for (const name of ["w", "c"]) {
        assert.deepEqual(await statuses(stage, "fixed", ticket, times(2, tagged(name, 1))), [200, 200]);
        const refused = await ask(stage, "fixed", ticket, tagged(name, 1));
        assert.equal(refused.status, 429);
        const seconds = Number(refused.headers.get("retry-after"));
        assert.ok(seconds >= 1 && seconds <= 31 * 86_400, `${seconds}`);
      }
    },
  },
  {
    name: "A bucket lets a burst pass and is refilled bit by bit",
    gateways: gateways("bucket", {
      auth: "off",
      limits: [{ per: "metadata.user", requests: 2, window: "5s", algorithm: "bucket" }],
    }),
    async run(stage) {
      const ticket = answering(stage);
      const all = await Promise.all(times(6, 1).map(() => ask(stage, "bucket", ticket, tagged("user", "ann"))));
      assert.equal(all.filter(({ status }) => status === 200).length, 2);
      const waitMs = Number(all.find(({ status }) => status === 429)?.headers.get("retry-after-ms"));
      assert.ok(waitMs > 0 && waitMs <= 2500, `${waitMs}`);
      await pause(waitMs);
      await freeAgain(stage, "bucket", tagged("user", "ann"));
    },
  },
  {
    name: "A sliding window is free again once its time has passed, as it said",
    gateways: gateways("sliding", { auth: "off", limits: [{ per: "metadata.user", requests: 1, window: "1s" }] }),
    async run(stage) {
      const ticket = answering(stage);
      const all = await Promise.all(times(3, 1).map(() => ask(stage, "sliding", ticket, tagged("user", "ann"))));
      assert.equal(all.filter(({ status }) => status === 200).length, 1);
      const waitMs = Number(all.find(({ status }) => status === 429)?.headers.get("retry-after-ms"));
      assert.ok(waitMs > 0 && waitMs <= 1100, `${waitMs}`);
      await pause(waitMs);
      await freeAgain(stage, "sliding", tagged("user", "ann"));
    },
  },
  {
    name: "A call frees its place among those at the same time when it ends",
    gateways: gateways("places", CONCURRENT),
    async run(stage) {
      const { live, provider } = await running(stage, "places", chat("Hi"), { user: "ann" });
      const refused = await ask(stage, "places", answering(stage), tagged("user", "ann"));
      assert.deepEqual([refused.status, refused.json().internalCode], [429, 2003]);
      assert.ok(Number(refused.headers.get("retry-after")) >= 1);
      assert.equal((await ask(stage, "places", answering(stage), tagged("user", "bob"))).status, 200);
      provider.reply(200, [["content-type", "application/json"]], CHAT_ANSWER);
      await live.rest();
      await freeAgain(stage, "places", tagged("user", "ann"));
    },
  },
  {
    name: "A stream keeps its place until it has ended",
    gateways: gateways("places-of-streams", CONCURRENT),
    async run(stage) {
      const { live, provider } = await running(stage, "places-of-streams", streaming("Hi"), { user: "ann" });
      provider.head(200, EVENTS);
      await provider.write(chunk("one"));
      await live.take(chunk("one").length);
      assert.equal((await ask(stage, "places-of-streams", answering(stage), tagged("user", "ann"))).status, 429);
      await provider.write(STOP_CHUNK + DONE);
      provider.end();
      await live.rest();
      await freeAgain(stage, "places-of-streams", tagged("user", "ann"));
    },
  },
  {
    name: "A client that leaves its stream frees its place",
    gateways: gateways("places-of-leavers", CONCURRENT),
    async run(stage) {
      const { live, provider } = await running(stage, "places-of-leavers", streaming("Hi"), { user: "ann" });
      provider.head(200, EVENTS);
      await provider.write(chunk("one"));
      await live.take(chunk("one").length);
      void talk(provider);
      live.leave("rst");
      await freeAgain(stage, "places-of-leavers", tagged("user", "ann"));
    },
  },
  {
    name: "A call that fails frees its place",
    gateways: gateways("places-of-failures", CONCURRENT),
    async run(stage) {
      const failed = await ask(
        stage,
        "places-of-failures",
        stage.upstream.ticket(failing(500)),
        tagged("user", "ann"),
      );
      assert.equal(failed.status, 500);
      await freeAgain(stage, "places-of-failures", tagged("user", "ann"));
    },
  },
  {
    name: "A rule in shadow refuses nothing, tells clients nothing and shows up in the log",
    gateways: gateways("shadow", once("metadata.user", { name: "someday", mode: "shadow" })),
    async run(stage) {
      const ticket = answering(stage);
      const [first, second] = [
        await ask(stage, "shadow", ticket, tagged("user", "ann")),
        await ask(stage, "shadow", ticket, tagged("user", "ann")),
      ];
      assert.deepEqual([first.status, second.status], [200, 200]);
      assert.equal(second.headers.get("ratelimit"), undefined);
      assert.deepEqual((await stage.gateway.log(first)).limited, []);
      assert.deepEqual((await stage.gateway.log(second)).limited, [{ rule: "someday", isShadow: true }]);
    },
  },
  {
    name: "A refusal is logged with its rule",
    gateways: gateways("logged", once("metadata.user", { name: "one" })),
    async run(stage) {
      const ticket = answering(stage);
      await ask(stage, "logged", ticket, tagged("user", "ann"));
      const refused = await ask(stage, "logged", ticket, tagged("user", "ann"));
      const { limited, status, error } = await stage.gateway.log(refused);
      assert.deepEqual([limited, status, error?.code], [[{ rule: "one", isShadow: false }], 429, "rate_limited"]);
    },
  },
  {
    name: "A limit of one provider sends a universal call on to its next step",
    gateways: gateways("next-step", once("provider", { match: "openai" })),
    async run(stage) {
      const [one, two] = [answering(stage), stage.upstream.ticket(json(MESSAGE_ANSWER))];
      const steps = [step(one), messages(two)];
      const first = await run(stage, steps, {}, "/v1/acc/next-step");
      assert.deepEqual([first.status, first.headers.get("cf-aig-step")], [200, "0"]);
      const second = await run(stage, steps, {}, "/v1/acc/next-step");
      assert.deepEqual([second.status, second.headers.get("cf-aig-step"), second.text], [200, "1", MESSAGE_ANSWER]);
      assert.deepEqual([one.calls.length, two.calls.length], [1, 1]);
      const alone = await run(stage, [step(one)], {}, "/v1/acc/next-step");
      assert.equal(alone.status, 429);
    },
  },
  {
    name: "A call counts once, however many steps and attempts it takes",
    gateways: gateways("once", { auth: "off", limits: [{ name: "n", per: "gateway", requests: 2, window: "1h" }] }),
    async run(stage) {
      const bad = stage.upstream.ticket(failing(503));
      const good = stage.upstream.ticket(json(MESSAGE_ANSWER));
      const config = { maxAttempts: 2, retryDelay: 1, backoff: "constant" };
      const steps = [step(bad, { config }), messages(good)];
      for (const rest of [1, 0]) {
        const answered = await run(stage, steps, {}, "/v1/acc/once");
        assert.deepEqual([answered.status, left(answered, "n")], [200, rest], answered.text);
      }
      assert.equal((await run(stage, steps, {}, "/v1/acc/once")).status, 429);
      assert.equal(good.calls.length, 2);
    },
  },
  {
    name: "A call that one rule refuses takes nothing of another",
    gateways: gateways("all-or-none", {
      auth: "off",
      limits: [
        { per: "gateway", requests: 3, window: "1h" },
        { per: "metadata.user", requests: 1, window: "1h" },
      ],
    }),
    async run(stage) {
      const users = ["ann", "ann", "ann", "ann", "bob", "cyd", "dan"].map((user) => tagged("user", user));
      const seen = await statuses(stage, "all-or-none", answering(stage), users);
      assert.deepEqual(seen, [200, 429, 429, 429, 200, 200, 429]);
    },
  },
  {
    name: "Metadata can't take a call out of its key's tenant, nor into another's counts",
    gateways: gateways("borders", {
      auth: "required",
      limits: [
        { per: "tenant", requests: 3, window: "1h" },
        { per: "metadata.user", requests: 2, window: "1h" },
      ],
    }),
    async run(stage) {
      const ticket = answering(stage);
      const who = (key: string, user: string): Asking => ({ key, tags: { user, tenant: "zeta-co" } });
      const acme = await statuses(stage, "borders", ticket, [
        who(KEYS.acme, "ann"),
        who(KEYS.acme, "ann"),
        who(KEYS.acme, "ann"),
        who(KEYS.acme, "bob"),
        who(KEYS.acmeToo, "cyd"),
      ]);
      assert.deepEqual(acme, [200, 200, 429, 200, 429]);
      const zeta = await statuses(stage, "borders", ticket, times(3, who(KEYS.zeta, "ann")));
      assert.deepEqual(zeta, [200, 200, 429]);
    },
  },
  {
    name: "Who leaves a tag out, or sends metadata that can't be read, doesn't get round its limit",
    gateways: gateways("no-way-round", once("metadata.user")),
    async run(stage) {
      const ticket = answering(stage);
      const raw = (text: string): Asking => ({ headers: { "cf-aig-metadata": text } });
      const dodges = [{}, {}, raw("not json"), raw('{"user":{"deep":1}}'), raw("{}"), tagged("other", "ann")];
      assert.deepEqual(await statuses(stage, "no-way-round", ticket, dodges), [200, ...times(5, 429)]);
    },
  },
  {
    name: "A call that is refused for itself, or for its key, isn't counted",
    gateways: gateways("innocent", { auth: "required", limits: [{ per: "gateway", requests: 1, window: "1h" }] }),
    async run(stage) {
      const ticket = answering(stage);
      const wrong: Asking[] = [
        {},
        { key: "gw-none" },
        { key: KEYS.acme, path: "openai/../x" },
        { key: KEYS.acme, path: "compat/chat/completions", body: "{" },
        { key: KEYS.acme, path: "", body: "[]" },
        { key: KEYS.acme, path: "opnai/chat/completions" },
      ];
      for (const status of await statuses(stage, "innocent", ticket, wrong)) {
        assert.ok(status >= 400 && status < 500 && status !== 429, `${status}`);
      }
      assert.deepEqual(await statuses(stage, "innocent", ticket, times(2, { key: KEYS.acme })), [200, 429]);
    },
  },
  {
    name: "Calls that no rule concerns bear no trace of limits",
    gateways: gateways("unconcerned", once("metadata.user", { match: "ann" })),
    async run(stage) {
      const answered = await ask(stage, "unconcerned", answering(stage));
      assert.deepEqual([answered.status, answered.headers.get("ratelimit")], [200, undefined]);
    },
  },
], { stores: BOTH });
