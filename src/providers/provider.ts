/**
 * What a provider is: one row of data.
 *
 * @module
 */

import type { Keys } from "./keys.ts";

/** Names of the wire formats that Headgate can read; one module each in `wires/`. */
export type WireId =
  | "openai-chat"
  | "openai-responses"
  | "openai-embeddings"
  | "anthropic-messages"
  | "gemini"
  | "bedrock-converse"
  | "bedrock-invoke"
  | "cohere"
  | "workers-ai"
  | "ollama";

/** One provider, as data. */
export interface Provider {
  /** Cloudflare's slug where it has one: `openai`, `google-ai-studio`, `custom-mine`. */
  readonly id: string;
  /** Other slugs that clients use. */
  readonly aliases?: readonly string[];
  /**
   * How the path below the provider becomes an upstream URL; the first rule that fits is taken. A `{name}` matches
   * one segment and may appear in the target, even in its host; `{rest}` matches all that is left, be it nothing;
   * `{account}` is the account of the gateway URL.
   */
  readonly rules: readonly Rule[];
  /** How it wants to be shown a credential. */
  readonly auth: Auth;
  /** Which wire format is spoken where: the first whose pattern is found in the path. */
  readonly wires: readonly (readonly [pattern: RegExp, wire: WireId])[];
  /** Whose error bodies its clients understand. */
  readonly dialect: Dialect;
  /** Where it offers OpenAI's own endpoints, as paths below the provider. */
  readonly compat?: Compat;
  /** Whether a chat stream needs `stream_options.include_usage` to tell its usage. */
  readonly asksForUsage?: boolean;
  /** Whether its models go on from an assistant's message at the end of a request. */
  readonly prefills?: boolean;
  /** Tokens that a model takes in, by its name, where configured. */
  readonly windows?: Readonly<Record<string, number>>;
  /** Headers of its own that pass in either direction, beside the common ones. */
  readonly requestHeaders?: readonly string[];
  readonly answerHeaders?: readonly string[];
  /** Sent with every attempt, where configured. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Header of a full target URL, held to these hosts (fal); where `origin` is set, that is called in their place. */
  readonly targetUrl?: { readonly header: string; readonly hosts: readonly string[]; readonly origin?: string };
  /** Where its requests name their model, if not in the body: a member of that name means nothing to it. */
  readonly modelIn?: "path" | "query";
  /** Whether a path may hold `%2F` (Bedrock's ARNs); elsewhere it could hide a path from the wires. */
  readonly takesEncodedSlashes?: boolean;
  /** Environment variable that usually holds its key; only the rows of `table.ts` have it. */
  readonly env?: string;
  /** Its id in the price library, where that differs. */
  readonly priceId?: string;
  /** Its stored credentials, where configured. */
  readonly keys?: Keys;
  /** Whether its origin may be private, loopback or plain http: for configured providers. */
  readonly allowPrivate?: boolean;
  /** Models to list, where they are known beforehand (demo). */
  readonly models?: readonly string[];
  /** Answers in process instead of over the network (demo). */
  readonly local?: (request: LocalRequest) => Promise<Response>;
}

/** OpenAI's endpoints at another vendor. */
export interface Compat {
  readonly chat?: string;
  readonly embeddings?: string;
  readonly models?: string;
  /** Whether they want the key as a bearer token, though the vendor's own endpoints don't. */
  readonly takesBearer?: boolean;
}

/** From a path below the provider to an upstream URL. */
export interface Rule {
  /** As `{resource}/{deployment}/{rest}`; a leading part in round brackets may be absent or doubled: `(v1/){rest}`. */
  readonly match: string;
  /** As `https://{resource}.openai.azure.com/openai/deployments/{deployment}/{rest}`. */
  readonly to: string;
}

/** How a credential is shown to a provider. */
export type Auth =
  /** A static key in a header, with an optional scheme. */
  | Shown & { readonly kind: "key"; readonly scheme?: string }
  /** AWS Signature Version 4, or a Bedrock API key as a bearer token. */
  | Shown & { readonly kind: "sigv4"; readonly scheme: string }
  /** A Google access token, minted where the credential is a service account. */
  | Shown & { readonly kind: "google"; readonly scheme: string }
  | Partial<Shown> & { readonly kind: "none"; readonly header?: undefined };

/** Where a key stands. */
interface Shown {
  readonly header: string;
  /** Other headers that its clients use. */
  readonly also?: readonly string[];
  /** Of those, where the same key is taken, too: a stored one goes where the client would have put its own. */
  readonly forms?: readonly string[];
  /** A parameter of the query where it is taken, too. */
  readonly query?: string;
}

/** Whose shape an error body takes. */
export type Dialect = "openai" | "anthropic" | "gemini" | "cloudflare";

/** What a local provider sees of an attempt. */
export interface LocalRequest {
  readonly method: string;
  /** Path and query below the provider: `/chat/completions?x=1`. */
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer> | null;
  readonly signal: AbortSignal;
}
