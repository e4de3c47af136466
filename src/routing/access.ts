/**
 * Access: which providers and models a caller may reach. Pure.
 *
 * A rule can only take away. What a rule denies is matched in every spelling that a provider could take for it; what it
 * allows, in one.
 *
 * @module
 */
import type { Call, Identified, Tagged, Target } from "../call.ts";
import { isLike } from "../glob.ts";
import { type Json, memberOf } from "../json.ts";
import { modelsInPath } from "../providers/model.ts";
import { isLook } from "./route.ts";

/** What a policy looks at of a call. */
export type Circumstance = "tenant" | "key" | "gateway" | `metadata.${string}`;

/** Providers, models, or both: then those models of those providers. Patterns, in which `*` stands for any characters. */
export interface Reach {
  readonly providers?: readonly string[] | undefined;
  /** As `gpt-5*`, or with the provider, as `openai/gpt-5*`. */
  readonly models?: readonly string[] | undefined;
}

/** One policy, as it is configured: exactly one of `allow` and `deny`. */
export interface PolicyConfig {
  /** Which calls it concerns, all of these together; every call, if absent. */
  readonly when?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** Everything else is denied. */
  readonly allow?: Reach | undefined;
  readonly deny?: Reach | undefined;
}

/** A call whose targets can be judged. */
export type Judged = Call & Partial<Identified & Tagged>;

/** Why a target is out of reach. */
export type Denial = "key" | "policy";

/** Why a caller may not use a target; `undefined` where he may. */
export function denialOf(call: Judged, target: Target, rules: readonly PolicyConfig[]): Denial | undefined {
  return denial(call, rules, () => askedOf(call, target));
}

/** Whether a caller may use a model, as it is listed: `provider/model`. */
export function mayUse(call: Judged, listed: string, rules: readonly PolicyConfig[]): boolean {
  const cut = listed.indexOf("/");
  const asked: Asked = { providers: [listed.slice(0, cut)], models: [listed.slice(cut + 1)], isHidden: false };
  return denial(call, rules, () => asked) === undefined;
}

function denial(call: Judged, rules: readonly PolicyConfig[], ask: () => Asked): Denial | undefined {
  const { providers, models } = call.identity?.grants ?? {};
  const applying = rules.filter(({ when }) => concerns(call, when));
  if (applying.length === 0 && providers === undefined && models === undefined) return undefined;
  const asked = ask();
  if (!isWithin(asked, { providers }) || !isWithin(asked, { models })) return "key";
  const isDenied = applying.some(({ allow, deny }) =>
    (deny !== undefined && isTouched(asked, deny)) || (allow !== undefined && !isWithin(asked, allow))
  );
  return isDenied ? "policy" : undefined;
}

/** Whether a policy is about a call. A pattern that fits in another case fits, too: that can only take away more. */
function concerns({ identity, tags, route }: Judged, when: PolicyConfig["when"] = {}): boolean {
  return Object.entries(when).every(([name, patterns]) => {
    const own = { tenant: identity?.tenant, key: identity?.key, gateway: route.gateway };
    const value = name.startsWith("metadata.") ? tags?.get(name.slice(9)) : own[name as keyof typeof own];
    const text = value === undefined || value === null ? undefined : folded(String(value));
    return text !== undefined && [patterns].flat().some((pattern) => isLike(text, folded(pattern)));
  });
}

/** What a target would be asked for. */
interface Asked {
  /** The provider's slug and its other names. */
  readonly providers: readonly string[];
  /** Every model that is named anywhere a provider could look. */
  readonly models: readonly string[];
  /** Whether a model may be used that isn't to be seen from here: of an upload, of an assistant. */
  readonly isHidden: boolean;
}

function askedOf(call: Judged, { provider, path, body, url, model }: Target): Asked {
  // Where a call names its own address, the path that it came by says nothing.
  const inPath = modelsInPath(provider.targetUrl === undefined ? path : url.pathname.slice(1), url.pathname);
  const inBody = body.kind === "json" ? modelsInBody(body.json) : [];
  const inQuery = modelsInQuery(url);
  const isUpgrade = call.headers.get("upgrade") !== null;
  const deciding = [
    ...inPath,
    ...(provider.modelIn === undefined ? inBody : []),
    ...(provider.modelIn === "query" || isUpgrade ? inQuery : []),
  ];
  const isBatch = body.kind === "json" && FILES.some((name) => body.json.members.has(name));
  return {
    providers: [provider.id, ...(provider.aliases ?? [])],
    models: [...new Set([...(model === undefined ? [] : [model]), ...inBody, ...inPath, ...inQuery])],
    isHidden: (deciding.length === 0 || isBatch) && (!isLook(call.method) || isUpgrade),
  };
}

/** Members that name a model, at one provider or another; some decode them in any case. */
const MEMBERS: ReadonlySet<string> = new Set([
  "model",
  "models",
  "modelid",
  "model_id",
  "model_name",
  "engine",
  "fallbacks",
]);

/** Members with requests, sessions and tools in them, which name models of their own. */
const AROUND: ReadonlySet<string> = new Set(["requests", "session", "tools"]);
const WITHIN: ReadonlySet<string> = new Set([
  ...AROUND,
  "params",
  "body",
  "request",
  "audio",
  "input",
  "transcription",
  "input_audio_transcription",
]);

/** Members that name a file of requests, whose models nobody sees from here. */
const FILES: readonly string[] = ["input_file_id", "input_files"];

function modelsInBody(json: Json): string[] {
  return [...json.members.keys()].flatMap((name) => {
    const lower = name.toLowerCase();
    if (MEMBERS.has(lower)) return textsIn(memberOf(json, name));
    return AROUND.has(lower) ? namedIn(memberOf(json, name)) : [];
  });
}

/** Texts in a value: it, its items, and what they call their model. */
function textsIn(value: unknown): string[] {
  if (typeof value === "string") return value === "" ? [] : [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => MEMBERS.has(name.toLowerCase()) ? textsIn(inner) : []);
}

/** What a value, its items, and what lies within them call their model. */
function namedIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(namedIn);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const lower = name.toLowerCase();
    return MEMBERS.has(lower) ? textsIn(inner) : WITHIN.has(lower) ? namedIn(inner) : [];
  });
}

const modelsInQuery = ({ search, searchParams }: URL): string[] =>
  search === ""
    ? []
    : [...searchParams].flatMap(([name, value]) =>
      (MEMBERS.has(name.toLowerCase()) || name === "deployment") && value !== "" ? [value] : []
    );

/** Whether all that is asked for is within a reach. */
function isWithin({ providers, models, isHidden }: Asked, reach: Reach): boolean {
  if (reach.providers !== undefined && !isLikeAny(providers, reach.providers)) return false;
  if (reach.models === undefined) return true;
  if (isHidden) return false;
  const [qualified, bare] = parted(reach.models);
  return models.every((model) => {
    const name = plain(model);
    return isLikeAny([name], bare) || isLikeAny(providers.map((provider) => `${provider}/${name}`), qualified);
  });
}

/** Patterns that name a provider, and those that don't: a model `openai/gpt-5` of another provider is none of OpenAI's. */
const parted = (patterns: readonly string[]): readonly [string[], string[]] => [
  patterns.filter((pattern) => pattern.includes("/")),
  patterns.filter((pattern) => !pattern.includes("/")),
];

/** Whether anything that is asked for is within a reach, however it is spelled. */
function isTouched({ providers, models, isHidden }: Asked, reach: Reach): boolean {
  if (reach.providers !== undefined && !isLikeAny(providers, reach.providers)) return false;
  if (reach.models === undefined) return true;
  // What can't be told apart is denied only at providers that such a pattern is about.
  if (isHidden) return reach.models.some((pattern) => isAbout(pattern, providers));
  const names = models.flatMap(spellings);
  return isLikeAny(
    [...names, ...providers.flatMap((provider) => names.map((name) => `${provider}/${name}`))],
    reach.models,
  );
}

/** A pattern with a provider of its own is about no other. */
function isAbout(pattern: string, providers: readonly string[]): boolean {
  const cut = pattern.indexOf("/");
  return cut < 0 || providers.some((name) => isLike(name, folded(pattern.slice(0, cut))));
}

const isLikeAny = (names: readonly string[], patterns: readonly string[]): boolean =>
  patterns.some((pattern) => names.some((name) => isLike(name, folded(pattern))));

const folded = (text: string) => text.trim().toLowerCase();

/** A model's name without what vendors put before it. */
const plain = (model: string) => folded(model).replace(/^\/*(?:publishers\/[^/]+\/)?(?:models\/)+/, "");

const REGION = /^(?:us-gov|us|eu|apac|ap|jp|au|ca|sa|me|af|global)\./;

/** All names that somebody could take a model's name for: decoded, folded, and without what stands before it. */
function spellings(model: string): string[] {
  let text = model;
  for (let round = 0; round < 4 && text.includes("%"); round++) text = decoded(text);
  const visible = text.normalize("NFKC").replace(/[\p{Cf}\p{Cc}\s]/gu, "").toLowerCase();
  const names = [plain(model), plain(visible)];
  for (let at = 0; at < visible.length; at++) {
    if (visible[at] === "/" || visible[at] === ":") names.push(visible.slice(at + 1));
    if (visible[at] === "/") names.push(visible.slice(0, at));
  }
  const heads = names.map((name) => name.replace(/[:@].*$/, ""));
  return [...new Set([...names, ...heads, ...names.map((name) => name.replace(REGION, ""))])].filter(Boolean);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text.replace(/%([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  }
}
