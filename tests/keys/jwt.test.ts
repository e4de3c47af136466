import assert from "node:assert/strict";
import { test } from "node:test";
import { jwt } from "../../src/keys/jwt.ts";
import { AUDIENCE, base64url, claims, hmac, idp, ISSUER, JWKS, mint, NOW, signer, verdict } from "./mint.ts";

const [es256, es384, rs256, ps256] = await Promise.all(["ES256", "ES384", "RS256", "PS256"].map((alg) => signer(alg)));
const all = [es256!, es384!, rs256!, ps256!];

test("tokens of every kind of key are taken, and say who their holder is", async () => {
  const provider = idp(all);
  for (const by of all) {
    const finding = await provider.read(await mint(by));
    assert.equal(verdict(finding), "accepted", by.alg);
    assert.ok(finding?.kind === "holder");
    assert.deepEqual(finding.holder.identity, { key: "jwt:alice", tenant: "acme", roles: ["caller"] });
    assert.equal(finding.holder.expiresAt, (NOW + 305) * 1000);
  }
  assert.deepEqual(provider.fetched, [JWKS], "one request for all of them");
});

test("RFC 7515's tokens are read, and refused for what they say: A.1 by a secret, A.3 by a key of P-256", async () => {
  const a1 = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9" +
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ" +
    ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  const a3 = "eyJhbGciOiJFUzI1NiJ9" +
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ" +
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
  const key = {
    kty: "EC",
    crv: "P-256",
    x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
  };
  const settings = { issuer: "joe", audience: AUDIENCE };
  // Its signature is right; it says for nobody for whom it is, which is looked at after that.
  assert.equal(verdict(await idp([], { ...settings, jwks: { keys: [key] } }).read(a3)), "claims");
  assert.equal(
    verdict(await idp([], { ...settings, jwks: { keys: [key] } }).read(a3.slice(0, -2) + "0Q")),
    "signature",
  );
  assert.equal(verdict(await idp([], { ...settings, jwks: { keys: [key] } }).read(a1)), "algorithm");
});

test("a tenant and roles are found in nested claims, and under names with dots", async () => {
  const of = async (config: object, payload: Record<string, unknown>) => {
    const finding = await idp(all, config).read(await mint(es256!, claims(payload)));
    return finding?.kind === "holder" ? finding.holder.identity : verdict(finding);
  };
  const app = { tenant: "claims.app.org", roles: "claims.realm_access.roles" };
  assert.deepEqual(await of(app, { app: { org: "beta" }, realm_access: { roles: ["admin", "x", "caller"] } }), {
    key: "jwt:alice",
    tenant: "beta",
    roles: ["caller", "admin"],
  });
  assert.deepEqual(
    await of({ tenant: "claims.https://x.test/org", roles: "claims.scope" }, {
      "https://x.test/org": 42,
      scope: "openid caller viewer",
    }),
    { key: "jwt:alice", tenant: "42", roles: ["caller", "viewer"] },
  );
  assert.deepEqual(await of({ id: "claims.client_id" }, { client_id: "svc" }), {
    key: "jwt:svc",
    tenant: "acme",
    roles: ["caller"],
  });
  for (const org of [undefined, null, "", "a b", {}, ["acme"], true, "x".repeat(129), "acme\n"]) {
    assert.equal(await of({}, { org }), "no-tenant", JSON.stringify(org));
  }
  assert.equal(await of({ tenant: "claims.__proto__.org" }, {}), "no-tenant");
  assert.equal(await of({ tenant: "claims.constructor.name" }, {}), "no-tenant");
  assert.deepEqual(await of({ roles: "claims.none" }, {}), { key: "jwt:alice", tenant: "acme", roles: [] });
});

test("a secret checks HS256 alone, and takes it", async () => {
  const secret = "a secret of thirty-two characters";
  const provider = idp([], { secret });
  const by = hmac(new TextEncoder().encode(secret));
  assert.equal(verdict(await provider.read(await mint(by, claims(), { alg: "HS256" }))), "accepted");
  assert.equal(verdict(await provider.read(await mint(by, claims(), { alg: "HS512" }))), "algorithm");
  assert.equal(verdict(await provider.read(await mint(es256!))), "algorithm");
  assert.deepEqual(provider.fetched, []);
});

test("unknown key ids cause one request a cooldown, however many come, and none from another issuer does", async () => {
  const provider = idp([es256!]);
  assert.equal(verdict(await provider.read(await mint(es256!))), "accepted");
  const strange = await Promise.all(
    Array.from({ length: 300 }, (_, at) => mint(es256!, claims(), { alg: "ES256", kid: `kid-${at}` })),
  );
  for (const found of await Promise.all(strange.map((token) => provider.read(token)))) {
    assert.equal(verdict(found), "signature");
  }
  assert.equal(provider.fetched.length, 1, "the first request was a moment ago");
  provider.passed = 30_000;
  await Promise.all(strange.map((token) => provider.read(token)));
  for (const token of strange) await provider.read(token);
  assert.equal(provider.fetched.length, 2);
  provider.passed = 59_999;
  for (const token of strange) await provider.read(token);
  assert.equal(provider.fetched.length, 2);
  provider.passed = 60_000;
  for (const token of strange) await provider.read(token);
  assert.equal(provider.fetched.length, 3);
  provider.passed = 90_000;
  assert.equal(verdict(await provider.read(await mint(es256!, claims({ iss: "https://other.test" })))), "issuer");
  assert.equal(provider.fetched.length, 3);
  assert.ok(provider.fetched.every((url) => url === JWKS));
});

test("a key that is new at the provider is found after the cooldown, and one that is gone isn't taken once keys are stale", async () => {
  const provider = idp([es256!]);
  const [old, fresh] = [
    await mint(es256!, claims({ exp: NOW + 9000 })),
    await mint(es384!, claims({ exp: NOW + 9000 })),
  ];
  assert.equal(verdict(await provider.read(old)), "accepted");
  provider.keys = [es384!.jwk];
  assert.equal(verdict(await provider.read(fresh)), "signature");
  provider.passed = 30_000;
  assert.equal(verdict(await provider.read(fresh)), "accepted");
  assert.equal(verdict(await provider.read(old)), "signature");
  provider.passed = 700_000;
  assert.equal(verdict(await provider.read(fresh)), "accepted");
  assert.equal(provider.fetched.length, 3);
});

test("keys are fetched anew when the clock was set back, at most once a cooldown", async () => {
  const provider = idp([es256!]);
  const [old, fresh] = [await mint(es256!), await mint(es384!)];
  assert.equal(verdict(await provider.read(old)), "accepted");
  provider.keys = [es384!.jwk];
  provider.passed = -4_000;
  assert.equal(verdict(await provider.read(old)), "signature");
  assert.equal(verdict(await provider.read(fresh)), "accepted");
  for (let count = 0; count < 5; count++) await provider.read(old);
  assert.equal(provider.fetched.length, 2);
});

test("a provider that is away is asked once a cooldown; its old keys serve for an hour", async () => {
  const provider = idp([es256!]);
  const good = provider.answer;
  const token = await mint(es256!, claims({ exp: NOW + 9000 }));
  provider.answer = () => new Response("down", { status: 503 });
  for (let count = 0; count < 5; count++) {
    await assert.rejects(provider.read(token), { code: "store_unavailable" });
  }
  assert.equal(provider.fetched.length, 1);
  provider.passed = 30_000;
  provider.answer = good;
  assert.equal(verdict(await provider.read(token)), "accepted");
  provider.answer = () => new Response("down", { status: 503 });
  provider.passed = 3_600_000;
  assert.equal(verdict(await provider.read(token)), "accepted");
  provider.passed = 3_640_000;
  await assert.rejects(provider.read(token), { code: "store_unavailable" });
});

test("a key set is taken from one address, in one piece, and in a size that one has", async () => {
  const token = await mint(es256!);
  const strange: [string, () => Response][] = [
    ["a redirect", () => new Response(null, { status: 302, headers: { location: "http://127.0.0.1/" } })],
    ["no JSON", () => new Response("<html>")],
    ["no set", () => Response.json({ keys: {} })],
    ["no object", () => Response.json([es256!.jwk])],
    ["too many", () => Response.json({ keys: Array.from({ length: 65 }, () => es256!.jwk) })],
    ["too large", () => Response.json({ keys: [es256!.jwk], x: "x".repeat(300_000) })],
    ["not there", () => Response.json({ keys: [es256!.jwk] }, { status: 404 })],
  ];
  for (const [name, answer] of strange) {
    const provider = idp([es256!]);
    provider.answer = answer;
    await assert.rejects(provider.read(token), { code: "store_unavailable" }, name);
    assert.deepEqual(provider.fetched, [JWKS], name);
  }
  let asked: RequestInit | undefined;
  const { tokens } = idp([es256!], {}, {
    fetch: async (_, init) => {
      asked = init;
      return Response.json({ keys: [es256!.jwk] });
    },
  });
  await tokens.read(token);
  assert.equal(asked?.redirect, "manual");
  assert.ok(asked?.signal instanceof AbortSignal);
});

test("a token is revoked by its id, by the config's list or by whoever is asked", async () => {
  const token = await mint(es256!, claims({ jti: "gone" }));
  assert.equal(verdict(await idp(all, { revoked: ["gone"] }).read(token)), "revoked");
  assert.equal(verdict(await idp(all, { revoked: ["other"] }).read(token)), "accepted");
  assert.equal(verdict(await idp(all, {}, { isRevoked: async (jti) => jti === "gone" }).read(token)), "revoked");
  const broken = idp(all, {}, { isRevoked: () => Promise.reject(new Error("down")) });
  await assert.rejects(broken.read(token), { code: "store_unavailable" });
});

test("the address of a key set is public and encrypted, or says that it isn't meant to be", () => {
  const of = (jwks: string, allowPrivate = false) => () =>
    jwt({ jwks, issuer: ISSUER, audience: AUDIENCE, allowPrivate });
  for (
    const url of ["http://idp.test/x", "https://127.0.0.1/", "https://169.254.169.254/", "https://u:p@idp.test/", "x"]
  ) {
    assert.throws(of(url), TypeError, url);
  }
  for (const url of ["https://idp.test/jwks?p=policy", JWKS]) assert.doesNotThrow(of(url), url);
  assert.doesNotThrow(of("http://127.0.0.1:1/jwks", true));
  assert.throws(() => jwt({ issuer: ISSUER, audience: AUDIENCE }), TypeError);
});

test("what isn't ours is told from what is", async () => {
  const provider = idp(all);
  const isOurs = async (token: string) => {
    const found = await provider.read(token);
    return found?.kind === "refused" ? found.isOurs : undefined;
  };
  assert.equal(await isOurs(await mint(es256!, claims({ exp: NOW - 100 }))), true);
  assert.equal(await isOurs(await mint(es256!, claims({ iss: "https://login.other" }))), false);
  assert.equal(await isOurs(`${base64url("{}")}.${base64url("{}")}.x`), false);
});
