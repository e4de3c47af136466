/**
 * Runs the suite on one runtime, and keeps what came of it for the matrix.
 *
 * @module
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { CHAT_ANSWER, json } from "./answers.ts";
import { openRig, type Rig } from "../store/rig.ts";
import { STORE_TOKEN_NAME, STORED_KEY, suiteConfig, type Wants } from "./config.ts";
import { Gateway, type Runtime } from "./harness.ts";
import type { Behaviour, Keeping, Result, Run, Stage } from "./stage.ts";
import { issueStored } from "./stored.ts";
import { behaviours } from "./suite.ts";
import { Upstream } from "./upstream.ts";

/** How many behaviours that don't disturb each other run at once. */
export const AT_ONCE = 12;

const CACHE = new URL("../../node_modules/.cache/headgate/", import.meta.url);

/** Gateways on one runtime with their provider and their stores, and the book in which results are kept. */
export class Performance {
  readonly runtime: Runtime;
  readonly #gateways: Readonly<Record<Keeping, Gateway>>;
  readonly #upstream: Upstream;
  readonly #rig: Rig;
  readonly #results: Map<string, Result> = new Map();
  readonly #measured: Record<string, number[]> = {};

  private constructor(runtime: Runtime, gateways: Readonly<Record<Keeping, Gateway>>, upstream: Upstream, rig: Rig) {
    this.runtime = runtime;
    this.#gateways = gateways;
    this.#upstream = upstream;
    this.#rig = rig;
  }

  /** Starts provider, store and gateways. */
  static async open(runtime: Runtime): Promise<Performance> {
    const [upstream, rig] = await Promise.all([Upstream.start(), openRig()]);
    upstream.ticketFor(STORED_KEY, json(CHAT_ANSWER));
    issueStored(upstream);
    const started: Gateway[] = [];
    const start = async (store: Wants["store"]) => {
      const config = suiteConfig(upstream, { store, gateways: ownGateways() });
      const gateway = await Gateway.start(runtime, config, { [STORE_TOKEN_NAME]: rig.token });
      started.push(gateway);
      return gateway;
    };
    try {
      // By itself: how long it takes to start is told in the docs.
      const memory = await start("memory");
      const [redis, frail] = await Promise.all([
        start({ upstash: { url: rig.front.url }, timeout: PATIENT_MS }),
        start({ upstash: { url: rig.url } }),
      ]);
      return new Performance(runtime, { memory, redis, frail }, upstream, rig);
    } catch (error) {
      await Promise.all([...started, upstream, rig].map((part) => part.stop()));
      throw error;
    }
  }

  /** Plays one behaviour with each of its stores; throws if it fails, after writing that down. */
  async play(behaviour: Behaviour): Promise<void> {
    const { name, area, stores = ["memory"], isAlone = false } = behaviour;
    const limit = behaviour.limits?.[this.runtime];
    const play = (store: Keeping) => this.#playWith(behaviour, store);
    try {
      if (!isAlone) await Promise.all(stores.map(play));
      else for (const store of stores) await play(store);
      this.#results.set(name, {
        name,
        area,
        ...(limit === undefined ? { verdict: "holds" } : { verdict: "limited", reason: limit }),
      });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#results.set(name, { name, area, verdict: "fails", reason });
      throw error;
    }
  }

  async #playWith(behaviour: Behaviour, store: Keeping): Promise<void> {
    try {
      await behaviour.run(this.#stage(store, behaviour.limits?.[this.runtime] !== undefined));
    } catch (error) {
      const { lastWords } = this.#gateways[store];
      if (lastWords !== undefined) throw new Error(`The gateway has ended:\n${lastWords}`);
      if (store !== "memory" && error instanceof Error) error.message = `With ${store}: ${error.message}`;
      throw error;
    }
  }

  /** What has come of it so far, in the order of the suite. */
  get run(): Run {
    const results = behaviours.flatMap(({ name }) => this.#results.get(name) ?? []);
    return { runtime: this.runtime, startMs: this.#gateways.memory.startMs, results, measured: this.#measured };
  }

  /** Ends all, and keeps the run if it was a whole one. */
  async close(): Promise<void> {
    await Promise.all(Object.values(this.#gateways).map((gateway) => gateway.stop()));
    await Promise.all([this.#upstream.stop(), this.#rig.stop()]);
    if (this.#results.size === behaviours.length) await keep(this.run);
  }

  #stage(store: Keeping, isLimited: boolean): Stage {
    return {
      gateway: this.#gateways[store],
      peer: this.#gateways[store === "frail" ? "redis" : "frail"],
      upstream: this.#upstream,
      runtime: this.runtime,
      store,
      rig: this.#rig,
      isLimited,
      measure: (name, ms) => void (this.#measured[name] ??= []).push(ms),
    };
  }
}

/** Milliseconds that a call waits for the shared store where it isn't the store that is tested. */
const PATIENT_MS = 3000;

/** All gateways that behaviours want for themselves. */
function ownGateways(): Wants["gateways"] {
  const all = behaviours.flatMap(({ gateways = {} }) => Object.entries(gateways));
  const twice = all.find(([name], index) => all.findIndex(([other]) => other === name) !== index);
  if (twice !== undefined) throw new Error(`Two behaviours have a gateway called "${twice[0]}".`);
  return Object.fromEntries(all);
}

/** Plays the whole suite: what bears company first, several at once, then the rest one by one. */
export async function perform(runtime: Runtime, only: (behaviour: Behaviour) => boolean = () => true): Promise<Run> {
  const performance = await Performance.open(runtime);
  try {
    const wanted = behaviours.filter(only);
    const queue = wanted.filter(({ isAlone }) => isAlone !== true);
    const play = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        await performance.play(next).catch(() => {});
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, play));
    for (const behaviour of wanted.filter(({ isAlone }) => isAlone)) await performance.play(behaviour).catch(() => {});
    return performance.run;
  } finally {
    await performance.close();
  }
}

async function keep(run: Run): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  await writeFile(new URL(`runtime-${run.runtime}.json`, CACHE), JSON.stringify(run, undefined, 1));
}

/** The last whole run on a runtime; `undefined` if there is none. */
export async function kept(runtime: Runtime): Promise<Run | undefined> {
  try {
    return JSON.parse(await readFile(new URL(`runtime-${runtime}.json`, CACHE), "utf8")) as Run;
  } catch {
    return undefined;
  }
}
