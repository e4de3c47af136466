/**
 * The log record of a call: facts in, one flat record out. Pure.
 *
 * @module
 */
import type { Attempt, Fact, Left, Metered, Outcome, Tags, Trip } from "../call.ts";
import { GatewayError } from "../errors.ts";
import { hidden } from "../keys/secret.ts";
import { lastRecalled } from "../recall.ts";
import { sum, type Usage } from "../usage.ts";

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
  /** In the order in which they ended. */
  readonly attempts: readonly AttemptRecord[];
  /** Whether the answer was kept, or another call's: it took nothing. */
  readonly cached: boolean;
  /** Rules that had less left than the call needed; those in shadow refused nothing. */
  readonly limited: readonly { readonly rule: string; readonly isShadow: boolean }[];
  /** Why attempts were followed by others, and why targets were left. */
  readonly decisions: readonly Left[];
  /** Of all attempts together. */
  readonly usage: Usage | undefined;
  /** US dollars, of all attempts together; `undefined` where the price or the usage isn't known. */
  readonly costUsd: number | undefined;
  readonly requestBytes: number | undefined;
  readonly answerBytes: number;
  readonly payload: Payload | undefined;
}

/** One attempt, with what it took. */
export interface AttemptRecord extends Attempt {
  readonly usage: Usage | undefined;
  readonly costUsd: number | undefined;
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
  { attempts, left, metered, limited, identity, metadata, model, error, cached }: Gathered,
  { answerBytes, payload }: Seen,
): LogRecord {
  // Of a hedged call the attempt that was called off ends last.
  const last = attempts.filter(({ error }) => error !== "outpaced").at(-1);
  const { body, route } = call;
  return {
    id: call.id,
    eventId: hidden(call.heard.controls.get("event-id") ?? call.id).slice(0, 256),
    createdAt: dateOf(call.startedAt),
    runtime: call.platform.runtime,
    account: hidden(route.account),
    gateway: hidden(route.gateway),
    method: call.method,
    path: hidden(call.url.pathname),
    userAgent: hidden(call.headers.get("user-agent") ?? "") || undefined,
    key: identity?.identity.key,
    tenant: identity?.identity.tenant,
    metadata: flat(metadata?.tags),
    provider: (cached ?? last)?.provider,
    model: cached?.model ?? model?.model ?? last?.model,
    step: (cached ?? last)?.step,
    status,
    success: status < 400 && outcome.kind === "complete",
    outcome: outcome.kind,
    error: error === undefined ? errorOf(outcome) : { code: error.code, message: error.message },
    durationMs: endedAt - call.startedAt,
    attempts: attempts.map((attempt) => withMetered(attempt, metered)),
    cached: cached !== undefined,
    limited,
    decisions: left,
    usage: metered.length < 2 ? metered[0]?.usage : metered.map(({ usage }) => usage).reduce(sum),
    costUsd: metered.length < 2 ? metered[0]?.costUsd : metered.map(({ costUsd }) => costUsd).reduce(addedUp),
    requestBytes: body.kind === "json" ? body.json.bytes.byteLength : body.kind === "stream" ? body.length : 0,
    answerBytes,
    payload,
  };
}

/** Why an answer broke off after it had begun. */
function errorOf(outcome: Outcome): LogRecord["error"] {
  if (outcome.kind !== "failed" || !(outcome.error instanceof GatewayError)) return undefined;
  return { code: outcome.error.code, message: outcome.error.message };
}

function withMetered(attempt: Attempt, metered: readonly Metered[]): AttemptRecord {
  const own = metered.find(({ step, number }) => step === attempt.step && number === attempt.number);
  return { ...attempt, usage: own?.usage, costUsd: own?.costUsd };
}

/** A sum of which a part isn't known isn't known. */
const addedUp = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || other === undefined ? undefined : one + other;

const dateOf = lastRecalled((now) => new Date(now).toISOString());

/** The facts by type: all that may be told several times, and the last of any other. */
export type Gathered =
  & {
    readonly attempts: Attempt[];
    readonly left: Left[];
    readonly metered: Metered[];
    readonly limited: LogRecord["limited"][number][];
  }
  & { [Type in Told]?: Extract<Fact, { type: Type }> };
type Told = Exclude<Fact["type"], "attempt" | "left" | "usage" | "limited">;

/** Sorts the facts of a trip. */
export function gathered(facts: readonly Fact[]): Gathered {
  const found: Gathered = { attempts: [], left: [], metered: [], limited: [] };
  for (const fact of facts) {
    if (fact.type === "attempt") found.attempts.push(fact.attempt);
    else if (fact.type === "left") found.left.push(fact.left);
    else if (fact.type === "usage") found.metered.push(fact.metered);
    else if (fact.type === "limited") found.limited.push({ rule: fact.rule, isShadow: fact.isShadow });
    else (found as unknown as Record<Told, unknown>)[fact.type] = fact;
  }
  return found;
}

/** Without a prototype, so that a tag named `__proto__` is a tag like any other. */
function flat(tags: Tags | undefined): LogRecord["metadata"] {
  const record: Record<string, string | number | boolean | null> = Object.create(null);
  for (const [name, value] of tags ?? []) record[name] = typeof value === "string" ? hidden(value) : value;
  return record;
}
