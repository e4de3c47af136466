/**
 * Send: the one place where a call leaves the house.
 *
 * @module
 */
import { wholeAnswer } from "../answer.ts";
import type { Aimed, Body, Call, Identified, Inbound } from "../call.ts";
import { GatewayError, toGatewayError } from "../errors.ts";
import { readAnswerHeaders } from "../headers.ts";
import type { Handler } from "../middleware.ts";
import { isPrivateHost } from "../origin.ts";
import { credentialHeaders, holdsGatewayKey } from "./credentials.ts";

/** JSON answers up to this announced length are read in one step: on every runtime far cheaper than a stream. */
const SHORT_BYTES = 64 * 1024;

type Sending = Call & Aimed & { readonly attempt?: number } & Partial<Pick<Identified, "gatewayKeys">>;

/**
 * Makes one upstream request and judges what comes back.
 *
 * @throws {GatewayError} `upstream_unreachable`, `upstream_timeout`, `upstream_redirect`, or `client_gone`.
 */
export function send(): Handler<Sending> {
  return async (call) => {
    const startedAt = Date.now();
    try {
      const answer = await dispatch(call);
      noteAttempt(call, startedAt, answer.status, undefined);
      return answer;
    } catch (thrown) {
      const error = toGatewayError(thrown);
      noteAttempt(call, startedAt, undefined, error.code);
      throw error;
    }
  };
}

function noteAttempt(call: Sending, startedAt: number, status: number | undefined, error: string | undefined): void {
  const { step, provider, model } = call.target;
  call.note({
    type: "attempt",
    attempt: {
      step,
      number: call.attempt ?? 1,
      provider: provider.id,
      model,
      status,
      error,
      startedMs: startedAt - call.startedAt,
      durationMs: Date.now() - startedAt,
    },
  });
}

async function dispatch(call: Sending): Promise<Response> {
  const { target } = call;
  const deadline = deadlineOf(call.signal, target.policy.headersTimeoutMs);
  try {
    if (target.provider.local !== undefined) return await answerLocally(call, deadline.signal);
    const inbound = await egress(call, deadline.signal);
    deadline.met();
    return await judged(inbound, call);
  } catch (cause) {
    throw blamed(cause, call, deadline.hasPassed());
  } finally {
    deadline.clear();
  }
}

/** Every request to a provider goes through here, and none to where it mustn't. */
function egress(call: Sending, signal: AbortSignal): Promise<Inbound> {
  const { url, provider, body } = call.target;
  if (!provider.allowPrivate && (url.protocol !== "https:" || isPrivateHost(url.hostname))) {
    throw new GatewayError(
      "forbidden_target",
      `Set allowPrivate for provider "${provider.id}": its origin is private.`,
    );
  }
  if (holdsGatewayKey(call, url.href)) {
    throw new GatewayError(
      "forbidden_target",
      "Send the gateway key in cf-aig-authorization: a URL goes to the provider.",
    );
  }
  return call.platform.transport({
    url,
    method: call.method,
    headers: outboundHeaders(call),
    body: body.kind === "json" ? body.json.bytes : body.kind === "stream" ? body.stream : null,
    length: body.kind === "stream" ? body.length : undefined,
    signal,
  });
}

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

async function answerLocally({ method, headers, target }: Sending, signal: AbortSignal): Promise<Response> {
  const { provider, url, body } = target;
  const request = { method, url, headers, body: await wholeBytes(body), signal };
  const answer = await provider.local!(request);
  return new Response(answer.body, { status: answer.status, headers: answer.headers });
}

async function wholeBytes(body: Body): Promise<Uint8Array<ArrayBuffer> | null> {
  if (body.kind === "json") return body.json.bytes;
  return body.kind === "none" ? null : new Uint8Array(await new Response(body.stream).arrayBuffer());
}

/** From what a provider answered to what a client may see. */
async function judged(inbound: Inbound, { platform, target: { provider } }: Sending): Promise<Response> {
  const { status } = inbound;
  if (status >= 300 && status < 400 && status !== 304) {
    inbound.body?.cancel().catch(() => {});
    throw new GatewayError(
      "upstream_redirect",
      `Check the address of provider "${provider.id}": it answered with a redirect.`,
    );
  }
  if (status < 200 || status > 599) {
    inbound.body?.cancel().catch(() => {});
    throw new Error(`status ${status}`);
  }
  const headers = readAnswerHeaders(inbound.headers, provider.answerHeaders);
  if (isShort(inbound)) {
    return wholeAnswer(new Uint8Array(await inbound.arrayBuffer()), { status, headers }, platform);
  }
  if (!isBodiless(status)) return new Response(inbound.body, { status, headers });
  inbound.body?.cancel().catch(() => {});
  return new Response(null, { status, headers });
}

function isShort({ headers, body, status }: Inbound): boolean {
  const length = headers.get("content-length");
  if (length === null || Number(length) > SHORT_BYTES || body === null || isBodiless(status)) return false;
  return headers.get("content-encoding") === null && headers.get("content-type")?.includes("json") === true;
}

const isBodiless = (status: number) => status === 204 || status === 205 || status === 304;

/** Whose fault it is that no answer came. */
function blamed(cause: unknown, { signal, target }: Sending, isLate: boolean): GatewayError {
  if (cause instanceof GatewayError) return cause;
  const refusal = target.body.kind === "stream" ? target.body.refusal() : undefined;
  if (refusal !== undefined) return refusal;
  if (signal.aborted) return new GatewayError("client_gone", "The client left before the answer.", { cause });
  const { id } = target.provider;
  if (isLate) {
    const ms = target.policy.headersTimeoutMs;
    return new GatewayError("upstream_timeout", `Try again: provider "${id}" didn't begin to answer within ${ms} ms.`, {
      cause,
    });
  }
  return new GatewayError("upstream_unreachable", `Try again: provider "${id}" couldn't be reached or broke off.`, {
    cause,
  });
}

interface Deadline {
  readonly signal: AbortSignal;
  hasPassed(): boolean;
  /** The answer's head is there: its body may take as long as it likes. */
  met(): void;
  /** The answer is there: from now on it is its stream that a client who leaves closes. */
  clear(): void;
}

/** The client's own signal where no time is set; else one that also fires when the time is up. */
function deadlineOf(signal: AbortSignal, ms: number | undefined): Deadline {
  if (ms === undefined) return { signal, hasPassed: () => false, met: () => {}, clear: () => {} };
  const controller = new AbortController();
  let isLate = false;
  const leave = () => controller.abort(signal.reason);
  const timer = setTimeout(() => {
    isLate = true;
    controller.abort();
  }, ms);
  if (signal.aborted) leave();
  else signal.addEventListener("abort", leave);
  return {
    signal: controller.signal,
    hasPassed: () => isLate,
    met: () => clearTimeout(timer),
    clear: () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", leave);
    },
  };
}
