/**
 * The log record of a call: facts in, one flat record out. Pure.
 *
 * @module
 */
import type { Attempt, Fact, Tags, Trip } from "../call.ts";
import type { Usage } from "../usage.ts";

/** One call, as logs keep it. Holds no credential, and of the URL no query. */
export interface LogRecord {
  readonly id: string;
  readonly eventId: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly runtime: string;
  readonly account: string;
  readonly gateway: string;
  readonly method: string;
  readonly path: string;
  readonly userAgent: string | undefined;
  /** Id of the gateway key, and the tenant it is bound to. */
  readonly key: string | undefined;
  readonly tenant: string | undefined;
  readonly metadata: Readonly<Record<string, string | number | boolean | null>>;
  /** Of the attempt whose answer the client got; `undefined` where none was made. */
  readonly provider: string | undefined;
  readonly model: string | undefined;
  readonly step: number | undefined;
  readonly status: number;
  readonly success: boolean;
  readonly outcome: Trip["outcome"]["kind"];
  readonly error: { readonly code: string; readonly message: string } | undefined;
  /** From the request's arrival to the last byte. */
  readonly durationMs: number;
  readonly attempts: readonly Attempt[];
  readonly usage: Usage | undefined;
  /** US dollars; `undefined` where the price or the usage isn't known. */
  readonly costUsd: number | undefined;
  readonly requestBytes: number | undefined;
  readonly answerBytes: number;
  readonly payload: Payload | undefined;
}

/** The bodies of a call, cut off at a cap. */
export interface Payload {
  readonly request: Uint8Array<ArrayBuffer> | undefined;
  readonly answer: readonly Uint8Array<ArrayBuffer>[];
  readonly isCut: boolean;
}

/** What the record takes from elsewhere than the trip. */
export interface Seen {
  readonly answerBytes: number;
  readonly payload: Payload | undefined;
}

/** Makes the record of a finished call. */
export function logRecord({ call, status, outcome, endedAt, facts }: Trip, { answerBytes, payload }: Seen): LogRecord {
  const attempts = facts.flatMap((fact) => fact.type === "attempt" ? [fact.attempt] : []);
  const last = attempts.at(-1);
  const usage = factOf(facts, "usage");
  const identity = factOf(facts, "identity")?.identity;
  const error = factOf(facts, "error");
  const { body, route } = call;
  return {
    id: call.id,
    eventId: call.heard.controls.get("event-id") ?? call.id,
    createdAt: new Date(call.startedAt).toISOString(),
    runtime: call.platform.runtime,
    account: route.account,
    gateway: route.gateway,
    method: call.method,
    path: call.url.pathname,
    userAgent: call.headers.get("user-agent") ?? undefined,
    key: identity?.key,
    tenant: identity?.tenant,
    metadata: flat(factOf(facts, "metadata")?.tags),
    provider: last?.provider,
    model: factOf(facts, "model")?.model ?? last?.model,
    step: last?.step,
    status,
    success: status < 400 && outcome.kind === "complete",
    outcome: outcome.kind,
    error: error === undefined ? undefined : { code: error.code, message: error.message },
    durationMs: endedAt - call.startedAt,
    attempts,
    usage: usage?.usage,
    costUsd: usage?.costUsd,
    requestBytes: body.kind === "json" ? body.json.bytes.byteLength : body.kind === "stream" ? body.length : 0,
    answerBytes,
    payload,
  };
}

function factOf<T extends Fact["type"]>(facts: readonly Fact[], type: T): Extract<Fact, { type: T }> | undefined {
  for (let at = facts.length - 1; at >= 0; at--) {
    const fact = facts[at]!;
    if (fact.type === type) return fact as Extract<Fact, { type: T }>;
  }
  return undefined;
}

/** Without a prototype, so that a tag named `__proto__` is a tag like any other. */
function flat(tags: Tags | undefined): LogRecord["metadata"] {
  const record: Record<string, string | number | boolean | null> = Object.create(null);
  for (const [name, value] of tags ?? []) record[name] = value;
  return record;
}
