/**
 * Send: the one place where a call leaves the house.
 *
 * @module
 */
import { wholeBody } from "../answer.ts";
import type { Aimed, Body, Call, Identified, Inbound, Outbound } from "../call.ts";
import { GatewayError } from "../errors.ts";
import { gate } from "../gate.ts";
import { readAnswerHeaders } from "../headers.ts";
import type { Handler } from "../middleware.ts";
import { isPrivateHost } from "../origin.ts";
import { Patience } from "../patience.ts";
import { wireOf } from "../providers/wires/table.ts";
import { credentialHeaders, holdsGatewayKey } from "./credentials.ts";

type Sending = Call & Aimed & { readonly attempt?: number } & Partial<Pick<Identified, "gatewayKeys">>;

/** Options of {@link send}. */
export interface SendOptions {
  /** Bytes after which a provider's runaway answer is broken off; 1 GiB if absent. */
  readonly maxAnswerBytes?: number | undefined;
}

const MAX_ANSWER_BYTES = 1024 * 1024 * 1024;

/**
 * Makes one upstream request, and gives its answer once the model has spoken.
 *
 * @throws {GatewayError} `upstream_unreachable`, `upstream_timeout`, `upstream_redirect`, `upstream_broken`, or
 * `client_gone`.
 */
export function send({ maxAnswerBytes = MAX_ANSWER_BYTES }: SendOptions = {}): Handler<Sending> {
  return async (call) => {
    const trial = new Trial(call, maxAnswerBytes);
    try {
      const answer = await trial.run();
      trial.note(answer.status, undefined);
      return answer;
    } catch (thrown) {
      const error = trial.blamed(thrown);
      trial.note(undefined, error.code);
      throw error;
    }
  };
}

/** One upstream request while it is under way. */
class Trial {
  readonly #call: Sending;
  readonly #maxAnswerBytes: number;
  readonly #startedAt = Date.now();
  readonly #began = performance.now();
  readonly #controller = new AbortController();
  readonly #patience: Patience;
  #headMs: number | undefined;
  /** What is waited for, as a message says it. */
  #awaited: readonly [what: string, ms: number | undefined];

  constructor(call: Sending, maxAnswerBytes: number) {
    const { headersTimeoutMs, firstTokenTimeoutMs, totalTimeoutMs } = call.target.policy;
    this.#call = call;
    this.#maxAnswerBytes = maxAnswerBytes;
    this.#patience = new Patience(() => this.#controller.abort(), totalTimeoutMs);
    const headMs = least(headersTimeoutMs, firstTokenTimeoutMs);
    this.#awaited = ["didn't begin to answer", headMs];
    this.#patience.expect(least(headMs, this.#remainingMs()));
  }

  /** A client who leaves calls off all of it, the answer's stream included. */
  async run(): Promise<Response> {
    const { signal, target: { provider, signature } } = this.#call;
    if (signal.aborted) this.#leave();
    else signal.addEventListener("abort", this.#leave);
    try {
      const inbound = await (provider.local === undefined
        ? egress(this.#call, this.#controller.signal)
        : askLocally(this.#call, this.#controller.signal));
      // What was minted may have been called back.
      if (inbound.status === 401 && signature !== undefined) {
        signature.signer.forget?.(signature.account);
      }
      const answer = await this.#received(inbound);
      if (wholeBody(answer) !== undefined || answer.body === null) {
        this.#over();
      }
      return answer;
    } catch (error) {
      this.#over();
      throw error;
    }
  }

  readonly #leave = () => this.#controller.abort(this.#call.signal.reason);

  readonly #over = (): undefined => {
    this.#patience.end();
    this.#call.signal.removeEventListener("abort", this.#leave);
  };

  /** The answer's head is there. */
  #received(inbound: Inbound): Response | Promise<Response> {
    const { provider, path, policy } = this.#call.target;
    this.#headMs = performance.now() - this.#began;
    const { firstTokenTimeoutMs: ms } = policy;
    this.#awaited = ["didn't begin to speak", ms];
    this.#patience.expect(least(ms === undefined ? ms : ms - this.#headMs, this.#remainingMs()));
    const { status } = inbound;
    refuseStrange(inbound, provider.id);
    const headers = readAnswerHeaders(inbound.headers, provider.answerHeaders);
    if (isBodiless(status)) {
      inbound.body?.cancel().catch(() => {});
      return new Response(null, { status, headers });
    }
    return gate({
      inbound,
      isHead: this.#call.method === "HEAD",
      headers,
      // What is only looked up, a list or a file, is no model's answer.
      wire: this.#call.method === "POST" ? wireOf(provider, path) : undefined,
      patience: this.#patience,
      signal: this.#controller.signal,
      over: this.#over,
      idleMs: policy.idleTimeoutMs,
      maxBytes: this.#maxAnswerBytes,
      provider: provider.id,
      platform: this.#call.platform,
    });
  }

  #remainingMs(): number | undefined {
    const { deadlineAt } = this.#call;
    return deadlineAt === undefined ? undefined : Math.max(deadlineAt - Date.now(), 1);
  }

  note(status: number | undefined, error: string | undefined): void {
    const { target: { step, provider, model }, attempt = 1, why = "first", startedAt } = this.#call;
    const nowMs = performance.now() - this.#began;
    this.#call.note({
      type: "attempt",
      attempt: {
        step,
        number: attempt,
        provider: provider.id,
        model,
        status,
        error,
        startedMs: this.#startedAt - startedAt,
        durationMs: Math.round(this.#headMs ?? nowMs),
        firstTokenMs: error === undefined ? Math.round(nowMs) : undefined,
        why: attempt > 1 ? "retry" : why,
      },
    });
  }

  /** Whose fault it is that no answer came. */
  blamed(cause: unknown): GatewayError {
    if (cause instanceof GatewayError) return cause;
    const { signal, target: { body, provider } } = this.#call;
    const refusal = body.kind === "stream" ? body.refusal() : undefined;
    if (refusal !== undefined) return refusal;
    if (signal.aborted && signal.reason instanceof GatewayError) return signal.reason;
    if (signal.aborted) return new GatewayError("client_gone", "The client left before the answer.", { cause });
    if (this.#patience.isLost) return this.#late(cause);
    return new GatewayError(
      "upstream_unreachable",
      `Try again: provider "${provider.id}" couldn't be reached or broke off.`,
      {
        cause,
      },
    );
  }

  #late(cause: unknown): GatewayError {
    const [what, ms] = this.#awaited;
    const { id } = this.#call.target.provider;
    const time = ms === undefined ? "in the time that the call has" : `within ${ms} ms`;
    return new GatewayError("upstream_timeout", `Try again: provider "${id}" ${what} ${time}.`, { cause });
  }
}

/** The shorter of two times, either of which may be none. */
function least(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || (other !== undefined && other < one) ? other : one;
}

/** Every request to a provider goes through here, and none to where it mustn't. */
async function egress(call: Sending, signal: AbortSignal): Promise<Inbound> {
  const { platform, target: { url, body, signature, provider, path } } = call;
  const request: Outbound = {
    url,
    method: call.method,
    headers: outboundHeaders(call),
    body: body.kind === "json" ? body.json.bytes : body.kind === "stream" ? body.stream : null,
    length: body.kind === "stream" ? body.length : undefined,
    signal,
  };
  // Signing comes last: nothing changes behind it.
  const outbound = signature === undefined
    ? request
    : await signature.signer.sign({ account: signature.account, request, provider, path, platform });
  refuseForbidden(call, outbound.url);
  return await platform.transport(outbound);
}

/** @throws {GatewayError} Where a request mustn't go. */
function refuseForbidden(call: Sending, url: URL): void {
  const { provider } = call.target;
  if (!provider.allowPrivate && (url.protocol !== "https:" || isPrivateHost(url.hostname))) {
    throw new GatewayError(
      "forbidden_target",
      `Set allowPrivate for provider "${provider.id}": its origin is private.`,
    );
  }
  if (holdsGatewayKey(call, url.href) || (url.href.includes("%") && holdsGatewayKey(call, decoded(url.href)))) {
    throw new GatewayError(
      "forbidden_target",
      "Send the gateway key in cf-aig-authorization: a URL goes to the provider.",
    );
  }
}

/** A key may hide behind an encoded character, be there others that are no text. */
const decoded = (text: string): string =>
  text.replace(/%([2-7][\da-f])/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));

/** The common headers, the provider's own, its credential; then those of the step. */
function outboundHeaders({ heard, headers, target, gatewayKeys = [] }: Sending): [string, string][] {
  const { provider } = target;
  const list = heard.common.filter(([name]) => !target.headers?.has(name)) as [string, string][];
  const add = (from: Headers, names: readonly string[] | undefined) =>
    names?.forEach((name) => {
      const value = from.get(name);
      if (value !== null && !target.headers?.has(name)) list.push([name, value]);
    });
  add(headers, provider.requestHeaders);
  if (target.ownsCredentials) add(headers, credentialHeaders(provider.auth));
  target.headers?.forEach((value, name) => list.push([name, value]));
  if (provider.headers !== undefined) list.push(...Object.entries(provider.headers));
  list.push(["accept-encoding", "identity"]);
  return gatewayKeys.length === 0 ? list : list.filter(([, value]) => !holdsGatewayKey({ gatewayKeys }, value));
}

/** A provider that lives in the process answers as one over the network does. */
async function askLocally({ method, headers, target }: Sending, signal: AbortSignal): Promise<Inbound> {
  const { provider, url, body } = target;
  return await provider.local!({ method, url, headers, body: await wholeBytes(body), signal }) as Inbound;
}

async function wholeBytes(body: Body): Promise<Uint8Array<ArrayBuffer> | null> {
  if (body.kind === "json") return body.json.bytes;
  return body.kind === "none" ? null : new Uint8Array(await new Response(body.stream).arrayBuffer());
}

/**
 * What no client is shown: a redirect, which would lead it away, and a status that isn't one. The body is touched only
 * where it is refused: to look at it makes a stream, on some transports.
 */
function refuseStrange(inbound: Inbound, provider: string): void {
  const { status } = inbound;
  if (status >= 200 && status <= 599 && (status < 300 || status >= 400 || status === 304)) return;
  inbound.body?.cancel().catch(() => {});
  if (status < 300 || status > 599) throw new Error(`status ${status}`);
  throw new GatewayError(
    "upstream_redirect",
    `Check the address of provider "${provider}": it answered with a redirect.`,
  );
}

const isBodiless = (status: number) => status === 204 || status === 205 || status === 304;
