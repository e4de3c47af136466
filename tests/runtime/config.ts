/**
 * The config of the suite, and the secrets in it.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { GatewayConfig } from "../../src/config.ts";
import { identityConfig } from "./identity.ts";
import { ALIASES, AWS_ACCOUNT, entraAccount, googleAccount } from "./stored.ts";
import type { Upstream } from "./upstream.ts";

/** The key that the `sec` gateway takes. */
export const GATEWAY_KEY = "gw-hush5f1c0e77a1b24d5f9d2c";

/** The key that manages others. */
export const ADMIN_KEY = "gw-hush9d3e6b20c84f17a5e1b7root";

/** What hashes the keys that it makes. */
export const PEPPER = "hush-pepper-4e1c9a07b35d28f6";

/** The provider key that the gateway stores for `mistral`; it has a ticket of its own. */
export const STORED_KEY = "sk-hush0stored0mistral0key";

/** Keys of callers who are told apart: two of one tenant, one of another, and one who may speak for all. */
export const KEYS = {
  acme: "gw-hush-acme-1",
  acmeToo: "gw-hush-acme-2",
  zeta: "gw-hush-zeta-1",
  operator: "gw-hush-operator",
} as const;

/** Opens the shared store to the gateway. */
export const STORE_TOKEN_NAME = "SUITE_STORE_TOKEN";

/** What the model `priced-1` costs: a hundredth of a cent for each token in, ten times that for one out. */
export const PRICE = { input: 100, output: 1000 } as const;

/** What behaviours want beside what all share. */
export interface Wants {
  readonly store: "memory" | { readonly upstash: { readonly url: string }; readonly timeout?: number };
  readonly gateways: Readonly<Record<string, GatewayConfig>>;
}

const key = (id: string, key: string, tenant: string | undefined, role = "caller") => ({
  id,
  sha256: createHash("sha256").update(key).digest("hex"),
  tenant,
  roles: [role],
});

/** The config of the suite: every provider's origin is one of the upstream's ports. */
export function suiteConfig(upstream: Upstream, { store, gateways }: Wants): unknown {
  const { ports, deadPort } = upstream;
  const { keys, jwt, policies } = identityConfig(upstream);
  const at = (port: number, path = "") => ({ origin: `http://127.0.0.1:${port}${path}`, allowPrivate: true });
  const { alpha, beta, gamma } = ports;
  return {
    store: store === "memory" ? store : { ...store, upstash: { ...store.upstash, token: `env:${STORE_TOKEN_NAME}` } },
    drainSeconds: 1,
    auth: {
      keys: [
        { id: "suite", key: "env:SUITE_GATEWAY_KEY", tenant: "acme", roles: ["caller"] },
        { id: "root", key: "env:SUITE_ADMIN_KEY", roles: ["admin"] },
        key("acme-1", KEYS.acme, "acme-co"),
        key("acme-2", KEYS.acmeToo, "acme-co"),
        key("zeta-1", KEYS.zeta, "zeta-co"),
        key("house", KEYS.operator, undefined, "operator"),
        ...keys,
      ],
      pepper: "env:SUITE_PEPPER",
      jwt,
    },
    policies,
    providers: {
      "openai": { ...at(alpha, "/v1"), prices: { "priced-1": PRICE } },
      "anthropic": { ...at(beta), prices: { "priced-1": PRICE } },
      "google-ai-studio": { ...at(gamma), prices: { "priced-1": PRICE } },
      "google-vertex-ai": { ...at(gamma), key: googleAccount(gamma) },
      "azure-openai": { ...at(gamma), key: entraAccount(gamma) },
      "aws-bedrock": { ...at(gamma), key: AWS_ACCOUNT },
      "cerebras": { ...at(gamma), keys: ALIASES },
      "groq": at(gamma, "/openai/v1"),
      "grok": at(gamma),
      "openrouter": at(gamma, "/api"),
      "workers-ai": at(gamma),
      "fal": at(gamma),
      "deepseek": at(deadPort),
      "mistral": { ...at(beta), key: "env:SUITE_MISTRAL_KEY" },
      "custom-foo": { ...at(gamma, "/base"), wire: "openai-chat" },
    },
    gateways: {
      default: { auth: "off" },
      gw: { auth: "off" },
      sec: { auth: "required" },
      guarded: { auth: "required" },
      unsaid: {},
      quiet: { auth: "off", logs: { collect: false } },
      ...gateways,
      eager: { auth: "off", retry: { attempts: 2, delay: 1, backoff: "constant" }, timeouts: { headers: 400 } },
    },
  };
}
