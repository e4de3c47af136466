import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError, demo, gateway, memoryJournal, type Options } from "../../mod.ts";
import { admin, memoryVault } from "../../src/admin.ts";
import { hashOf } from "../../src/keys/secret.ts";
import { keyOf, PEPPER, stage, Watch } from "./stage.ts";

const root = { role: "admin" };
const keeper = { role: "operator", tenant: "acme" };
const DAY = 86_400_000;

test("a key is made, its secret is shown once, and only its hash is kept", async () => {
  const { ask, vault } = stage();
  const made = await ask(root, "POST /admin/keys", { id: "app", tenant: "acme", grants: { models: ["gpt-*"] } });
  assert.equal(made.status, 201);
  const { secret, ...rest } = made.json.result;
  assert.match(secret, /^hg_[\w-]{43}$/);
  assert.deepEqual([rest.tenant, rest.roles, rest.createdBy, rest.state], ["acme", ["caller"], "admin.all", "active"]);
  assert.equal(rest.secrets[0].hint, secret.slice(-4));
  assert.equal((await vault.find(await hashOf(secret, PEPPER)))?.id, "app");
  for (const request of ["GET /admin/keys/app", "GET /admin/keys?limit=100", "PATCH /admin/keys/app"]) {
    const told = await ask(root, request, request.startsWith("PATCH") ? { roles: ["caller"] } : undefined);
    assert.equal(told.status, 200);
    assert.equal(/secret"|hash"|hg_/.test(told.text), false, request);
    assert.equal(told.text.includes(await hashOf(secret, PEPPER)), false);
  }
});

test("answers of /admin are kept by nobody, and shown to no page", async () => {
  const { ask } = stage();
  const origin = { origin: "https://evil.example" };
  for (const who of [root, undefined]) {
    const told = await ask(who, "GET /admin/keys", undefined, origin);
    assert.equal(told.headers.get("cache-control"), "no-store");
    assert.equal(told.headers.get("access-control-allow-origin"), null);
  }
  const asked = { ...origin, "access-control-request-method": "POST" };
  const flight = await ask(undefined, "OPTIONS /admin/keys", undefined, asked);
  assert.deepEqual([flight.status, flight.headers.get("access-control-allow-origin")], [401, null]);
  const open = stage({ auth: { adminOrigins: ["https://ops.example"] } });
  const ops = { origin: "https://ops.example", "access-control-request-method": "POST" };
  assert.equal((await open.ask(undefined, "OPTIONS /admin/keys", undefined, ops)).status, 204);
  const told = await open.ask(root, "GET /admin/keys", undefined, ops);
  assert.equal(told.headers.get("access-control-allow-origin"), "https://ops.example");
  const evil = await open.ask(root, "GET /admin/keys", undefined, origin);
  assert.equal(evil.headers.get("access-control-allow-origin"), null);
});

test("a cookie is no key", async () => {
  const { ask } = stage();
  const cookie = { cookie: "cf-aig-authorization=gw-admin-of-nobody-0123456789abcdef" };
  assert.equal((await ask(undefined, "GET /admin/keys", undefined, cookie)).status, 401);
});

test("keys of the config and of the store are listed together, page by page; the config's win and stay", async () => {
  const vault = memoryVault();
  const before = stage({ vault });
  for (const id of ["zulu", "alpha", "shadowed", "mike"]) {
    await before.ask(root, "POST /admin/keys", { id, tenant: "acme" });
  }
  const shadowing = { id: "shadowed", key: "another-secret-0123456789", tenant: "umbra", roles: ["caller"] };
  const { ask } = stage({ vault, moreKeys: [shadowing] });
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await ask(root, `GET /admin/keys?limit=4${cursor === undefined ? "" : `&cursor=${cursor}`}`);
    ids.push(...page.json.result.map(({ id, source }: { id: string; source: string }) => `${source} ${id}`));
    cursor = page.json.cursor;
  } while (cursor !== undefined);
  assert.equal(ids.length, 7 * 3 + 4);
  assert.equal(new Set(ids).size, ids.length);
  assert.deepEqual(ids.map((id) => id.split(" ")[1]), ids.map((id) => id.split(" ")[1]).sort());
  assert.ok(ids.includes("config shadowed") && ids.includes("store zulu"));
  for (const request of ["DELETE /admin/keys/shadowed", "POST /admin/keys/shadowed/rotate"]) {
    assert.equal((await ask(root, request)).status, 409);
  }
  assert.equal((await ask(root, "PATCH /admin/keys/admin.all", { roles: ["caller"] })).status, 409);
  assert.equal((await ask(root, "POST /admin/keys", { id: "caller.acme" })).status, 409);
  const own = await ask(keeper, "GET /admin/keys?limit=100");
  assert.deepEqual(new Set(own.json.result.map(({ tenant }: { tenant: string }) => tenant)), new Set(["acme"]));
});

test("nobody makes a key that is wider than his own, and is told what is", async () => {
  const { ask } = stage({
    moreKeys: [{
      id: "narrow",
      key: "narrow-0123456789abcdefghij",
      roles: ["operator"],
      tenant: "acme",
    }],
  });
  for (
    const [who, body, words] of [
      [keeper, { roles: ["admin"] }, /roles names admin/],
      [keeper, { roles: ["caller", "replay"] }, /roles names replay/],
      [keeper, { roles: ["delete"] }, /roles names delete/],
      [keeper, { roles: ["auditor"] }, /roles names auditor/],
      [keeper, { tenant: "umbra" }, /tenant/],
      [{ role: "admin", tenant: "acme" }, { tenant: "umbra" }, /tenant/],
      [{ role: "operator" }, { roles: ["admin"] }, /roles names admin/],
      [keeper, { id: "mine" }, /id/],
    ] as const
  ) {
    const told = await ask(who, "POST /admin/keys", body);
    assert.equal(told.status, 403, JSON.stringify(body));
    assert.match(told.json.message, words);
  }
  const made = await ask(keeper, "POST /admin/keys", {});
  assert.deepEqual([made.status, made.json.result.tenant], [201, "acme"]);
});

test("nobody changes, rotates or ends a key that is wider than his own", async () => {
  const { ask } = stage();
  await ask(root, "POST /admin/keys", { id: "high", tenant: "acme", roles: ["admin"] });
  for (
    const [request, body] of [
      ["PATCH /admin/keys/high", { roles: ["caller"] }],
      ["POST /admin/keys/high/rotate", undefined],
      ["DELETE /admin/keys/high", undefined],
    ] as const
  ) assert.equal((await ask(keeper, request, body)).status, 403, request);
  assert.deepEqual((await ask(root, "GET /admin/keys/high")).json.result.roles, ["admin"]);
  await ask(root, "POST /admin/keys", { id: "low", tenant: "acme" });
  for (const roles of [["admin"], ["operator", "delete"]]) {
    assert.equal((await ask(keeper, "PATCH /admin/keys/low", { roles })).status, 403);
  }
  for (const body of [{ tenant: "umbra" }, { createdBy: "me" }, { secrets: [] }, { id: "other" }, { version: 9 }]) {
    assert.equal((await ask(root, "PATCH /admin/keys/low", body)).status, 400, JSON.stringify(body));
  }
});

test("another tenant's key isn't there, whatever is asked of it", async () => {
  const { ask } = stage();
  await ask(root, "POST /admin/keys", { id: "theirs", tenant: "umbra" });
  for (const id of ["theirs", "none", "caller.umbra"]) {
    const told = await Promise.all([
      ask(keeper, `GET /admin/keys/${id}`),
      ask(keeper, `PATCH /admin/keys/${id}`, { roles: ["caller"] }),
      ask(keeper, `POST /admin/keys/${id}/rotate`),
      ask(keeper, `DELETE /admin/keys/${id}`),
    ]);
    assert.deepEqual(told.map(({ status }) => status), [404, 404, 404, 404]);
    assert.equal(new Set(told.map(({ json }) => json.message)).size, 1);
  }
});

test("a rotated key has two secrets until the older one's grace is over, and never three", async () => {
  const watch = new Watch();
  const { ask, vault } = stage({ watch });
  const first = (await ask(root, "POST /admin/keys", { id: "turned" })).json.result.secret;
  const second = (await ask(root, "POST /admin/keys/turned/rotate")).json.result;
  assert.notEqual(second.secret, first);
  assert.deepEqual(second.secrets.map(({ expiresAt }: { expiresAt: string | null }) => expiresAt), [
    null,
    "2030-01-02T00:00:00.000Z",
  ]);
  const find = async (secret: string) => (await vault.find(await hashOf(secret, PEPPER)))?.id;
  assert.deepEqual([await find(first), await find(second.secret)], ["turned", "turned"]);
  assert.equal((await ask(root, "POST /admin/keys/turned/rotate")).status, 409);
  watch.pass(DAY);
  assert.deepEqual([await find(first), await find(second.secret)], [undefined, "turned"]);
  const third = (await ask(root, "POST /admin/keys/turned/rotate", { graceSeconds: 60 })).json.result;
  assert.equal(third.secrets.length, 2);
  const fourth = (await ask(root, "POST /admin/keys/turned/rotate", { graceSeconds: 0 })).json.result;
  assert.equal(fourth.secrets.length, 1);
  assert.deepEqual([await find(second.secret), await find(third.secret), await find(fourth.secret)], [
    undefined,
    undefined,
    "turned",
  ]);
});

test("a deleted key opens nothing from then on, can't be changed, and is shown for a month", async () => {
  const watch = new Watch();
  const { ask, vault } = stage({ watch });
  const { secret } = (await ask(root, "POST /admin/keys", { id: "gone", tenant: "acme" })).json.result;
  assert.equal((await ask(root, "DELETE /admin/keys/gone")).json.result.state, "revoked");
  assert.equal(await vault.find(await hashOf(secret, PEPPER)), undefined);
  assert.equal((await ask(root, "DELETE /admin/keys/gone")).status, 200);
  for (const request of ["PATCH /admin/keys/gone", "POST /admin/keys/gone/rotate"]) {
    assert.equal((await ask(root, request, request.startsWith("PATCH") ? { roles: [] } : undefined)).status, 409);
  }
  assert.equal((await ask(root, "POST /admin/keys", { id: "gone" })).status, 409);
  watch.pass(30 * DAY);
  assert.equal((await ask(root, "GET /admin/keys/gone")).status, 404);
  assert.equal((await ask(root, "POST /admin/keys", { id: "gone" })).status, 201);
});

test("times are in the future, and an expired key is told as one", async () => {
  const watch = new Watch();
  const { ask } = stage({ watch });
  assert.equal((await ask(root, "POST /admin/keys", { expiresAt: "2029-12-31T00:00:00Z" })).status, 400);
  await ask(root, "POST /admin/keys", { id: "short", expiresAt: "2030-01-01T01:00:00+00:00" });
  watch.pass(DAY);
  assert.equal((await ask(root, "GET /admin/keys/short")).json.result.state, "expired");
  const longer = await ask(root, "PATCH /admin/keys/short", { expiresAt: "2031-01-01T00:00:00Z" });
  assert.deepEqual([longer.json.result.state, longer.json.result.secrets.length], ["active", 1]);
  assert.equal((await ask(root, "PATCH /admin/keys/short", { expiresAt: null })).json.result.expiresAt, null);
});

test("of changes at once none is lost, and of rotations at once one is made", async () => {
  const { ask } = stage();
  await ask(root, "POST /admin/keys", { id: "raced" });
  const changes = [
    { roles: ["viewer"] },
    { grants: { models: ["m"] } },
    { expiresAt: "2090-01-01T00:00:00Z" },
  ];
  const told = await Promise.all(changes.map((change) => ask(root, "PATCH /admin/keys/raced", change)));
  assert.deepEqual(told.map(({ status }) => status), [200, 200, 200]);
  const { roles, grants, expiresAt, version } = (await ask(root, "GET /admin/keys/raced")).json.result;
  assert.deepEqual([roles, grants, expiresAt, version], [
    ["viewer"],
    { models: ["m"] },
    "2090-01-01T00:00:00.000Z",
    4,
  ]);
  const turned = await Promise.all(
    Array.from({ length: 5 }, () => ask(root, "POST /admin/keys/raced/rotate")),
  );
  assert.deepEqual(turned.map(({ status }) => status).sort(), [200, 409, 409, 409, 409]);
  const ended = await Promise.all(Array.from({ length: 5 }, () => ask(root, "POST /admin/keys", { id: "same" })));
  assert.deepEqual(ended.map(({ status }) => status).sort(), [201, 409, 409, 409, 409]);
});

test("a change that names the version it is of is made of no other", async () => {
  const { ask } = stage();
  const made = await ask(root, "POST /admin/keys", { id: "versioned" });
  const etag = made.headers.get("etag") ?? "";
  const change = (match: string) => ask(root, "PATCH /admin/keys/versioned", { roles: [] }, { "if-match": match });
  assert.deepEqual([(await change(etag)).status, (await change(etag)).status, (await change("x")).status], [
    200,
    409,
    400,
  ]);
});

test("without a pepper there is no management, and with one it is long enough", () => {
  const options = { auth: { keys: [{ id: "a", key: "secret" }] }, admin: admin({ vault: memoryVault() }) };
  assert.throws(
    () => gateway(options),
    (error) => error instanceof ConfigError && error.issues[0]?.path === "auth.pepper",
  );
  assert.throws(() => gateway({ auth: { pepper: "short" } }), ConfigError);
});

test("a secret stands in no log record", async () => {
  const journal = memoryJournal();
  const { ask } = stage({ journal });
  const made = await ask(root, "POST /admin/keys", { id: "logged" });
  await ask(root, "POST /admin/keys/logged/rotate");
  await new Promise((resolve) => setTimeout(resolve, 10));
  const records = journal.list();
  assert.equal(records.length, 2);
  for (const { payload, path } of records) assert.deepEqual([payload, path.includes("hg_")], [undefined, false]);
  assert.equal(JSON.stringify(records).includes(made.json.result.secret), false);
});

/** A call with a secret: what it costs to be turned away. */
const CHAT = { model: "demo/echo", messages: [{ role: "user", content: "hi" }] };
const JSON_TYPE = { "content-type": "application/json" };

test("a key that was made makes calls, within its grants, until it is deleted", async () => {
  const vault = memoryVault();
  const { ask } = stage({ vault, local: [demo()] });
  const made = await ask(root, "POST /admin/keys", { id: "app", tenant: "acme", grants: { models: ["echo*"] } });
  const { secret } = made.json.result;
  const call = (model: string) => ask(secret, "POST /v1/chat/completions", { ...CHAT, model }, JSON_TYPE);
  assert.equal((await call("demo/echo")).status, 200);
  assert.equal((await call("demo/slow")).status, 403);
  assert.deepEqual((await ask(secret, "GET /admin/whoami")).json.result, {
    key: "app",
    tenant: "acme",
    roles: ["caller"],
    grants: { models: ["echo*"] },
    expiresAt: null,
  });
  await ask(root, "DELETE /admin/keys/app");
  // Another gateway, which hasn't met it before, takes it no more.
  const other = stage({ vault, local: [demo()] });
  assert.equal((await other.ask(secret, "POST /v1/chat/completions", CHAT, JSON_TYPE)).status, 401);
});

test("what a made key may give is what it was given: roles, grants, tenant and time", async () => {
  const { ask } = stage();
  const end = new Date(Date.now() + 10 * DAY).toISOString();
  const made = await ask(root, "POST /admin/keys", {
    id: "keeper",
    tenant: "acme",
    roles: ["operator"],
    grants: { models: ["gpt-*"], gateways: ["voice"] },
    expiresAt: end,
  });
  const { secret } = made.json.result;
  const own = { grants: { models: ["gpt-5"], gateways: ["voice"] }, expiresAt: end };
  const child = await ask(secret, "POST /admin/keys", own);
  assert.deepEqual([child.status, child.json.result.createdBy, child.json.result.tenant], [201, "keeper", "acme"]);
  for (
    const [changes, words] of [
      [{ grants: { models: ["gpt-5"] } }, /grants.gateways is absent/],
      [{ grants: undefined }, /grants.gateways/],
      [{ grants: { ...own.grants, models: ["*"] } }, /grants.models opens \*/],
      [{ grants: { ...own.grants, models: ["gpt-5", "claude"] } }, /grants.models opens claude/],
      [{ expiresAt: undefined }, /expiresAt/],
      [{ expiresAt: "2999-01-01T00:00:00Z" }, /expiresAt/],
      [{ roles: ["admin"] }, /roles/],
      [{ tenant: "umbra" }, /tenant/],
    ] as const
  ) {
    const told = await ask(secret, "POST /admin/keys", { ...own, ...changes });
    assert.equal(told.status, 403, JSON.stringify(changes));
    assert.match(told.json.message, words);
  }
  const id = child.json.result.id;
  const widened = [{ grants: {} }, { expiresAt: null }, { roles: ["operator", "admin"] }];
  for (const change of widened) {
    assert.equal((await ask(secret, `PATCH /admin/keys/${id}`, change)).status, 403, JSON.stringify(change));
    assert.equal((await ask(secret, "PATCH /admin/keys/keeper", change)).status, 403, JSON.stringify(change));
  }
  // A key that outlives him he may end, but get no new secret of.
  await ask(root, "POST /admin/keys", { id: "eternal", tenant: "acme", grants: own.grants });
  assert.equal((await ask(secret, "POST /admin/keys/eternal/rotate")).status, 403);
  assert.equal((await ask(secret, "DELETE /admin/keys/eternal")).status, 200);
});

test("a key that was changed meanwhile is neither rotated nor revoked for who has seen it before", async () => {
  const { ask } = stage();
  await ask(root, "POST /admin/keys", { id: "seen" });
  await ask(root, "PATCH /admin/keys/seen", { roles: ["viewer"] });
  for (const request of ["POST /admin/keys/seen/rotate", "DELETE /admin/keys/seen"]) {
    assert.equal((await ask(root, request, undefined, { "if-match": '"1"' })).status, 409, request);
  }
  assert.equal((await ask(root, "POST /admin/keys/seen/rotate", undefined, { "if-match": '"2"' })).status, 200);
  assert.equal((await ask(root, "DELETE /admin/keys/seen", undefined, { "if-match": '"3"' })).status, 200);
});

test("who goes before a key does may narrow it and give it nothing", async () => {
  const { ask } = stage();
  const end = new Date(Date.now() + DAY).toISOString();
  const { secret } = (await ask(root, "POST /admin/keys", { roles: ["operator"], expiresAt: end })).json.result;
  await ask(root, "POST /admin/keys", { id: "eternal", roles: ["caller"], grants: { models: ["gpt-*"] } });
  for (const change of [{ roles: ["operator"] }, { roles: ["caller", "viewer"] }, { grants: {} }]) {
    const told = await ask(secret, "PATCH /admin/keys/eternal", change);
    assert.deepEqual([told.status, /expiresAt/.test(told.json.message)], [403, true], JSON.stringify(change));
  }
  for (
    const change of [{ grants: { models: ["gpt-5"] } }, { roles: [] }, { expiresAt: end }, { roles: ["operator"] }]
  ) {
    assert.equal((await ask(secret, "PATCH /admin/keys/eternal", change)).status, 200, JSON.stringify(change));
  }
});

test("a key to /admin stands in a header, not in the address", async () => {
  const { ask } = stage();
  const key = keyOf(root);
  for (
    const path of [`/k/${key}/admin/keys`, `/admin/keys?key=${key}`, `/admin/keys?cf-aig-authorization=${key}`]
  ) assert.equal((await ask(undefined, `GET ${path}`)).status, 401, path);
  for (const [name, value] of [["authorization", `Bearer ${key}`], ["cf-aig-authorization", key]] as const) {
    assert.equal((await ask(undefined, "GET /admin/keys", undefined, { [name]: value })).status, 200, name);
  }
});

test("a token manages keys by its roles and its tenant; its own end is no cap on what it gives", async () => {
  const tokens: Options["tokens"] = () => ({
    read: () =>
      Promise.resolve({
        kind: "holder",
        holder: {
          identity: { key: "jwt:alice", tenant: "acme", roles: ["operator"] },
          grants: {},
          expiresAt: Date.now() + 60_000,
          isToken: true,
        },
      }),
  });
  const jwt = { jwks: "https://idp.test/jwks.json", issuer: "https://idp.test", audience: "headgate" };
  const { ask } = stage({ tokens, auth: { jwt } });
  const token = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2ln";
  const made = await ask(token, "POST /admin/keys", {});
  assert.deepEqual([made.status, made.json.result.tenant, made.json.result.createdBy, made.json.result.expiresAt], [
    201,
    "acme",
    "jwt:alice",
    null,
  ]);
  assert.equal((await ask(token, "POST /admin/keys", { roles: ["admin"] })).status, 403);
  assert.equal((await ask(token, "GET /admin/audit")).status, 403);
});
