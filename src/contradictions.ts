/**
 * What a config says against itself, or what can't be: all that its shape alone doesn't tell. Pure.
 *
 * @module
 */
import type { ProviderConfig } from "./config.ts";
import { timeOf } from "./date.ts";
import type { ConfigIssue } from "./issue.ts";
import { field } from "./json.ts";
import { type GatewayKey, isReserved } from "./keys/key.ts";
import { wrongLimits } from "./limits/shape.ts";
import { jwksProblem, originProblem } from "./origin.ts";
import { below, hint, issue } from "./part.ts";
import { keysOf } from "./providers/keys.ts";
import { BUILT_IN, findBuiltIn } from "./providers/rows.ts";
import { BEARER } from "./providers/shape.ts";
import { signatureOf, type Signer } from "./providers/signer.ts";
import { isJwt, isKey, isProvider } from "./schema.ts";

/** Everything of the kind, wherever it stands; what has no proper shape is looked over. */
export function contradictions(config: unknown, signers: readonly Signer[]): readonly ConfigIssue[] {
  return [
    ...wrongKeys(config),
    ...wrongJwt(field(field(config, "auth"), "jwt")),
    ...wrongPolicies(config),
    ...wrongProviders(config, signers),
    ...wrongGateways(config),
  ];
}

/** No key, which would leave the gateway open; keys without a secret, with two, or like another. */
function wrongKeys(config: unknown): ConfigIssue[] {
  const keys = field(field(config, "auth"), "keys");
  if (!Array.isArray(keys)) return [];
  if (keys.length === 0) return [issue("auth.keys", "must not be empty; leave it out, or add a key")];
  const seen = new Set<string>();
  return keys.flatMap((key: unknown, index) => {
    const path = `auth.keys[${index}]`;
    return isKey(key)
      ? [...wrongId(key, path), ...wrongSecret(key, path), ...wrongEnd(key, path), ...repeated(key, path, seen)]
      : [];
  });
}

function wrongEnd({ expires }: GatewayKey, path: string): ConfigIssue[] {
  return expires === undefined || timeOf(expires) > 0
    ? []
    : [issue(`${path}.expires`, "is no date; write it like 2027-01-31 or 2027-01-31T12:00:00Z")];
}

/** Nothing to check tokens with, or two things; algorithms that don't go with it; keys from nowhere. */
function* wrongJwt(jwt: unknown): Iterable<ConfigIssue> {
  if (!isJwt(jwt)) return;
  const { jwks, secret, algorithms = [], allowPrivate = false } = jwt;
  if ((jwks === undefined) === (secret === undefined)) {
    yield issue("auth.jwt", "needs either jwks or a secret; give the address of your provider's key set as jwks");
  }
  const problem = typeof jwks === "string" ? jwksProblem(jwks, allowPrivate) : undefined;
  if (problem !== undefined) yield issue("auth.jwt.jwks", problem);
  if (algorithms.some((name) => name.startsWith("HS") !== (secret !== undefined))) {
    yield issue("auth.jwt.algorithms", "must be HS256, HS384 or HS512 with a secret, and none of them with jwks");
  }
}

/** Policies that say nothing, or two things. */
function wrongPolicies(config: unknown): ConfigIssue[] {
  const policies = field(config, "policies");
  if (!Array.isArray(policies)) return [];
  return policies.flatMap((policy: unknown, index) => {
    const path = `policies[${index}]`;
    const said = (["allow", "deny"] as const).filter((name) => field(policy, name) !== undefined);
    if (said.length !== 1) return [issue(path, "needs exactly one of allow and deny")];
    const reach = field(policy, said[0]!);
    const isEmpty = ["providers", "models"].every((name) => field(reach, name) === undefined);
    return isEmpty ? [issue(`${path}.${said[0]}`, "needs providers, models or both")] : [];
  });
}

/** It would be taken for somebody else. */
const wrongId = ({ id }: GatewayKey, path: string): ConfigIssue[] =>
  isReserved(id) ? [issue(`${path}.id`, "is reserved; give the key another name")] : [];

function wrongSecret({ key, sha256 }: GatewayKey, path: string): ConfigIssue[] {
  const isOne = (key === undefined) !== (sha256 === undefined);
  return isOne ? [] : [issue(path, 'needs either a key or its sha256; write "key": "env:NAME"')];
}

function repeated({ id, key, sha256 }: GatewayKey, path: string, seen: Set<string>): ConfigIssue[] {
  return Object.entries({ id, key, sha256: sha256?.toLowerCase() }).flatMap(([name, value]) => {
    const mark = `${name} ${value}`;
    if (value === undefined || !seen.has(mark)) return seen.add(mark) && [];
    return [issue(`${path}.${name}`, "is that of another key, too; give each key its own")];
  });
}

function wrongProviders(config: unknown, signers: readonly Signer[]): ConfigIssue[] {
  return Object.entries(field(config, "providers") ?? {}).flatMap(([id, provider]) => {
    const path = below("providers", id);
    const isCustom = /^custom-[\da-z][\da-z-]{0,56}$/.test(id);
    if (!isCustom && !KNOWN.includes(id)) return [issue(path, `is not a provider's name${providerHint(id)}`)];
    if (!isProvider(provider)) return [];
    const wrong = [...wrongProvider(provider, path, isCustom), ...wrongHeaders(provider, path)];
    return wrong.length > 0 ? wrong : [...wrongCredentials(id, provider, path, signers)];
  });
}

/** The demo has no row in the table: it never leaves the process. */
const KNOWN: readonly string[] = [...BUILT_IN.map(({ id }) => id), "demo"];

/** An alias is for URLs; the config has one name for each provider. */
const providerHint = (id: string): string =>
  hint(findBuiltIn(id)?.id ?? id, KNOWN) || "; give a provider of your own a name like custom-mine";

function* wrongProvider(provider: ProviderConfig, path: string, isCustom: boolean): Iterable<ConfigIssue> {
  const { origin, allowPrivate = false } = provider;
  const problem = origin === undefined ? isCustom && "is missing" : originProblem(origin, allowPrivate);
  if (problem) yield issue(`${path}.origin`, problem);
  for (const name of isCustom ? [] : ["wire", "auth"] as const) {
    if (provider[name] !== undefined) yield issue(`${path}.${name}`, "is for custom providers only; remove it");
  }
}

/** Keys that no header can hold, accounts that nobody here signs with, aliases without a key or with two. */
function wrongCredentials(
  id: string,
  config: ProviderConfig,
  path: string,
  signers: readonly Signer[],
): readonly ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  const wrong = (place: string, line: string) => issues.push(issue(`${path}.${place}`, line));
  const provider = findBuiltIn(id) ?? { id, auth: BEARER };
  if (config.key !== undefined && config.keys?.["default"] !== undefined) {
    wrong("key", "is the same as keys.default; remove one of them");
  }
  const rings = keysOf(config, (credential, place) => {
    const signature = signatureOf(credential, provider, signers, config.allowPrivate === true);
    if (typeof signature === "string") wrong(place, signature);
    else if (!signature && /[^\x20-\x7e]/.test(String(credential))) wrong(place, "must be printable ASCII on one line");
  });
  for (const [alias, ring] of rings) if (ring.length === 0) wrong(`keys.${alias}`, "must not be empty");
  return issues;
}

/** Names that belong to one connection or to the gateway's own framing. */
const FRAMING =
  /^(host|connection|content-(length|encoding)|transfer-encoding|accept-encoding|keep-alive|te|trailer|upgrade|expect|proxy-.*)$/i;

/** Names that no provider may be shown: a key in one of them would open a way out for the client's. */
const UNSEEN = /^(cf-aig-.*|cookie)$/i;

function* wrongHeaders({ headers = {}, auth }: ProviderConfig, path: string): Iterable<ConfigIssue> {
  for (const name of Object.keys(headers)) {
    if (FRAMING.test(name)) yield issue(below(`${path}.headers`, name), "is set by the gateway itself; remove it");
  }
  if (auth !== undefined && (FRAMING.test(auth.header) || UNSEEN.test(auth.header))) {
    yield issue(`${path}.auth.header`, "can't hold a key; name another header");
  }
}

function wrongGateways(config: unknown): ConfigIssue[] {
  const auth = field(config, "auth");
  const hasKeys = ["keys", "jwt", "pepper"].some((name) => field(auth, name) !== undefined);
  return Object.entries(field(config, "gateways") ?? {}).flatMap(([name, gateway]) => {
    const path = below("gateways", name);
    const limits: unknown = field(gateway, "limits");
    return [
      ...(!hasKeys && field(gateway, "auth") === "required"
        ? [issue(`${path}.auth`, "asks for a key, but there is none; add one to auth.keys, or auth.jwt")]
        : []),
      ...(Array.isArray(limits) ? wrongLimits(limits, `${path}.limits`) : []),
    ];
  });
}
