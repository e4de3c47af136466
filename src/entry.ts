/**
 * The entry: a request in, an answer out, accounts settled.
 *
 * @module
 */
import { jsonAnswer, wholeBody } from "./answer.ts";
import { type BodyLimits, DEFAULT_BODY_LIMITS, readBody } from "./body.ts";
import type { Body, Call, Fact, Incoming, Observer, Outcome, Platform, Trip } from "./call.ts";
import { allowOrigin, preflight } from "./cors.ts";
import { errorBody } from "./dialects.ts";
import { GatewayError, toGatewayError } from "./errors.ts";
import { type Heard, readHeaders } from "./headers.ts";
import { newId } from "./id.ts";
import type { Handler } from "./middleware.ts";
import { storyOf } from "./logs/story.ts";
import * as HEADER from "./names.ts";
import { overlay } from "./overlay.ts";
import type { Dialect } from "./providers/provider.ts";
import { type Registry, registry } from "./providers/registry.ts";
import { wireOf } from "./providers/wires/table.ts";
import { recalled } from "./recall.ts";
import { isLook, parseRoute, type Route } from "./routing/route.ts";
import { callControls } from "./routing/universal.ts";
import { tap } from "./tap.ts";
import { fetchTransport } from "./transport.ts";

/** A line of rooms that can be asked. */
export interface Gateway {
  /** Of the shape of the standard `fetch`, and bound: pass it to an SDK, or mount it in another app. */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  /** For adapters: brings what the runtime does in its own way. Never rejects. */
  handle(incoming: Incoming, platform: Platform): Promise<Response>;
}

/** Options of {@link entry}. */
export interface EntryOptions {
  /** The providers by whose slugs paths are read; the built-in ones if absent. */
  readonly providers?: Registry;
  /** Path that the gateway is mounted below, as `/ai`. */
  readonly basePath?: string | undefined;
  readonly body?: { readonly [Name in keyof BodyLimits]?: BodyLimits[Name] | undefined } | undefined;
}

/**
 * Turns a handler into a gateway. It reads each request once, answers every error in the caller's dialect, taps
 * whatever comes out, and settles accounts when all of it has been told.
 */
export function entry(handler: Handler, options: EntryOptions = {}): Gateway {
  const providers = options.providers ?? registry();
  const setup: Setup = {
    handler,
    providers,
    routeOf: routesBelow(options.basePath?.replace(/\/+$/, "") ?? "", providers),
    limits: overlay(DEFAULT_BODY_LIMITS, options.body ?? {}),
  };
  const handle = (incoming: Incoming, platform: Platform) => serve(setup, incoming, platform);
  return {
    handle,
    fetch: (input, init) => handle(new Request(input, init), DIRECT),
  };
}

interface Setup {
  readonly handler: Handler;
  readonly providers: Registry;
  readonly routeOf: (method: string, pathname: string) => Route;
  readonly limits: BodyLimits;
}

/** No adapter: the caller is in the same process. */
const DIRECT: Platform = {
  runtime: "fetch",
  after: (work) => void work.catch(() => {}),
  clientAddress: () => undefined,
  transport: fetchTransport(),
};

async function serve(setup: Setup, incoming: Incoming, platform: Platform): Promise<Response> {
  const { method, headers } = incoming;
  const cors = preflight(method, headers);
  if (cors !== undefined) return cors;
  const visit = new Visit(setup, incoming, platform);
  const answer = visit.finish(await visit.answer());
  const origin = headers.get("origin");
  if (origin !== null) allowOrigin(answer, origin);
  return answer;
}

/** What is gathered about one call while it walks through the house. */
class Visit {
  readonly #setup: Setup;
  readonly #incoming: Incoming;
  readonly #began: number = performance.now();
  readonly #facts: Fact[] = [];
  readonly #observers: Observer[] = [];
  readonly #accounts: ((trip: Trip) => Promise<void> | void)[] = [];
  #socket: Promise<Outcome> | undefined;
  /** Grows by what reading the body tells; the last one is what the accounts see. */
  #call: Call;

  constructor(setup: Setup, incoming: Incoming, platform: Platform) {
    this.#setup = setup;
    this.#incoming = incoming;
    const { method, headers } = incoming;
    const startedAt = Date.now();
    const url = urlOf(incoming.url);
    this.#call = {
      id: newId(startedAt),
      startedAt,
      method,
      url,
      route: setup.routeOf(method, url.pathname),
      headers,
      heard: readHeaders(headers),
      body: { kind: "none" },
      signal: incoming.signal,
      platform,
      note: (fact) => void this.#facts.push(fact),
      watch: (observer) => void this.#observers.push(observer),
      settle: (work) => void this.#accounts.push(work),
      until: (outcome) => void (this.#socket = outcome),
    };
  }

  /** The handler's answer, or that to its error: the one place where errors are answered. */
  async answer(): Promise<Response> {
    try {
      refuseMethod(this.#call);
      refuseUpgrade(this.#call);
      const isJson = takesJson(this.#call, this.#setup.providers);
      const body = await readBody(this.#incoming, isJson, this.#setup.limits);
      this.#call = { ...this.#call, body, heard: heardIn(this.#call, body) };
      return await this.#setup.handler(this.#call);
    } catch (thrown) {
      return this.#answerTo(toGatewayError(thrown));
    }
  }

  #answerTo(error: GatewayError): Response {
    const { id, route } = this.#call;
    this.#call.note({ type: "error", code: error.code, message: error.message });
    const body = errorBody(error, dialectOf(route, this.#setup.providers), id);
    return jsonAnswer(body, error.spec.status, error.headers);
  }

  /** Labels the answer, taps it, and sees to it that accounts are settled when it is over. */
  finish(answer: Response): Response {
    this.#label(answer);
    if (this.#socket !== undefined) {
      this.#call.platform.after(this.#socket.then((outcome) => this.#tellAll(answer.status, outcome)));
      return answer;
    }
    return tap(answer, {
      observers: this.#observers,
      signal: this.#call.signal,
      over: this.#overOf(answer),
    });
  }

  /** What is done at the end; an answer that streams keeps the instance alive until then. */
  #overOf(answer: Response): (outcome: Outcome) => void {
    const { platform } = this.#call;
    if (wholeBody(answer) !== undefined || answer.body === null) {
      if (this.#accounts.length === 0) return () => {};
      return (outcome) => platform.after(this.#settle(answer.status, outcome));
    }
    // Another target may yet go on with it, and have accounts of its own.
    let settled = (_: Promise<void>) => {};
    platform.after(new Promise<void>((resolve) => settled = resolve));
    return (outcome) => settled(this.#settle(answer.status, outcome));
  }

  #label({ headers, status }: Response): void {
    const { id, heard } = this.#call;
    headers.set(HEADER.logId, id);
    headers.set(HEADER.requestId, id);
    headers.set(HEADER.eventId, safeText(heard.controls.get("event-id")) ?? id);
    let attempts = 0;
    let upstreamMs = 0;
    for (const fact of this.#facts) {
      if (fact.type !== "attempt") continue;
      attempts++;
      upstreamMs += fact.attempt.durationMs;
    }
    if (attempts > 1 && status >= 400) headers.set(HEADER.shouldRetry, "false");
    if (attempts > 1 || heard.controls.get("debug") === "true") headers.set(HEADER.attempts, storyOf(this.#facts));
    const ownMs = Math.max(0, performance.now() - this.#began - upstreamMs);
    headers.set(HEADER.serverTiming, `headgate;dur=${ownMs.toFixed(2)}`);
  }

  async #tellAll(status: number, outcome: Outcome): Promise<void> {
    for (const observer of this.#observers) observer.end?.(outcome);
    await this.#settle(status, outcome);
  }

  async #settle(status: number, outcome: Outcome): Promise<void> {
    const trip: Trip = { call: this.#call, status, outcome, endedAt: Date.now(), facts: this.#facts };
    for (const settle of this.#accounts) {
      try {
        const work = settle(trip);
        if (work !== undefined) await work;
      } catch {
        // A room that can't settle must not keep the others from it.
      }
    }
  }
}

/** Whether a body is JSON, whatever it is labelled. */
function takesJson({ route, headers }: Call, providers: Registry): boolean {
  if (route.kind !== "native") return route.kind === "universal" || route.kind === "compat" || route.kind === "purge";
  // Some servers read JSON under any label; under another it would pass by limits, budgets and the meter.
  if (!UNLABELLED.test(headers.get("content-type") ?? "")) return false;
  const provider = providers.find(route.provider);
  return provider !== undefined && wireOf(provider, route.path) !== undefined;
}

/** What a client sends where nobody has told it what it sends. */
const UNLABELLED = /^(?:$|text\/plain|application\/x-www-form-urlencoded)/i;

/** The universal endpoint's clients can put what concerns the whole call into their first step. */
function heardIn({ route, heard }: Call, body: Body): Heard {
  if (route.kind !== "universal" || body.kind !== "json") return heard;
  const inside = callControls(body.json);
  return inside.size === 0 ? heard : { ...heard, controls: new Map([...inside, ...heard.controls]) };
}

function dialectOf(route: Route, providers: Registry): Dialect {
  if (route.kind === "universal" || route.kind === "purge") return "cloudflare";
  return route.kind === "native" ? providers.find(route.provider)?.dialect ?? "openai" : "openai";
}

/** They mirror a request or tunnel through whoever takes it; no provider has a use for them. */
const REFUSED: readonly string[] = ["TRACE", "TRACK", "CONNECT"];

function refuseMethod({ method }: Call): void {
  if (REFUSED.includes(method.toUpperCase())) {
    throw new GatewayError("method_not_allowed", `Use another method: ${method} isn't served.`);
  }
}

function refuseUpgrade({ headers, platform, method }: Call): void {
  if (method !== "GET" || headers.get("upgrade")?.toLowerCase() !== "websocket") return;
  const where = platform.upgrade === undefined ? `the ${platform.runtime} runtime` : "this version";
  throw new GatewayError(
    "upgrade_required",
    `Use HTTP instead of a WebSocket: ${where} of the gateway can't upgrade.`,
    {
      headers: { upgrade: "websocket", connection: "Upgrade" },
    },
  );
}

/** A target that no URL can be made of is nowhere; it must not cost the process its life. */
function urlOf(text: string): URL {
  try {
    return new URL(text);
  } catch {
    return new URL("http://invalid/%00");
  }
}

/** Reads paths. The same few come over and over, and a method counts for no more than whether it only looks. */
function routesBelow(basePath: string, providers: Registry): Setup["routeOf"] {
  const isProvider = (slug: string) => providers.find(slug) !== undefined;
  const reader = (method: string) =>
    recalled((pathname) => Object.freeze(parseRoute(method, pathBelow(pathname, basePath), isProvider)));
  const looks = reader("GET");
  const others = reader("POST");
  return (method, pathname) => (isLook(method) ? looks : others)(pathname);
}

const pathBelow = (pathname: string, basePath: string) =>
  basePath !== "" && (pathname === basePath || pathname.startsWith(`${basePath}/`))
    ? pathname.slice(basePath.length) || "/"
    : pathname;

/** A header value that every runtime can write. */
const safeText = (text: string | undefined) =>
  text !== undefined && /^[\x20-\x7e]{1,256}$/.test(text) ? text : undefined;
