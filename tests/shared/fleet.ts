/**
 * Several gateways over one Redis and before one provider, each started by the product's own command line.
 *
 * @module
 */
import type { Answered } from "../runtime/client.ts";
import { call } from "../runtime/client.ts";
import { Gateway, type Runtime } from "../runtime/harness.ts";
import type { Provider } from "./provider.ts";
import { findFaketime, skewed } from "./skew.ts";

/** How a fleet is started. */
export interface FleetOptions {
  readonly runtimes: readonly Runtime[];
  readonly config: unknown;
  /** Seconds between the clocks that are furthest apart; 0 if absent. */
  readonly apartSeconds?: number;
}

/** As many as may be started at once: each is a whole runtime. */
const STARTED_AT_ONCE = 3;

/** Gateways that run. */
export class Fleet {
  readonly gateways: Gateway[];
  readonly #options: FleetOptions;

  private constructor(gateways: Gateway[], options: FleetOptions) {
    this.gateways = gateways;
    this.#options = options;
  }

  /** Starts all of them. */
  static async start(options: FleetOptions): Promise<Fleet> {
    const started: Gateway[] = [];
    const left = [...options.runtimes.keys()];
    const start = async () => {
      for (let index = left.shift(); index !== undefined; index = left.shift()) {
        started[index] = await startOne(options, index);
      }
    };
    const results = await Promise.allSettled(Array.from({ length: STARTED_AT_ONCE }, start));
    const failed = results.find((result) => result.status === "rejected");
    if (failed === undefined) return new Fleet(started, options);
    await Promise.all(started.map((gateway) => gateway?.stop()));
    throw failed.reason;
  }

  /** The gateway whose turn it is. */
  at(index: number): Gateway {
    return this.gateways[index % this.gateways.length]!;
  }

  /** Ends one by `kill -9`. */
  async crash(index: number): Promise<void> {
    await this.gateways[index]!.crash();
  }

  /** Puts a new one in the place of one that has ended. */
  async restart(index: number): Promise<void> {
    this.gateways[index] = await startOne(this.#options, index);
  }

  async stop(): Promise<void> {
    await Promise.all(this.gateways.map((gateway) => gateway.stop()));
  }
}

function startOne({ runtimes, config, apartSeconds = 0 }: FleetOptions, index: number): Promise<Gateway> {
  // The library stops workerd before it listens: its clock is the machine's.
  const library = apartSeconds === 0 || runtimes[index] === "workers" ? undefined : findFaketime();
  const seconds = Math.round((index / (runtimes.length - 1) - 0.5) * apartSeconds);
  return Gateway.start(runtimes[index]!, config, library === undefined ? {} : skewed(library, seconds));
}

/** What a chat is asked with. */
export interface Chat {
  readonly gateway: string;
  readonly prompt: string;
  readonly isStream?: boolean;
  readonly maxTokens?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A call of the chat format, ready to be sent. */
export function chat({ gateway, prompt, isStream, maxTokens, headers }: Chat) {
  const messages = [{ role: "user", content: prompt }];
  return {
    path: `/v1/acc/${gateway}/openai/chat/completions`,
    headers: { "content-type": "application/json", authorization: "Bearer sk-caller", ...headers },
    body: JSON.stringify({
      model: "gpt-5",
      messages,
      ...(isStream === true ? { stream: true } : {}),
      ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
    }),
  };
}

/** How long a call of a crowd may take, in milliseconds. */
const CROWD_MS = 30_000;

/** Asks and waits for the whole answer, in a crowd that takes its time. */
export const ask = (gateway: Gateway, one: Chat): Promise<Answered> => call(gateway.port, chat(one), CROWD_MS);

/** The config of a provider that listens on loopback. */
export const providersAt = ({ port }: Provider) => ({
  openai: { origin: `http://127.0.0.1:${port}/v1`, allowPrivate: true },
});
