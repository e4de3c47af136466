/**
 * The config of the suite, and the secrets in it.
 *
 * @module
 */
import { ALIASES, AWS_ACCOUNT, entraAccount, googleAccount } from "./stored.ts";
import type { Upstream } from "./upstream.ts";

/** The key that the `sec` gateway takes. */
export const GATEWAY_KEY = "gw-hush5f1c0e77a1b24d5f9d2c";

/** The provider key that the gateway stores for `mistral`; it has a ticket of its own. */
export const STORED_KEY = "sk-hush0stored0mistral0key";

/** The config of the suite: every provider's origin is one of the upstream's ports. */
export function suiteConfig({ ports, deadPort }: Upstream): unknown {
  const at = (port: number, path = "") => ({ origin: `http://127.0.0.1:${port}${path}`, allowPrivate: true });
  const { alpha, beta, gamma } = ports;
  return {
    store: "memory",
    drainSeconds: 1,
    auth: { keys: [{ id: "suite", key: "env:SUITE_GATEWAY_KEY", tenant: "acme", roles: ["caller"] }] },
    providers: {
      "openai": at(alpha, "/v1"),
      "anthropic": at(beta),
      "google-ai-studio": at(gamma),
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
      unsaid: {},
      quiet: { auth: "off", logs: { collect: false } },
      eager: { auth: "off", retry: { attempts: 2, delay: 1, backoff: "constant" }, timeouts: { headers: 400 } },
    },
  };
}
