/**
 * Where an answer is kept: everything that makes it what it is goes into its key, and so does whose it is. Pure, but for
 * the hash.
 *
 * @module
 */
import type { Call, Identified, Tagged, Target } from "../call.ts";
import { digest, hexOf } from "../digest.ts";
import { ownCredential } from "../middleware/credentials.ts";
import { promptPart } from "../providers/wires/prompt.ts";
import { wireOf } from "../providers/wires/table.ts";
import { entryKeys, type Owner, tagsKey } from "../store/keys.ts";
import { ALL, type EntryKeys } from "../store/store.ts";

/** A part of a call that a template names: what else differs makes no difference then. */
export type KeyPart = "system" | "user" | "tools" | `metadata.${string}`;

/** How keys are made. */
export interface KeyOptions {
  /** What of a call its key is made of; all of its body if absent. */
  readonly template?: readonly KeyPart[] | undefined;
  /** Whether all tenants of a gateway share their answers. */
  readonly isShared?: boolean | undefined;
}

/** A call that may have an answer kept for it. */
export interface Lookup {
  readonly keys: EntryKeys;
  /** Tags that the answer is kept under, as the store knows them: `*` is on all. */
  readonly under: readonly string[];
}

type Cached = Call & Partial<Identified & Tagged>;

/** Names of headers that tell who asks, when and by what means: the answer is the same without them. */
const IDLE =
  /^(?:user-agent|idempotency-key|http-referer|x-title|x-(?:client-)?request-id|x-server-timeout|x-initiator|traceparent|tracestate|(?:x-)?session-(?:id|affinity)|thread-id|x-stainless-.*|x-amz-date|x-amzn-trace-id)$/;

/** Where the answer to a call of this target would be kept. */
export async function lookupOf(call: Cached, target: Target, options: KeyOptions): Promise<Lookup> {
  const owner = ownerOf(call, options);
  const { cacheKey } = target.policy;
  const what = await whatOf(call, target, owner, options);
  const tags = (call.heard.controls.get("cache-tags") ?? "").split(",").map((tag) => tag.trim()).filter(Boolean);
  const under = await Promise.all([
    ...(cacheKey === undefined ? [] : [customTag(cacheKey)]),
    ...tags.slice(0, MOST_TAGS).map(namedTag),
  ]);
  return { keys: await entryKeys(owner, what), under: [ALL, ...under] };
}

const MOST_TAGS = 16;

/** On answers that a client named a key for. */
export const customTag = async (key: string): Promise<string> => `k${await digest(key)}`;

/** On answers that a client tagged. */
export const namedTag = async (tag: string): Promise<string> => `t${await digest(tag)}`;

/** Whose answers a call may be given. */
export function ownerOf({ route, identity }: Cached, { isShared = false }: KeyOptions): Owner {
  return { gateway: route.gateway, tenant: isShared ? SHARED : identity?.tenant };
}

/** No tenant can be called so. */
const SHARED = "\n";

/** Where the tags of an owner's answers lie. */
export const tagsOf = (call: Cached, options: KeyOptions, tenant?: string): Promise<string> => {
  const owner = ownerOf(call, options);
  return tagsKey(tenant === undefined || options.isShared === true ? owner : { ...owner, tenant });
};

/** A digest of everything that the answer depends on. */
async function whatOf(call: Cached, target: Target, { tenant }: Owner, options: KeyOptions): Promise<string> {
  const { provider, url, policy, body, path } = target;
  const place = [provider.id, call.method, url.origin, url.pathname];
  // Where nobody knows whose call it is, it is its credential's.
  const credential = tenant === undefined || (policy.cacheKey ?? options.template) === undefined
    ? ownCredential(call, target)
    : undefined;
  const whose = tenant === SHARED ? undefined : credential;
  const { search } = url;
  if (policy.cacheKey !== undefined) {
    // Some providers take a key in the query, by whatever name.
    return await hashOf(["named", place, whose, tenant === undefined ? search : "", policy.cacheKey]);
  }
  const headers = headersOf(call, target);
  const parts = partsOf(call, target, options.template);
  if (parts !== undefined) return await hashOf(["parts", place, search, target.model, whose, headers, path, parts]);
  const bytes = body.kind === "json" ? body.json.bytes : new Uint8Array();
  return await hashOf(["whole", place, search, target.model, whose, headers], bytes);
}

/** The parts that a template names, and what an answer's form depends on; `undefined` where the whole body counts. */
function partsOf(call: Cached, target: Target, template: readonly KeyPart[] | undefined): unknown {
  const { body, provider, path } = target;
  const wire = wireOf(provider, path)?.id;
  if (template === undefined || body.kind !== "json" || wire === undefined) return undefined;
  const { json } = body;
  const parts = template.map((name) => {
    if (name.startsWith("metadata.")) return call.tags?.get(name.slice(9));
    return promptPart(wire, json, name as "system" | "user" | "tools");
  });
  // Nothing that a template names is there: all such calls would have one answer.
  if (parts.every((part) => part === undefined)) return undefined;
  const form = FORM.map((name) => {
    const span = json.members.get(name);
    return span && json.text.slice(span.start, span.end);
  });
  return [
    template,
    [...parts, promptPart(wire, json, "model"), ...form].map((part) => part === undefined ? [] : [part]),
  ];
}

/** Members of a request that decide what form its answer has. */
const FORM = [
  "stream",
  "stream_options",
  "response_format",
  "format",
  "n",
  "text",
  "modalities",
  "audio",
  "generationConfig",
  "generation_config",
  "encoding_format",
  "dimensions",
  "embedding_types",
  "output_dimension",
];

function headersOf({ heard, headers }: Cached, target: Target): readonly (readonly [string, string])[] {
  const own = (target.provider.requestHeaders ?? []).flatMap((name): [string, string][] => {
    const value = headers.get(name);
    return value === null ? [] : [[name, value]];
  });
  const step: [string, string][] = [];
  target.headers?.forEach((value, name) => step.push([name, value]));
  return [...heard.common, ...own, ...step].filter(([name]) => !IDLE.test(name)).sort(([one], [other]) =>
    one < other ? -1 : 1
  );
}

async function hashOf(parts: readonly unknown[], bytes: Uint8Array = new Uint8Array()): Promise<string> {
  const head = new TextEncoder().encode(JSON.stringify(parts) + "\n");
  const all = new Uint8Array(head.length + bytes.length);
  all.set(head);
  all.set(bytes, head.length);
  return hexOf(await crypto.subtle.digest("SHA-256", all));
}
