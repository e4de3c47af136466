/**
 * The log record of a call: facts in, one flat record out. Pure.
 *
 * @module
 */
import type { Attempt, Fact, Tags, Trip } from "../call.ts";
import { lastRecalled } from "../recall.ts";
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
export function logRecord(
  { call, status, outcome, endedAt }: Trip,
  { attempts, usage, identity, metadata, model, error }: Gathered,
  { answerBytes, payload }: Seen,
): LogRecord {
  const last = attempts.at(-1);
  const { body, route } = call;
  return {
    id: call.id,
    eventId: call.heard.controls.get("event-id")?.slice(0, 256) ?? call.id,
    createdAt: dateOf(call.startedAt),
    runtime: call.platform.runtime,
    account: route.account,
    gateway: route.gateway,
    method: call.method,
    path: call.url.pathname,
    userAgent: call.headers.get("user-agent") ?? undefined,
    key: identity?.identity.key,
    tenant: identity?.identity.tenant,
    metadata: flat(metadata?.tags),
    provider: last?.provider,
    model: model?.model ?? last?.model,
    step: last?.step,
    status,
    success: status < 400 && outcome.kind === "complete",
    outcome: outcome.kind,
    error: error && { code: error.code, message: error.message },
    durationMs: endedAt - call.startedAt,
    attempts,
    usage: usage?.usage,
    costUsd: usage?.costUsd,
    requestBytes: body.kind === "json" ? body.json.bytes.byteLength : body.kind === "stream" ? body.length : 0,
    answerBytes,
    payload,
  };
}

const dateOf = lastRecalled((now) => new Date(now).toISOString());

/** The facts by type: all attempts, and the last of any other. */
export type Gathered = { readonly attempts: Attempt[] } & { [Type in Told]: Extract<Fact, { type: Type }> | undefined };
type Told = Exclude<Fact["type"], "attempt">;

const NOTHING: Readonly<Record<Told, undefined>> = {
  identity: undefined,
  metadata: undefined,
  planned: undefined,
  usage: undefined,
  model: undefined,
  error: undefined,
};

/** Sorts the facts of a trip. */
export function gathered(facts: readonly Fact[]): Gathered {
  const found: Gathered = { attempts: [], ...NOTHING };
  for (const fact of facts) {
    if (fact.type === "attempt") found.attempts.push(fact.attempt);
    else (found as Record<Told, unknown>)[fact.type] = fact;
  }
  return found;
}

/** Without a prototype, so that a tag named `__proto__` is a tag like any other. */
function flat(tags: Tags | undefined): LogRecord["metadata"] {
  const record: Record<string, string | number | boolean | null> = Object.create(null);
  for (const [name, value] of tags ?? []) record[name] = value;
  return record;
}
