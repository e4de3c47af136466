/**
 * The shape of a config.
 *
 * @module
 */
import * as v from "valibot";
import type { Config, KeyConfig, ProviderConfig } from "./config.ts";
import type { KeyPart } from "./cache/key.ts";
import { JWT_ALGORITHMS, type JwtConfig } from "./keys/token.ts";
import { ROLES } from "./keys/key.ts";
import { limit } from "./limits/shape.ts";
import type { TenantSource } from "./middleware/tenant.ts";
import { amount, either, filled, list, matching, misfits, object, oneOf, type Part, record, whole } from "./part.ts";
import type { Account } from "./providers/account.ts";
import type { WireId } from "./providers/provider.ts";
import { WIRES } from "./providers/wires/table.ts";
import {
  BACKOFFS,
  MAX_ATTEMPTS,
  MAX_DELAY_MS,
  MAX_TIMEOUT_MS,
  MAX_TOTAL,
  MAX_TTL_SECONDS,
  MID_STREAM,
} from "./routing/policy.ts";

const text = matching(/\S/, "must not be empty");
const flag = v.boolean("must be true or false");
const word = matching(/^[\w.@:-]{1,128}$/, "must be 1 to 128 of: letters, digits, . _ - : @");
const secret = matching(/^(?!undefined$)[\x21-\x7e]+$/, "must be printable ASCII without spaces");
const headerName = matching(/^[!#$%&'*+.^`|~\w-]+$/, "must be a header name");
const headerText = matching(/^[\t\x20-\x7e\x80-\xff]*$/, "must be a header's value: one line");

const oneOrMore = <Text extends string>(item: Part<Text>): Part<Text | readonly Text[]> =>
  either("must be text or a list of texts", item, filled(item));

const key = object({
  id: word,
  key: secret,
  sha256: matching(/^[\da-fA-F]{64}$/, "must be a SHA-256 in hex: 64 digits"),
  tenant: word,
  roles: list(oneOf(ROLES)),
  grants: object({ gateways: list(text), providers: list(text), models: list(text) }),
  expires: matching(
    /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/,
    "must be a date like 2027-01-31 or 2027-01-31T12:00:00Z",
  ),
}, "id");

const claim = matching(/^claims\..+$/, "must be the place of a claim, like claims.org");

const jwt = object(
  {
    jwks: either("must be a URL or a set of keys", text, object({ keys: list(record(v.unknown())) }, "keys")),
    secret: matching(/^.{32,}$/, "must be at least 32 characters"),
    issuer: oneOrMore(text),
    audience: oneOrMore(text),
    algorithms: list(oneOf(JWT_ALGORITHMS)),
    tenant: claim,
    roles: claim,
    id: claim,
    maxTokenAge: whole(1, 366 * 86_400),
    clockTolerance: whole(0, 300),
    cooldown: whole(1, 86_400),
    revoked: list(text),
    allowPrivate: flag,
  },
  "issuer",
  "audience",
);

const tenantSource = matching<TenantSource>(
  /^(?:path\.account|metadata\.[\w.-]{1,64})$/,
  "must be path.account or metadata.<name>",
);
const account = record(text) as Part as Part<Account>;

const provider = object({
  key: either("must be text or an account", text, account),
  keys: record(
    either(
      "must be text, an account, or a list of them",
      text,
      list(either("must be text or an account", text, account)),
      account,
    ),
    word,
  ),
  origin: text,
  wire: oneOf(Object.keys(WIRES) as WireId[]),
  allowPrivate: flag,
  prefills: flag,
  windows: record(whole(1, 2 ** 31)),
  models: list(text),
  prices: record(object({ input: amount(0), output: amount(0), cachedInput: amount(0) }, "input", "output")),
  headers: record(headerText, headerName),
  auth: object({ header: headerName, scheme: word }, "header"),
});

const timeout = whole(1, MAX_TIMEOUT_MS);

const circumstance = matching(
  /^(?:tenant|key|gateway|metadata\.[\w.-]{1,64})$/,
  "must be tenant, key, gateway or metadata.<name>",
);
const reach = object({ providers: list(text), models: list(text) });

const cache = object({
  ttl: whole(0, MAX_TTL_SECONDS),
  key: list(
    matching<KeyPart>(
      /^(?:system|user|tools|metadata\.[\w.-]{1,64})$/,
      "must be system, user, tools or metadata.<name>",
    ),
  ),
  maxBytes: whole(1, 2 ** 28),
  pace: oneOf(["instant", "recorded"]),
  shared: flag,
  secret: oneOrMore(matching(/^.{16,}$/, "must be at least 16 characters")),
});

const gateway = object({
  auth: oneOf(["required", "off"]),
  retry: object({
    attempts: whole(1, MAX_ATTEMPTS),
    delay: whole(0, MAX_DELAY_MS),
    backoff: oneOf(BACKOFFS),
    total: whole(1, MAX_TOTAL),
  }),
  timeouts: object({ headers: timeout, firstToken: timeout, idle: timeout, total: timeout }),
  midStream: oneOf(MID_STREAM),
  limits: list(limit),
  cache,
  hedge: object({ after: timeout, percent: whole(1, 100) }, "after"),
  logs: object({ collect: flag, payload: oneOf(["full", "none"]) }),
  metadata: object({ maxEntries: whole(0, 100) }),
});

const gatewayName = matching(/^[\w-]{1,64}$/, "must be named with 1 to 64 letters, digits, _ and -");

/** The shape of a config; `headgate.schema.json` is made from it. */
export const schema: Part<Config> = object({
  $schema: text,
  store: either(
    'must be "memory" or an object that says where Upstash Redis is',
    oneOf(["memory"]),
    object({ upstash: object({ url: text, token: text }, "url", "token"), timeout: whole(1, 10_000) }, "upstash"),
  ),
  basePath: matching(
    /^(\/(?!\.\.?(\/|$))[\w.~-]+)+$/,
    "must begin with a slash and not end with one; write it like /ai",
  ),
  auth: object({
    keys: list(key),
    jwt,
    pepper: matching(/^.{16,}$/, "must be at least 16 characters"),
    adminOrigins: list(matching(/^https?:\/\/[^/?#@\s]+$/, "must be an origin like https://ops.example.com")),
    tenant: oneOrMore(tenantSource),
    tenantMismatch: oneOf(["refuse", "override"]),
  }),
  policies: list(object({ when: record(oneOrMore(text), circumstance), allow: reach, deny: reach })),
  providers: record(provider),
  gateways: record(gateway, gatewayName),
  body: object({
    maxBytes: whole(1, 2 ** 31),
    maxUploadBytes: whole(1, 2 ** 40),
    maxDepth: whole(1, 10_000),
    maxAnswerBytes: whole(1, 2 ** 40),
  }),
  log: oneOf(["json", "off"]),
  drainSeconds: whole(0, 3600),
});

/** Whether a value has the shape of a gateway key. */
export const isKey = (value: unknown): value is KeyConfig => misfits(value, key).length === 0;

/** Whether a value has the shape of what is said of tokens. */
export const isJwt = (value: unknown): value is JwtConfig => misfits(value, jwt).length === 0;

/** Whether a value has the shape of a provider's settings. */
export const isProvider = (value: unknown): value is ProviderConfig => misfits(value, provider).length === 0;
