/**
 * The providers that one gateway knows.
 *
 * @module
 */
import type { ProviderConfig } from "../config.ts";
import { field } from "../json.ts";
import { overlay } from "../overlay.ts";
import { customProvider, withOrigin } from "./custom.ts";
import { keysOf, type Stored } from "./keys.ts";
import type { Compat, Provider } from "./provider.ts";
import { findBuiltIn, nearestProvider } from "./rows.ts";
import { signatureOf, type Signer } from "./signer.ts";

/** Finds providers by slug or alias. */
export interface Registry {
  find(slug: string): Provider | undefined;
  /** The known slug that comes closest, for an error's hint. */
  nearest(slug: string): string;
  /** Models that `GET /compat/models` lists, as `provider/model`. */
  readonly models: readonly string[];
}

/**
 * The built-in rows, with what is configured laid over them and in-process providers beside them.
 *
 * @param signers Who signs with the accounts that are configured.
 */
export function registry(
  configured: Readonly<Record<string, ProviderConfig>> = {},
  local: readonly Provider[] = [],
  signers: readonly Signer[] = [],
): Registry {
  const own = new Map(local.map((provider) => [provider.id, provider]));
  for (const [slug, config] of Object.entries(configured)) {
    const builtIn = own.get(slug) ?? findBuiltIn(slug);
    const keyless = builtIn === undefined ? customProvider(slug, config) : overlaid(builtIn, config);
    const provider = withKeys(keyless, config, signers);
    for (const name of [slug, provider.id, ...(provider.aliases ?? [])]) own.set(name, provider);
  }
  return {
    find: (slug) => own.get(slug) ?? findBuiltIn(slug),
    nearest: nearestProvider,
    models: modelsOf(configured, local),
  };
}

function overlaid(provider: Provider, { origin, allowPrivate, headers, prefills, windows }: ProviderConfig): Provider {
  const moved = origin === undefined ? provider : withOrigin(provider, origin);
  return overlay(moved, { allowPrivate, headers, prefills, windows });
}

/** With its stored keys. */
function withKeys(provider: Provider, config: ProviderConfig, signers: readonly Signer[]): Provider {
  const keys = keysOf(config, (credential): Stored => {
    const signature = signatureOf(credential, provider, signers, config.allowPrivate === true);
    return typeof signature === "object" ? signature : credential as string;
  });
  return keys.size === 0 ? provider : overlay(provider, { keys, compat: placed(provider, config) });
}

/** An account of AWS may say where unified calls go, whose paths name no region. */
function placed({ auth, compat }: Provider, { key }: ProviderConfig): Compat | undefined {
  const region = auth.kind === "sigv4" ? field(key, "region") : undefined;
  return typeof region === "string" ? { ...compat, chat: compat?.chat?.replace("us-east-1", region) ?? "" } : undefined;
}

function modelsOf(configured: Readonly<Record<string, ProviderConfig>>, local: readonly Provider[]): readonly string[] {
  const named = Object.entries(configured).map(([id, { models }]) => ({ id, models }));
  return [...local, ...named].flatMap(({ id, models = [] }) => models.map((model) => `${id}/${model}`));
}
