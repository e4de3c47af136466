import assert from "node:assert/strict";
import { test } from "node:test";
import { chat, completion, house } from "../core/house.ts";
import type { Options } from "../../mod.ts";
import { hashOf, newSecret } from "../../src/keys/secret.ts";
import { claims, idp, mint, NOW, signer } from "./mint.ts";

const PEPPER = "a pepper of some length";
const es256 = await signer("ES256");
const provider = idp([es256]);
const secret = newSecret();
const operator = newSecret();
const records = new Map(
  await Promise.all(
    ([[secret, "ring", "caller"], [operator, "ops", "operator"]] as const).map(async ([text, id, role]) => {
      const hash = await hashOf(text, PEPPER);
      const secrets = [{ hash, hint: "", createdAt: 0, expiresAt: undefined }];
      return [hash, {
        id,
        tenant: undefined,
        roles: [role],
        grants: {},
        expiresAt: undefined,
        createdAt: 0,
        createdBy: "x",
        secrets,
      }] as const;
    }),
  ),
);

const OPTIONS: Options = {
  auth: {
    pepper: PEPPER,
    jwt: {
      jwks: "https://idp.test/jwks.json",
      issuer: "https://idp.test",
      audience: "headgate",
      tenant: "claims.org",
      roles: "claims.roles",
    },
    keys: [
      { id: "good", key: "good-key", tenant: "acme" },
      { id: "old", key: "old-key", expires: "2001-01-01" },
      { id: "viewer", key: "viewer-key", roles: ["viewer"] },
      { id: "boss", key: "boss-key", roles: ["admin"] },
      { id: "voice", key: "voice-key", grants: { gateways: ["voice-*"] } },
    ],
  },
  keyring: { find: (hash) => Promise.resolve(records.get(hash)) },
  tokens: () => provider.tokens,
};

async function asked(headers: Record<string, string>, path = "/openai/chat/completions") {
  const { ask, sent, records } = house(() => completion(), OPTIONS);
  const { authorization: _, ...rest } = chat("gpt-x").headers;
  const answer = await ask(path, { ...chat("gpt-x"), headers: { ...rest, ...headers } });
  const body = await answer.json() as { error: { message: string } };
  const [record] = await records();
  return {
    status: answer.status,
    message: body.error?.message,
    sent: sent.length,
    record,
    all: JSON.stringify([body, [...answer.headers], record]),
  };
}

const slip = secret.slice(0, -1) + (secret.endsWith("A") ? "E" : "A");
const bearer = (text: string) => ({ authorization: `Bearer ${text}` });

const REFUSED: readonly (readonly [name: string, headers: Record<string, string>, status: number, message: RegExp])[] =
  [
    ["nothing", {}, 401, /^Send a gateway key in cf-aig-authorization: this gateway asks/],
    ["Bearer undefined", bearer("undefined"), 401, /Authorization holds an empty one/],
    ["an empty control", { "cf-aig-authorization": "Bearer null" }, 401, /cf-aig-authorization holds an empty one/],
    ["a variable", { "x-api-key": "$HEADGATE_KEY" }, 401, /x-api-key holds an empty one/],
    ["a provider's key", bearer("sk-proj-canary"), 401, /what Authorization holds is none, and may be a provider's/],
    ["a provider's key in its own header", { "x-api-key": "sk-ant-canary" }, 401, /what x-api-key holds is none/],
    [
      "an unknown key in the gateway's own",
      { "cf-aig-authorization": "canary-unknown" },
      401,
      /in cf-aig-authorization isn't known/,
    ],
    [
      "an unknown key and a provider's",
      { "cf-aig-authorization": "canary-unknown", ...bearer("sk-canary") },
      401,
      /cf-aig-authorization isn't known/,
    ],
    ["a key with a slip", bearer(slip), 401, /in Authorization has a character wrong/],
    ["an unknown key of our form", { "cf-aig-authorization": newSecret() }, 401, /isn't known, or was revoked/],
    ["an expired key", { "x-api-key": "old-key" }, 401, /in x-api-key has expired/],
    ["a viewer's key", bearer("viewer-key"), 403, /role caller: the one in Authorization makes no calls/],
    ["an operator's key of the ring", bearer(operator), 403, /role caller/],
    ["a key for other gateways", { "api-key": "voice-key" }, 403, /for this gateway: the one in api-key is for others/],
    [
      "an expired token",
      bearer(await mint(es256, claims({ exp: NOW - 60 }))),
      401,
      /token: the one in Authorization has expired/,
    ],
    ["a token of another", bearer(await mint(es256, claims({ iss: "https://x.test" }))), 401, /issued by somebody/],
    ["a token for another", bearer(await mint(es256, claims({ aud: "x" }))), 401, /for another audience/],
    ["a token with no role", bearer(await mint(es256, claims({ roles: [] }))), 403, /role caller/],
    ["a token with no tenant", bearer(await mint(es256, claims({ org: undefined }))), 401, /for which tenant/],
    ["an early token", bearer(await mint(es256, claims({ nbf: NOW + 60 }))), 401, /isn't valid yet/],
  ];

for (const [name, headers, status, message] of REFUSED) {
  test(`${name} is told apart, by where it stood and never by what it was`, async () => {
    const answer = await asked(headers);
    assert.deepEqual([answer.status, answer.sent], [status, 0]);
    assert.match(answer.message, message);
    assert.match(answer.message, /^[A-Z][^.]*(?:\.\w[^.]*)*\.$/, "one sentence");
    for (const value of Object.values(headers)) {
      const credential = value.replace("Bearer ", "");
      if (credential.length > 9) assert.equal(answer.all.includes(credential), false);
    }
    assert.equal(answer.record?.error?.code, status === 401 ? "unauthenticated" : "forbidden");
  });
}

test("the first credential that is good counts, and its holder is in the record", async () => {
  const token = await mint(es256);
  for (
    const [headers, key, tenant] of [
      [{ "cf-aig-authorization": "good-key" }, "good", "acme"],
      [{ "cf-aig-authorization": "old-key", "x-api-key": "good-key" }, "good", "acme"],
      [{ "cf-aig-authorization": "nobody", ...bearer(secret) }, "ring", undefined],
      [{ ...bearer(token), "x-api-key": "good-key" }, "jwt:alice", "acme"],
      [{ ...bearer("boss-key") }, "boss", undefined],
    ] as [Record<string, string>, string, string | undefined][]
  ) {
    const { status, record, sent } = await asked(headers);
    assert.deepEqual([status, record?.key, record?.tenant, sent], [200, key, tenant, 1]);
  }
  const { status, record } = await asked({ "api-key": "voice-key" }, "/v1/acc/voice-eu/openai/chat/completions");
  assert.deepEqual([status, record?.key], [200, "voice"]);
});

test("a key that ends while it is remembered opens nothing from then on", async () => {
  const { Holders, auth, compose } = await import("../../mod.ts");
  let now = Date.UTC(2026, 0, 1);
  const holders = new Holders({
    keys: [{ id: "k", key: "k", expires: "2026-01-01T00:00:10Z" }],
    clock: { now: () => now, random: () => 0, wait: () => Promise.resolve() },
  });
  const { entry } = await import("../../mod.ts");
  const gw = entry(compose(auth({ holders, required: true })).to(async () => new Response("in")));
  const status = async () => (await gw.fetch("http://gw.test/openai/x", { headers: { "x-api-key": "k" } })).status;
  assert.equal(await status(), 200);
  now += 9_999;
  assert.equal(await status(), 200);
  now += 1;
  assert.equal(await status(), 401);
});

test("a key that only operates purges, and makes no calls", async () => {
  const { ask } = house(() => completion(), OPTIONS);
  const purge = (key: string) =>
    ask("/v1/acc/gw/cache/purge", {
      method: "POST",
      headers: { "content-type": "application/json", "cf-aig-authorization": key },
      body: '{"all":true,"tenant":"acme"}',
    });
  assert.equal((await purge(operator)).status, 200);
  assert.equal((await purge("good-key")).status, 403);
  assert.equal((await purge("viewer-key")).status, 403);
});

test("a config that asks for tokens, or a keyring without a pepper, says what is missing", async () => {
  const { gateway } = await import("../../mod.ts");
  const jwt = { jwks: "https://idp.test/jwks.json", issuer: "a", audience: "b" };
  assert.throws(
    () => gateway({ auth: { jwt } }),
    /auth\.jwt needs what reads tokens; import \{ jwt \} from "headgate\/jwt"/,
  );
  assert.throws(() => gateway({ keyring: { find: async () => undefined } }), /auth\.pepper is missing/);
  assert.throws(() => gateway({ auth: { jwt: { issuer: "a", audience: "b" } } }), /either jwks or a secret/);
  assert.throws(
    () => gateway({ auth: { jwt: { ...jwt, jwks: "http://10.0.0.1/" } } }),
    /auth\.jwt\.jwks is a private address/,
  );
  assert.throws(() => gateway({ auth: { jwt: { ...jwt, algorithms: ["HS256"] } } }), /auth\.jwt\.algorithms/);
  assert.throws(
    () => gateway({ auth: { keys: [{ id: "a", key: "b", expires: "2027-99-99" }] } }),
    /expires is no date/,
  );
  assert.throws(() => gateway({ policies: [{}] }), /policies\[0\] needs exactly one of allow and deny/);
  assert.throws(() => gateway({ policies: [{ allow: {} }] }), /policies\[0\]\.allow needs providers, models or both/);
});
