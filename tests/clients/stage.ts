/**
 * A mock provider, a gateway before it, and every way by which a client gets from one to the other.
 *
 * @module
 */
import { LLMock } from "@copilotkit/aimock";
import { serve, type Server } from "../../adapters/node.ts";
import { demo, type Gateway, gateway, type MemoryJournal, memoryJournal } from "../../mod.ts";
import { rehearse } from "./script.ts";
import { type Arrival, Wiretap } from "./wiretap.ts";

/** The key of the gateway named `locked`. */
export const GATEWAY_KEY = "hg-5f1c0e77a1b24d5f";

/** The key that the gateway stores for OpenAI. */
export const STORED_KEY = "sk-stored-0d9c";

/** The key that clients bring. */
export const CLIENT_KEY = "sk-client-7a1b";

/** One way to a provider. */
export interface Seat {
  /** As `the demo over a socket`. */
  readonly name: string;
  readonly isDemo: boolean;
  /** Base URL of the gateway named `default`. */
  readonly gateway: string;
  /** Base URLs as each client wants them. */
  readonly openai: string;
  readonly anthropic: string;
  readonly google: string;
  /** A model that says back what it hears. */
  readonly model: string;
  /** The same for Gemini, whose finish reason for a tool call the mock must be told. */
  readonly googleModel: string;
  /** The same, some words a second. */
  readonly slowModel: string;
  /** For the `fetch` option that every client has; counts. */
  readonly fetch: typeof fetch;
  /** Requests that clients have made since the last {@link Stage.clear}. */
  requests(): number;
}

/** Everything that a file of tests needs, started once. */
export class Stage {
  readonly mock: LLMock;
  readonly gateway: Gateway;
  readonly journal: MemoryJournal;
  /** Over a socket and in process, to the mock and to the demo. */
  readonly seats: readonly Seat[];
  readonly #server: Server;
  readonly #counter: Counter;
  readonly #tap: Wiretap;

  private constructor(mock: LLMock, tap: Wiretap, gateway: Gateway, journal: MemoryJournal, server: Server) {
    this.mock = mock;
    this.#tap = tap;
    this.gateway = gateway;
    this.journal = journal;
    this.#server = server;
    this.#counter = { requests: 0 };
    const doors: readonly Door[] = [
      { name: "over a socket", base: `${server.url}/v1/acme/default`, fetch: (...args) => fetch(...args) },
      { name: "in process", base: "https://headgate.local", fetch: gateway.fetch },
    ];
    this.seats = doors.flatMap((door) => [true, false].map((isDemo) => seat(door, isDemo, this.#counter)));
  }

  /** Starts the mock and the gateway on free ports. */
  static async open(): Promise<Stage> {
    const mock = new LLMock({ port: 0, host: "127.0.0.1", journalMaxEntries: 0 });
    rehearse(mock);
    const tap = new Wiretap();
    mock.mount("/v1", tap).mount("/v1beta", tap);
    await mock.start();
    const journal = memoryJournal();
    const house = gateway({
      journal,
      local: [demo()],
      auth: { keys: [{ id: "clients", key: GATEWAY_KEY }] },
      providers: {
        "openai": { origin: mock.url, allowPrivate: true, key: STORED_KEY },
        "anthropic": { origin: mock.url, allowPrivate: true },
        "google-ai-studio": { origin: mock.url, allowPrivate: true },
      },
      gateways: { default: { auth: "off" }, locked: { auth: "required" } },
    });
    return new Stage(mock, tap, house, journal, await serve(house, { port: 0 }));
  }

  async close(): Promise<void> {
    await this.#server.stop(0);
    this.#tap.release();
    await this.mock.stop();
  }

  /** Base URL of the socket. */
  get origin(): string {
    return this.#server.url;
  }

  /** The seats before the mock alone. */
  get mocked(): readonly Seat[] {
    return this.seats.filter(({ isDemo }) => !isDemo);
  }

  /** Forgets what clients and gateway have sent so far. */
  clear(): void {
    this.#counter.requests = 0;
    this.#tap.arrivals.length = 0;
  }

  /** Requests that reached the mock since the last {@link clear}. */
  get arrivals(): readonly Arrival[] {
    return this.#tap.arrivals;
  }
}

interface Door {
  readonly name: string;
  readonly base: string;
  readonly fetch: typeof fetch;
}

interface Counter {
  requests: number;
}

function seat({ name, base, fetch }: Door, isDemo: boolean, counter: Counter): Seat {
  const below = (provider: string) => `${base}/${isDemo ? "demo" : provider}`;
  return {
    name: `${isDemo ? "the demo" : "the mock"} ${name}`,
    isDemo,
    gateway: base,
    openai: below("openai"),
    anthropic: below("anthropic"),
    google: below("google-ai-studio"),
    model: "echo",
    googleModel: "echo-gemini",
    slowModel: isDemo ? "echo?tps=20" : "slow",
    fetch: (...args) => {
      counter.requests++;
      return fetch(...args);
    },
    requests: () => counter.requests,
  };
}
