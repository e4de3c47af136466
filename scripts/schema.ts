/**
 * Makes `headgate.schema.json` from the shape that the config is checked against.
 *
 * @module
 */
import { toJsonSchema } from "@valibot/to-json-schema";
import { writeFileSync } from "node:fs";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { ROWS } from "../src/providers/table.ts";
import type { Part } from "../src/part.ts";
import { schema } from "../src/schema.ts";
import * as v from "valibot";

/** A JSON Schema, as far as it is looked into here. */
interface Node {
  description?: string;
  pattern?: string;
  properties?: Record<string, Node>;
  additionalProperties?: Node | boolean;
  propertyNames?: unknown;
  items?: Node;
  anyOf?: Node[];
}

/** What editors show, by place: `*` stands for any name, `[]` for any place in a list. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  "$schema": "Where this schema lies, so that an editor helps.",
  "store": "Where shared state is kept: in the memory of one process, or in Upstash Redis. Absent: memory.",
  "store.upstash": "Upstash Redis, or any Redis or Valkey behind headgate redis.",
  "store.upstash.url": "Its REST URL, best as env:UPSTASH_REDIS_REST_URL.",
  "store.upstash.token": "Its REST token, best as env:UPSTASH_REDIS_REST_TOKEN.",
  "store.timeout": "Milliseconds that a call waits for the store. Absent: 120.",
  "basePath": "Path that the gateway is mounted below, such as /ai. Absent: the root.",
  "auth": "Who may call.",
  "auth.keys": "Gateway keys. As soon as there is one, gateways ask for a key unless they say otherwise.",
  "auth.keys[]": "A gateway key: exactly one of key and sha256.",
  "auth.keys[].id": "Its name in logs; never the key itself.",
  "auth.keys[].key": "The key, best as env:NAME.",
  "auth.keys[].sha256": "SHA-256 of the key in hex, instead of the key.",
  "auth.keys[].tenant": "Who is served and billed.",
  "auth.keys[].roles": "What its holder may do. Absent: caller.",
  "auth.keys[].roles[]": "A role.",
  "auth.adminOrigins": "Origins whose pages may call /admin. Absent: none.",
  "auth.adminOrigins[]": "An origin, such as https://ops.example.com.",
  "auth.keys[].grants": "What the key opens. Absent: everything. * stands for any characters.",
  "auth.keys[].grants.gateways": "Gateways that it may call.",
  "auth.keys[].grants.gateways[]": "A gateway's name, as voice-*.",
  "auth.keys[].grants.providers": "Providers that it may call.",
  "auth.keys[].grants.providers[]": "A pattern for a provider's slug.",
  "auth.keys[].grants.models": "Models that it may call.",
  "auth.keys[].grants.models[]": "A model, as gpt-5*; or with its provider, as openai/gpt-5*.",
  "auth.keys[].expires": "From when it opens nothing, as 2027-01-31 or 2027-01-31T12:00:00Z.",
  "auth.jwt": "Tokens of an identity provider, in the place of keys.",
  "auth.jwt.jwks": "Where the provider publishes its keys; or the set of them.",
  "auth.jwt.jwks.keys": "The public keys.",
  "auth.jwt.jwks.keys[]": "A key as RFC 7517 has it.",
  "auth.jwt.jwks.keys[].*": "A member of the key.",
  "auth.jwt.secret": "Secret of HS256, HS384 or HS512, instead of jwks; best as env:NAME.",
  "auth.jwt.issuer": "Who must have issued a token (iss).",
  "auth.jwt.issuer[]": "One of several issuers.",
  "auth.jwt.audience": "For whom a token must be (aud).",
  "auth.jwt.audience[]": "One of several audiences.",
  "auth.jwt.algorithms": "Algorithms that are taken. Absent: asymmetric ones, or HS256 where there is a secret.",
  "auth.jwt.algorithms[]": "The name of an algorithm, as ES256.",
  "auth.jwt.tenant": "Claim that names the tenant, as claims.org. A token without it is refused.",
  "auth.jwt.roles": "Claim that lists roles, as claims.app.roles. Absent: every token has the role caller.",
  "auth.jwt.id": "Claim by which logs and limits call the holder. Absent: claims.sub.",
  "auth.jwt.maxTokenAge": "Seconds since a token was issued and until it expires, at most. Absent: 86400.",
  "auth.jwt.clockTolerance": "Seconds that clocks may differ. Absent: 5.",
  "auth.jwt.cooldown": "Seconds between two requests for jwks, at least. Absent: 30.",
  "auth.jwt.revoked": "Tokens that are taken no more.",
  "auth.jwt.revoked[]": "A token's id (jti).",
  "auth.jwt.allowPrivate": "Whether jwks may be at a private address, loopback or plain http.",
  "auth.pepper":
    "Hashes keys that are made over HTTP, which are then kept in the store; at least 16 characters, best as env:NAME.",
  "auth.tenant": "Where a tenant may be named whom no key or token vouches for. Absent: nowhere.",
  "auth.tenant[]": "One of several places; the first that names one counts.",
  "auth.tenantMismatch": "What becomes of a call that names another tenant than its key's. Absent: refuse.",
  "policies": "Which providers and models calls may reach. Each can only take away.",
  "policies[]": "One policy: exactly one of allow and deny.",
  "policies[].when": "Which calls it concerns: all of these must fit. Absent: every call.",
  "policies[].when.*": "A pattern, in which * stands for any characters, or several.",
  "policies[].when.*[]": "One of several patterns.",
  "policies[].allow": "What such calls may reach; everything else is denied.",
  "policies[].allow.providers": "Patterns for providers.",
  "policies[].allow.providers[]": "A pattern for a provider's slug.",
  "policies[].allow.models": "Patterns for models.",
  "policies[].allow.models[]": "A model, as gpt-5*; or with its provider, as openai/gpt-5*.",
  "policies[].deny": "What such calls may not reach; providers and models together: those models of those providers.",
  "policies[].deny.providers": "Patterns for providers.",
  "policies[].deny.providers[]": "A pattern for a provider's slug.",
  "policies[].deny.models": "Patterns for models.",
  "policies[].deny.models[]": "A model, as gpt-5*; or with its provider, as openai/gpt-5*.",
  "providers": "Providers by slug: a built-in one, or custom- and a name of your own.",
  "providers.*": "One provider. {} is enough where clients bring their own keys.",
  "providers.*.key":
    "Its stored key, best as env:NAME, or an account to sign with; used where a client sends none. The same as keys.default.",
  "providers.*.key.*":
    "Of AWS: accessKeyId, secretAccessKey, sessionToken, region. Of Google: the service account's JSON, region. Of Entra: tenantId, clientId, clientSecret, scope, authority.",
  "providers.*.keys": "Stored keys by alias, which a request chooses with cf-aig-byok-alias.",
  "providers.*.keys.*": "A key, an account, or a list of them that stand in for each other.",
  "providers.*.keys.*[]": "A key or an account.",
  "providers.*.keys.*.*": "As in key.",
  "providers.*.keys.*[].*": "As in key.",
  "providers.*.origin": "Where it lives, if not where it usually does. A custom provider needs one.",
  "providers.*.wire": "What a custom provider speaks where its paths don't tell.",
  "providers.*.allowPrivate": "Whether origin may be private, loopback or plain http.",
  "providers.*.prefills":
    "Whether its models go on from an assistant's message at the end of a request; for midStream: continue.",
  "providers.*.windows": "Tokens that a model takes in, by its name. Absent: what the price list says.",
  "providers.*.windows.*": "Tokens.",
  "providers.*.prices": "What models cost, by name, where the price list doesn't know it or says otherwise.",
  "providers.*.prices.*": "US dollars for a million tokens.",
  "providers.*.prices.*.input": "US dollars for a million tokens of input.",
  "providers.*.prices.*.output": "US dollars for a million tokens of output.",
  "providers.*.prices.*.cachedInput":
    "US dollars for a million tokens of input that the provider had cached. Absent: as input.",
  "providers.*.models": "Names of models that GET /compat/models lists.",
  "providers.*.models[]": "A model's name, without the provider.",
  "providers.*.headers": "Headers sent with every attempt.",
  "providers.*.headers.*": "A header's value; env:NAME works here, too.",
  "providers.*.auth": "How a custom provider is shown its key. Absent: Authorization: Bearer.",
  "providers.*.auth.header": "The header that carries the key.",
  "providers.*.auth.scheme": "The word before the key, such as Bearer.",
  "gateways": "Gateways by name. Absent: every name is served with the defaults.",
  "gateways.*": "One gateway. {} takes the defaults.",
  "gateways.*.auth": "Whether a gateway key is asked for. Absent: required as soon as any key is configured.",
  "gateways.*.retry": "How a target is tried again; a request's cf-aig headers win.",
  "gateways.*.retry.attempts": "Requests to one target, the first included. Absent: 1.",
  "gateways.*.retry.delay": "Milliseconds before the second attempt. Absent: 500.",
  "gateways.*.retry.backoff": "How the wait grows from one attempt to the next. Absent: exponential.",
  "gateways.*.retry.total":
    "Requests for one call, all its targets together. Absent: 3, or as many as the call asks for by itself.",
  "gateways.*.timeouts": "How long to wait; a request's cf-aig headers win.",
  "gateways.*.timeouts.headers": "Milliseconds until an answer's headers. Absent: no limit.",
  "gateways.*.timeouts.firstToken": "Milliseconds until the model's first output. Absent: no limit.",
  "gateways.*.timeouts.idle": "Milliseconds that a stream may be silent once it has begun. Absent: 300000.",
  "gateways.*.timeouts.total": "Milliseconds until the end of the answer, all attempts together. Absent: no limit.",
  "gateways.*.midStream":
    "What becomes of a stream that breaks in the middle: the client is told, or another target goes on. Absent: error.",
  "gateways.*.limits": "What callers may take. All rules that concern a call must allow it.",
  "gateways.*.limits[]": "One rule: exactly one of requests, concurrent, tokens and cost.",
  "gateways.*.limits[].name": "As headers and logs call it. Absent: made of the rest.",
  "gateways.*.limits[].per":
    "By what calls are counted: gateway, tenant, key, model, provider, ip or metadata.<name>; each value has its own allowance.",
  "gateways.*.limits[].per[]": "Several together: each combination has its own allowance.",
  "gateways.*.limits[].match": "Only these values; * stands for any characters.",
  "gateways.*.limits[].match[]": "A pattern.",
  "gateways.*.limits[].match.*": "Patterns for this dimension.",
  "gateways.*.limits[].match.*[]": "A pattern.",
  "gateways.*.limits[].overrides": "Other amounts for some values.",
  "gateways.*.limits[].overrides.*": "The amount for values like this.",
  "gateways.*.limits[].requests": "Calls in a window.",
  "gateways.*.limits[].concurrent": "Calls at the same time.",
  "gateways.*.limits[].tokens": "Tokens of input and output in a window.",
  "gateways.*.limits[].cost": "US dollars in a window.",
  "gateways.*.limits[].window": "30s, 1m, 1h, 7d; or a period of the calendar in UTC: day, week, month.",
  "gateways.*.limits[].algorithm":
    "How a window is counted. upstash-…: as @upstash/ratelimit does, for requests only. Absent: sliding; fixed for periods of the calendar.",
  "gateways.*.limits[].mode":
    "soft: estimated beforehand and corrected afterwards. hard: never exceeded. shadow: only reported. Absent: soft.",
  "gateways.*.limits[].stopStreams":
    "Whether a running stream is ended properly when its budget is spent. Absent: false.",
  "gateways.*.limits[].maxOutput": "Tokens of output for calls of a hard budget that name no cap. Absent: 4096.",
  "gateways.*.limits[].onStoreFailure":
    "What holds while the shared store can't be asked. Absent: closed for tokens and cost, local for the others.",
  "gateways.*.limits[].status": "Of a refusal, 402 or 429. Absent: 402 for tokens and cost, 429 for the others.",
  "gateways.*.cache": "Answers that are kept. Absent: none, unless a request asks for it.",
  "gateways.*.cache.ttl": "Seconds that an answer is kept; a request's cf-aig-cache-ttl wins. 0 keeps none.",
  "gateways.*.cache.key": "What of a call its key is made of. Absent: the whole request.",
  "gateways.*.cache.key[]": "system, user, tools or metadata.<name>.",
  "gateways.*.cache.maxBytes": "Bytes of an answer that is kept. Absent: 4 MiB.",
  "gateways.*.cache.pace": "Whether streams are replayed at once or as they first came. Absent: instant.",
  "gateways.*.cache.shared": "Whether the tenants of the gateway share their answers. Absent: false.",
  "gateways.*.cache.secret":
    "Encrypts what is kept; at least 16 characters, best as env:NAME. Of several, the first encrypts and all decrypt.",
  "gateways.*.cache.secret[]": "One of several secrets.",
  "gateways.*.hedge": "Asks a second target when the first is slow to speak. Absent: never.",
  "gateways.*.hedge.after": "Milliseconds that the first target has for its first output.",
  "gateways.*.hedge.percent": "Of a hundred calls, so many are hedged at most. Absent: 10.",
  "gateways.*.logs": "What is kept of a call.",
  "gateways.*.logs.collect": "Whether a call leaves a log record. Absent: true.",
  "gateways.*.logs.payload": "Whether a record holds the bodies. Absent: full.",
  "gateways.*.metadata": "The tags of a call.",
  "gateways.*.metadata.maxEntries": "How many tags are kept. Absent: 5.",
  "body": "How much of a body is taken.",
  "body.maxBytes": "Bytes of JSON, which is held in memory. Absent: 10 MiB.",
  "body.maxUploadBytes": "Bytes of an upload, which is streamed. Absent: 100 MiB.",
  "body.maxDepth": "How deep JSON may be nested. Absent: 512.",
  "body.maxAnswerBytes": "Bytes after which a provider's answer is broken off. Absent: 1 GiB.",
  "log": "json prints one line for each call on stdout.",
  "drainSeconds": "Seconds that streams may go on once the process was told to stop. Absent: 30.",
};

/** The schema as text, described throughout. */
export function schemaText(): string {
  const made = toJsonSchema(inLibrary(schema), { target: "draft-2020-12", errorMode: "throw" }) as Node;
  describe(made, "");
  admitVariables(made);
  made.properties!["providers"]!.propertyNames = {
    pattern: `^(${[...ROWS.map(({ id }) => id), "demo"].join("|")}|custom-.+)$`,
  };
  return `${JSON.stringify({ title: "Headgate config", ...made }, null, 2)}\n`;
}

/** A part in the library's own words. */
function inLibrary(part: Part): v.GenericSchema {
  switch (part.kind) {
    case "schema":
      return part;
    case "range":
      return v.pipe(v.number(), v.integer(), v.minValue(part.least), v.maxValue(part.most));
    case "amount":
      return part.least > 0 ? v.pipe(v.number(), v.gtValue(0)) : v.pipe(v.number(), v.minValue(0));
    case "either":
      return v.union(part.options.map(inLibrary));
    case "choice":
      return v.picklist(part.options);
    case "list":
      return part.isFilled ? v.pipe(v.array(inLibrary(part.item)), v.minLength(1)) : v.array(inLibrary(part.item));
    case "record":
      return v.record(part.name, inLibrary(part.item));
    case "object":
      return v.strictObject(Object.fromEntries(
        Object.entries(part.members).map(([name, member]) => {
          const inner = inLibrary(member);
          return [name, part.needed.includes(name) ? inner : v.optional(inner)];
        }),
      ));
  }
}

/** Gives each place its sentence; a place without one is a mistake. */
function describe(node: Node, path: string): void {
  if (path !== "") {
    const description = DESCRIPTIONS[path];
    if (description === undefined) throw new Error(`Describe ${path} in scripts/schema.ts.`);
    node.description = description;
  }
  const below = path === "" ? "" : `${path}.`;
  for (const [name, inner] of Object.entries(node.properties ?? {})) describe(inner, below + name);
  if (typeof node.additionalProperties === "object") describe(node.additionalProperties, `${below}*`);
  if (node.items !== undefined) describe(node.items, `${path}[]`);
  for (const option of node.anyOf ?? []) {
    describe(option, path);
    delete option.description;
  }
}

/** A text may also stand in an environment variable. */
function admitVariables(node: Node): void {
  if (node.pattern !== undefined) node.pattern = `^env:[A-Za-z_]\\w*$|${node.pattern}`;
  for (const inner of Object.values(node.properties ?? {})) admitVariables(inner);
  if (typeof node.additionalProperties === "object") admitVariables(node.additionalProperties);
  if (node.items !== undefined) admitVariables(node.items);
  node.anyOf?.forEach(admitVariables);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  writeFileSync(new URL("../headgate.schema.json", import.meta.url), schemaText());
}
