/**
 * A gateway in the shape of Cloudflare's `env.AI.gateway(id)`, for clients that take such a binding.
 *
 * @module
 */
import type { Gateway } from "./entry.ts";

/** One step of the universal endpoint, as clients of the binding write it. */
export interface UniversalStep {
  readonly provider: string;
  readonly endpoint: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly query: unknown;
  readonly config?: Readonly<Record<string, unknown>>;
}

/** Options of {@link binding}. */
export interface BindingOptions {
  /** Name of the gateway; `default` if absent. */
  readonly gateway?: string;
  /** Account in the URL; only Workers AI reads it. */
  readonly account?: string;
  /** Gateway key, sent in `cf-aig-authorization`. */
  readonly key?: string;
}

/** Options of one run. */
export interface RunOptions {
  readonly signal?: AbortSignal;
  readonly extraHeaders?: Readonly<Record<string, string>>;
}

/** What `ai-gateway-provider` and Workers code expect of a binding. */
export interface Binding {
  /** Runs steps in order until one succeeds. */
  run(steps: UniversalStep | readonly UniversalStep[], options?: RunOptions): Promise<Response>;
  /** Base URL of the gateway, or of a provider behind it. */
  getUrl(provider?: string): Promise<string>;
}

/**
 * Makes a binding of a gateway in this process, or of one that runs at an origin.
 *
 * @example
 * ```ts
 * const aigateway = createAiGateway({ binding: binding(gateway()) });
 * ```
 */
export function binding(gateway: Pick<Gateway, "fetch"> | string | URL, options: BindingOptions = {}): Binding {
  const { account = "default", gateway: name = "default", key } = options;
  const isRemote = typeof gateway === "string" || gateway instanceof URL;
  const origin = isRemote ? String(gateway).replace(/\/+$/, "") : "https://headgate.local";
  const send: Gateway["fetch"] = isRemote ? (input, init) => fetch(input, init) : gateway.fetch;
  const base = `${origin}/v1/${encodeURIComponent(account)}/${encodeURIComponent(name)}`;
  return {
    run: (steps, { signal, extraHeaders } = {}) => {
      const headers = new Headers({ "content-type": "application/json", ...extraHeaders });
      if (key !== undefined) headers.set("cf-aig-authorization", `Bearer ${key}`);
      const body = JSON.stringify(Array.isArray(steps) ? steps : [steps]);
      return send(base, { method: "POST", headers, body, signal: signal ?? null });
    },
    getUrl: (provider) => Promise.resolve(provider === undefined ? base : `${base}/${provider}`),
  };
}
