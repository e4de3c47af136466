/**
 * The words of the house: what one request to the gateway is while it walks down the corridor.
 *
 * @module
 */
import type { GatewayError } from "./errors.ts";
import type { Heard } from "./headers.ts";
import type { Json } from "./json.ts";
import type { Grants } from "./keys/key.ts";
import type { Route } from "./routing/route.ts";
import type { Allowance } from "./routing/allowance.ts";
import type { Policy } from "./routing/policy.ts";
import type { Situation } from "./routing/decision.ts";
import type { Reason } from "./routing/verdict.ts";
import type { Provider } from "./providers/provider.ts";
import type { Signature } from "./providers/signer.ts";
import type { Usage } from "./usage.ts";

/** One client request, read once at the entry. Rooms never change it: they pass on a wider copy. */
export interface Call {
  /** Lower-case UUIDv7; the client sees it as `cf-aig-log-id`. */
  readonly id: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly method: string;
  /** Without the key, if the client had one in its path. */
  readonly url: URL;
  /** The key that stood in the path: `/k/{key}/...`. */
  readonly pathKey?: string | undefined;
  /** What the URL asks for. */
  readonly route: Route;
  readonly headers: Headers;
  /** What the headers say, read once. */
  readonly heard: Heard;
  readonly body: Body;
  /** Fires when the client goes away. */
  readonly signal: AbortSignal;
  readonly platform: Platform;
  /** Writes one fact in the call's log record. */
  note(fact: Fact): void;
  /** Asks for the bytes that the client gets, whichever room they come from. */
  watch(observer: Observer): void;
  /** Asks to be told once the client is served and every observer has spoken. */
  settle(work: (trip: Trip) => Promise<void> | void): void;
  /** Says that the answer lasts longer than its `Response`: a socket. */
  until(outcome: Promise<Outcome>): void;
}

/** What the entry reads of a request: a `Request` is one, and an adapter may bring something lighter. */
export type Incoming = Pick<Request, "method" | "url" | "headers" | "body" | "signal" | "arrayBuffer">;

/** What the client sent. JSON is held whole, so that a second attempt can send it again; an upload is not. */
export type Body =
  | { readonly kind: "none" }
  | { readonly kind: "json"; readonly json: Json }
  | {
    readonly kind: "stream";
    readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
    /** Bytes that the client announced. */
    readonly length: number | undefined;
    /** Why the gateway broke the upload off, if it did. */
    refusal(): GatewayError | undefined;
  };

/** Who is calling. Given by `auth`. */
export interface Identified {
  readonly identity: Identity;
  /** Keys of the gateway's own that this call could hold somewhere: no provider is shown one. */
  readonly gatewayKeys: readonly string[];
  /** The provider's header that the gateway key came in, if not in the gateway's own: a stored key goes there. */
  readonly slot?: string | undefined;
}

/** The holder of a gateway key or a token, or nobody in particular where the gateway asks for none. */
export interface Identity {
  /** The key's id, `jwt:` and whom a token was issued to, or `anonymous`. Never the key. */
  readonly key: string;
  readonly tenant: string | undefined;
  readonly roles: readonly string[];
  /** What the key opens; everything if absent. */
  readonly grants?: Grants | undefined;
  /** Epoch milliseconds: when the key itself ends, and with it what it may give. A token's end isn't its holder's. */
  readonly expiresAt?: number | undefined;
}

/** Flat metadata of the call. Given by `metadata`. */
export interface Tagged {
  readonly tags: Tags;
}

/** Metadata by name, as Cloudflare's `cf-aig-metadata` carries it. */
export type Tags = ReadonlyMap<string, string | number | boolean | null>;

/** Where the call may go, best first. Given by `plan`. */
export interface Planned {
  readonly targets: readonly [Target, ...Target[]];
  /** Epoch milliseconds by which the call must have begun to be answered, all attempts together; absent: no limit. */
  readonly deadlineAt?: number | undefined;
}

/** Where this attempt goes. Given by `fallback`. */
export interface Aimed {
  readonly target: Target;
  /** Epoch milliseconds by which the call must have begun to be answered, all attempts together; absent: no limit. */
  readonly deadlineAt?: number | undefined;
  /** Why this target is asked; because it is the first of the plan, if absent. */
  readonly why?: Why | undefined;
  /** Upstream requests that the call may still make. */
  readonly allowance?: Allowance | undefined;
  /** Targets that may be asked after this one. */
  readonly others?: number | undefined;
  /** Whether the plan has no target but this one. */
  readonly isOnly?: boolean | undefined;
}

/** Why an attempt is made. */
export type Why = "first" | "retry" | "fallback" | "probe" | "hedge" | "continue";

/** One place that may answer the call. */
export interface Target {
  /** Position in the plan, from 0; the client sees it as `cf-aig-step`. */
  readonly step: number;
  readonly provider: Provider;
  /** Checked to stay on the provider's origin. */
  readonly url: URL;
  /** Path below the provider, without its query: which wire format is spoken there. */
  readonly path: string;
  readonly model: string | undefined;
  /** Headers of this step alone; they win over those of the call. */
  readonly headers: Headers | undefined;
  /** Whether the call's own credential headers are meant for this provider. */
  readonly ownsCredentials: boolean;
  /** Who signs the request when it leaves, where its credential is an account. */
  readonly signature?: Signature | undefined;
  readonly body: Body;
  readonly policy: Policy;
}

/** One thing that happened, for the log record. */
export type Fact =
  | { readonly type: "identity"; readonly identity: Identity }
  | { readonly type: "metadata"; readonly tags: Tags }
  | { readonly type: "planned"; readonly policy: Policy }
  | { readonly type: "attempt"; readonly attempt: Attempt }
  | { readonly type: "left"; readonly left: Left }
  | { readonly type: "usage"; readonly metered: Metered }
  | { readonly type: "model"; readonly model: string }
  /** A rule had less left than the call needed; of a shadow rule that is all that happened. */
  | { readonly type: "limited"; readonly rule: string; readonly isShadow: boolean }
  /** The answer was kept, or another call's. */
  | { readonly type: "cached"; readonly provider: string; readonly model: string | undefined; readonly step: number }
  | { readonly type: "error"; readonly code: string; readonly message: string };

/** What one attempt took. */
export interface Metered {
  readonly step: number;
  /** Of the attempt, from 1. */
  readonly number: number;
  readonly usage: Usage;
  /** US dollars; `undefined` where the price isn't known. */
  readonly costUsd: number | undefined;
}

/** One upstream request made for a call. */
export interface Attempt {
  readonly step: number;
  /** From 1, within its step. */
  readonly number: number;
  readonly provider: string;
  readonly model: string | undefined;
  /** HTTP status, or the error code when no answer came. */
  readonly status: number | undefined;
  readonly error: string | undefined;
  /** Milliseconds since the call began. */
  readonly startedMs: number;
  /** Milliseconds until the answer's headers or the failure. */
  readonly durationMs: number;
  /** Milliseconds until the model's first output, or until the answer was whole; `undefined` where it never was. */
  readonly firstTokenMs: number | undefined;
  readonly why: Why;
}

/** Why an attempt wasn't the last one, or a target not asked at all. */
export interface Left {
  readonly step: number;
  /** `cooling`: it was throttled or down before, and not asked; `forbidden`: the caller may not use it. */
  readonly reason: Reason | "cooling" | "forbidden";
  /** What is done next; `key`: the same target is asked at once with another of its stored keys. */
  readonly course: "retry" | "key" | "next" | "stop";
  /** Milliseconds until then. */
  readonly waitMs: number;
  /** What a retry was decided by: the same facts give the same decision again. */
  readonly situation?: Situation | undefined;
}

/** Sees an answer go by. What it throws ends it, never the stream. */
export interface Observer {
  chunk?(bytes: Uint8Array<ArrayBuffer>): void;
  end?(outcome: Outcome): void;
}

/** What an answer came to. */
export type Outcome =
  | { readonly kind: "complete" }
  | { readonly kind: "cancelled" }
  | { readonly kind: "failed"; readonly error: unknown };

/** The whole call, told afterwards. */
export interface Trip {
  readonly call: Call;
  readonly status: number;
  readonly outcome: Outcome;
  /** Epoch milliseconds. */
  readonly endedAt: number;
  readonly facts: readonly Fact[];
}

/** The few things that a runtime does in its own way. */
export interface Platform {
  /** As in logs and `/healthz`: `node`, `deno` ... */
  readonly runtime: string;
  /** Keeps the instance alive until the work is done (`waitUntil`). */
  after(work: Promise<unknown>): void;
  clientAddress(): string | undefined;
  /** How attempts leave the house. */
  readonly transport: Transport;
  /** Makes an answer of bytes that are all here, where `new Response` is dear. */
  readonly answer?: ((bytes: Uint8Array<ArrayBuffer>, init: ResponseInit) => Response) | undefined;
  /** Accepts the client's WebSocket; absent where the platform can't. */
  readonly upgrade?: (() => { readonly socket: WebSocket; readonly response: Response }) | undefined;
  /** Opens a WebSocket to a provider; absent where the platform can't. */
  readonly dial?: ((url: URL, headers: Headers) => Promise<WebSocket>) | undefined;
}

/** Sends one request and gives back the answer as soon as its headers are there. Never follows a redirect. */
export type Transport = (outbound: Outbound) => Promise<Inbound>;

/** One request on its way to a provider. */
export interface Outbound {
  readonly url: URL;
  readonly method: string;
  /** Lower-case names; no framing headers, no `host`. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>> | null;
  /** Bytes of a streamed body, where they are known: a transport that can announces them. */
  readonly length?: number | undefined;
  readonly signal: AbortSignal;
}

/** A provider's answer: a `Response` is one. */
export interface Inbound {
  readonly status: number;
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>> | null;
  arrayBuffer(): Promise<ArrayBuffer>;
}
