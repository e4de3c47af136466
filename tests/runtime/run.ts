/**
 * Runs the suite on one runtime, and keeps what came of it for the matrix.
 *
 * @module
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { CHAT_ANSWER, json } from "./answers.ts";
import { STORED_KEY, suiteConfig } from "./config.ts";
import { Gateway, type Runtime } from "./harness.ts";
import type { Behaviour, Result, Run, Stage } from "./stage.ts";
import { issueStored } from "./stored.ts";
import { behaviours } from "./suite.ts";
import { Upstream } from "./upstream.ts";

/** How many behaviours that don't disturb each other run at once. */
export const AT_ONCE = 12;

const CACHE = new URL("../../node_modules/.cache/headgate/", import.meta.url);

/** A gateway on one runtime with its provider, and the book in which results are kept. */
export class Performance {
  readonly runtime: Runtime;
  readonly #gateway: Gateway;
  readonly #upstream: Upstream;
  readonly #results: Map<string, Result> = new Map();
  readonly #measured: Record<string, number[]> = {};

  private constructor(runtime: Runtime, gateway: Gateway, upstream: Upstream) {
    this.runtime = runtime;
    this.#gateway = gateway;
    this.#upstream = upstream;
  }

  /** Starts provider and gateway. */
  static async open(runtime: Runtime): Promise<Performance> {
    const upstream = await Upstream.start();
    upstream.ticketFor(STORED_KEY, json(CHAT_ANSWER));
    issueStored(upstream);
    try {
      return new Performance(runtime, await Gateway.start(runtime, suiteConfig(upstream)), upstream);
    } catch (error) {
      await upstream.stop();
      throw error;
    }
  }

  /** Plays one behaviour; throws if it fails, after writing that down. */
  async play(behaviour: Behaviour): Promise<void> {
    const { name, area } = behaviour;
    const limit = behaviour.limits?.[this.runtime];
    try {
      await behaviour.run(this.#stage(limit !== undefined));
      this.#results.set(name, {
        name,
        area,
        ...(limit === undefined ? { verdict: "holds" } : { verdict: "limited", reason: limit }),
      });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#results.set(name, { name, area, verdict: "fails", reason });
      throw this.#gateway.lastWords === undefined
        ? error
        : new Error(`The gateway has ended:\n${this.#gateway.lastWords}`);
    }
  }

  /** What has come of it so far, in the order of the suite. */
  get run(): Run {
    const results = behaviours.flatMap(({ name }) => this.#results.get(name) ?? []);
    return { runtime: this.runtime, startMs: this.#gateway.startMs, results, measured: this.#measured };
  }

  /** Ends both, and keeps the run if it was a whole one. */
  async close(): Promise<void> {
    await this.#gateway.stop();
    await this.#upstream.stop();
    if (this.#results.size === behaviours.length) await keep(this.run);
  }

  #stage(isLimited: boolean): Stage {
    return {
      gateway: this.#gateway,
      upstream: this.#upstream,
      runtime: this.runtime,
      isLimited,
      measure: (name, ms) => void (this.#measured[name] ??= []).push(ms),
    };
  }
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
