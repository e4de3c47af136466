import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Answered, call } from "../runtime/client.ts";
import { type Gateway, RUNTIMES } from "../runtime/harness.ts";
import { pause, until } from "../runtime/wait.ts";
import { openRig, type Rig } from "../store/rig.ts";
import { budgetsIn, dump } from "./dump.ts";
import { quantile, say } from "./figures.ts";
import { type Chat, chat, Fleet, providersAt } from "./fleet.ts";
import { Provider } from "./provider.ts";

const POLICIES = ["open", "closed", "local"] as const;
/** Of the rule that is kept for each process alone. */
const LOCAL_LIMIT = 7;
/** Rounds of calls in one fault: each asks every runtime by every policy. */
const ROUNDS = 20;
/** What nobody should wait longer for; the product's own aim is 150 ms for 99 of 100. */
const BOUND_MS = 1500;

/** What happens to the store. */
interface Trouble {
  readonly name: string;
  begin(rig: Rig): Promise<void>;
  end(rig: Rig): Promise<void>;
}

const fault = (name: string, kind: Parameters<Rig["faults"]["set"]>[0]): Trouble => ({
  name,
  begin: (rig) => rig.faults.set(kind),
  end: (rig) => rig.faults.set("none"),
});

const TROUBLES: readonly Trouble[] = [
  { name: "Redis stopped", begin: (rig) => rig.stopRedis(), end: (rig) => rig.restartRedis() },
  {
    name: "Redis hung by SIGSTOP",
    begin: async (rig) => rig.redis.pause(),
    end: async (rig) => rig.redis.resume(),
  },
  {
    name: "a store that is slow by 300 ms",
    begin: async (rig) => void (rig.faults.latencyMs = 300),
    end: async (rig) => void (rig.faults.latencyMs = 0),
  },
  fault("a store that resets in the middle of answers", "reset"),
  fault("a store that answers 500", "error"),
];

const rule = (onStoreFailure: string, requests: number) => ({
  limits: [{ per: "gateway", requests, window: "1m", onStoreFailure }],
});

const config = (provider: Provider, rig: Rig) => ({
  store: { upstash: { url: rig.url, token: rig.token } },
  drainSeconds: 1,
  providers: providersAt(provider),
  gateways: {
    open: rule("open", 100_000),
    closed: rule("closed", 100_000),
    held: { limits: [{ per: "gateway", tokens: 1_000_000, window: "1d", mode: "hard" }] },
    "held-local": {
      limits: [
        { per: "gateway", tokens: 1_000_000, window: "1d", mode: "hard", onStoreFailure: "open" },
        { per: "gateway", requests: 1, window: "1m" },
      ],
    },
    ...Object.fromEntries(TROUBLES.map((_, index) => [`local-${index}`, rule("local", LOCAL_LIMIT)])),
  },
});

describe("without its store, on every runtime", () => {
  let rig: Rig;
  let provider: Provider;
  let fleet: Fleet;
  before(async () => {
    rig = await openRig();
    provider = await Provider.start();
    fleet = await Fleet.start({ runtimes: RUNTIMES, config: config(provider, rig) });
  });
  after(async () => {
    await fleet?.stop();
    await provider?.stop();
    await rig?.stop();
  });

  const stateOf = (answer: Answered) => answer.headers.get("cf-aig-store");

  /** When the gateway has decided: as the provider sees the call, or the client its refusal. */
  async function decided(gateway: Gateway, one: Chat) {
    const askedAt = performance.now();
    const came = new Map<string, number>();
    provider.begin((visit) => {
      came.set(visit.credential, visit.at);
      visit.answer("Yes.", { input: 1, output: 1 });
    });
    const answer = await call(gateway.port, chat(one), 10_000);
    return { answer, ms: (provider.visits[0]?.at ?? performance.now()) - askedAt };
  }

  for (const [index, trouble] of TROUBLES.entries()) {
    test(`${trouble.name}: each rule does as it says, soon, and all is well again by itself`, async () => {
      await Promise.all(fleet.gateways.map((gateway) => recovered(gateway)));
      await trouble.begin(rig);
      const tookMs: number[] = [];
      const passed = new Map<string, number>();
      for (let round = 0; round < ROUNDS; round++) {
        for (const gateway of fleet.gateways) {
          for (const policy of POLICIES) {
            const name = policy === "local" ? `local-${index}` : policy;
            const { answer, ms } = await decided(gateway, { gateway: name, prompt: "x" });
            tookMs.push(ms);
            const why = `${gateway.runtime}, ${policy}, round ${round}: ${answer.text.slice(0, 200)}`;
            if (policy === "open") assert.deepEqual([answer.status, stateOf(answer)], [200, "down; policy=open"], why);
            else if (policy === "closed") {
              assert.deepEqual([answer.status, stateOf(answer)], [503, "down; policy=closed"], why);
              assert.ok(Number(answer.headers.get("retry-after")) > 0, why);
            } else {
              assert.equal(answer.status, round < LOCAL_LIMIT ? 200 : 429, why);
              if (answer.status === 200) {
                assert.equal(stateOf(answer), "down; policy=local", why);
                passed.set(gateway.runtime, (passed.get(gateway.runtime) ?? 0) + 1);
              }
            }
          }
        }
      }
      await trouble.end(rig);
      const recoveredMs = await Promise.all(fleet.gateways.map((gateway) => recovered(gateway)));
      say(trouble.name, {
        calls: tookMs.length,
        "p50 ms": quantile(tookMs, 0.5),
        "p99 ms": quantile(tookMs, 0.99),
        "most ms": quantile(tookMs, 1),
        "passed by local": [...passed.values()].join(" "),
        "recovered after ms": recoveredMs.map((ms) => Math.round(ms)).join(" "),
      });
      assert.ok(quantile(tookMs, 0.99) <= BOUND_MS);
      for (const { runtime } of fleet.gateways) assert.equal(passed.get(runtime), LOCAL_LIMIT, runtime);
    });
  }

  test("what a store has taken too late is given back, or corrected to what was used", async () => {
    await Promise.all(fleet.gateways.map((gateway) => recovered(gateway)));
    rig.faults.latencyMs = 300;
    const statuses: number[] = [];
    for (const gateway of fleet.gateways) {
      for (const name of ["held", "held-local", "held-local"]) {
        statuses.push((await decided(gateway, { gateway: name, prompt: "x", maxTokens: 100 })).answer.status);
      }
    }
    rig.faults.latencyMs = 0;
    assert.deepEqual(statuses, RUNTIMES.flatMap(() => [503, 200, 429]));
    await Promise.all(fleet.gateways.map((gateway) => recovered(gateway)));
    const counts = await until(
      async () => {
        const found = budgetsIn(await dump(rig));
        return found.every(({ holds }) => holds.every(({ state }) => state === "settled")) && found;
      },
      "all to be settled",
      10_000,
    );
    const used = counts.map(({ count }) => count).sort((one, other) => one - other);
    say("holds taken too late", {
      calls: statuses.length,
      "counted for the refused": used[0] ?? "nothing",
      "counted for those that passed": used[1] ?? "nothing",
    });
    assert.deepEqual(used, [0, 2 * RUNTIMES.length]);
  });

  test("a crowd that meets a short trouble has a short rest", async () => {
    const [gateway] = fleet.gateways;
    rig.redis.pause();
    const one = chat({ gateway: "open", prompt: "x" });
    const answers = await Promise.all(Array.from({ length: 100 }, () => call(gateway!.port, one, 10_000)));
    rig.redis.resume();
    const ms = await recovered(gateway!);
    say("a crowd in a short trouble", { calls: answers.length, "recovered after ms": ms });
    assert.ok(answers.every(({ status }) => status === 200));
    assert.ok(ms < 5000, `${ms} ms`);
  });

  /** Milliseconds until a call is counted by the store again. */
  async function recovered(gateway: Gateway): Promise<number> {
    const startedAt = performance.now();
    for (;;) {
      const answer = await call(gateway.port, chat({ gateway: "closed", prompt: "x" }), 10_000);
      const ms = performance.now() - startedAt;
      if (answer.status === 200 && stateOf(answer) === undefined) return ms;
      assert.ok(ms < 15_000, `${gateway.runtime} hasn't recovered: ${answer.text}`);
      await pause(50);
    }
  }
});
