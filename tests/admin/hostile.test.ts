import assert from "node:assert/strict";
import { test } from "node:test";
import { newSecret } from "../../src/keys/secret.ts";
import { stage } from "./stage.ts";

const root = { role: "admin" };

test("bodies that aren't what they must be are refused with a sentence, and change nothing", async () => {
  const { ask, rows } = stage();
  for (
    const [body, status] of [
      ["", 201],
      ["{}", 201],
      ["null", 400],
      ["[]", 400],
      ["[1]", 400],
      ['"text"', 400],
      ["{", 400],
      ["{}}", 400],
      ['{"roles":["admin"],"roles":["caller"]}', 400],
      ['{"r\\u006fles":["admin"],"roles":["caller"]}', 400],
      ['{"grants":{"models":["a"],"models":["*"]}}', 400],
      ['{"__proto__":{"roles":["admin"]}}', 400],
      ['{"constructor":{"prototype":{"roles":["admin"]}}}', 400],
      ['{"grants":{"__proto__":["x"]}}', 400],
      ['{"roles":{"0":"admin","length":1}}', 400],
      ['{"roles":"admin"}', 400],
      ['{"roles":["Admin"]}', 400],
      ['{"roles":["аdmin"]}', 400],
      ['{"roles":[["admin"]]}', 400],
      ['{"tenant":"acme\\u0000"}', 400],
      ['{"tenant":"acme\\r\\nx"}', 400],
      ['{"tenant":"асме"}', 400],
      ['{"tenant":["acme"]}', 400],
      ['{"tenant":""}', 400],
      ['{"grants":{"models":["a b"]}}', 400],
      ['{"grants":{"models":"gpt"}}', 400],
      [JSON.stringify({ grants: { models: Array(101).fill("m") } }), 400],
      ['{"expiresAt":1}', 400],
      ['{"expiresAt":"tomorrow"}', 400],
      ['{"expiresAt":"2030-99-99T99:99:99Z"}', 400],
      ['{"secret":"mine"}', 400],
      ['{"secrets":[{"hash":"x"}]}', 400],
      ['{"id":"anonymous"}', 400],
      ['{"id":"config"}', 400],
      ['{"id":"jwt:alice"}', 400],
      ['{"id":"jwt"}', 400],
      [`{"id":"${newSecret()}"}`, 400],
      [`{"id":"${"x".repeat(129)}"}`, 400],
      ["[".repeat(5000), 400],
      [`{"grants":${'{"a":'.repeat(30)}1${"}".repeat(30)}}`, 400],
      [`{"tenant":"${"x".repeat(70_000)}"}`, 413],
    ] as const
  ) {
    const before = (await rows()).length;
    const told = await ask(root, "POST /admin/keys", body);
    assert.equal(told.status, status, body.slice(0, 80));
    if (status === 201) continue;
    assert.match(told.json.message, /^[A-Z].*\.$/);
    assert.equal((await rows()).length, before, body.slice(0, 80));
  }
  assert.equal(({} as { roles?: unknown }).roles, undefined);
});

test("no id leads anywhere else, and none that can't be one is taken", async () => {
  const { ask } = stage();
  for (const id of ["a/b", "..", ".", "*", "a b", "a\r\nb", "a\u0000", "ａdmin", "", "%2e%2e", "a?b", "a#b"]) {
    const made = await ask(root, "POST /admin/keys", { id });
    assert.equal(made.status, 400, JSON.stringify(id));
  }
  for (
    const id of [
      "..%2f..",
      "%2e%2e%2faudit",
      "a%2fb",
      "*",
      "%2a",
      "a%0d%0ab",
      "%00",
      "%",
      "%ff",
      "%E0%A4%A",
      "%EF%BD%81dmin.all",
      "x".repeat(5000),
      "__proto__",
      "constructor",
      "toString",
      "{id}",
      ":id",
    ]
  ) {
    for (const request of [`GET /admin/keys/${id}`, `DELETE /admin/keys/${id}`, `POST /admin/keys/${id}/rotate`]) {
      assert.equal((await ask(root, request)).status, 404, request.slice(0, 60));
    }
  }
});

test("paths that only look like a route aren't one", async () => {
  const { ask } = stage();
  for (
    const path of [
      "/admin",
      "/admin/",
      "/admin//keys",
      "//admin/keys",
      "/admin/keys/x/y/z",
      "/admin/keys;x",
      "/admin/KEYS",
      "/admin/%6beys",
      "/Admin/keys",
      "/%61dmin/keys",
      "/admin\\keys\\..",
    ]
  ) {
    for (const who of [root, { role: "caller" }]) {
      const { status } = await ask(who, `GET ${path}`);
      assert.ok(status === 404 || status === 400, `${path} ${status}`);
    }
  }
});

test("queries that aren't known, come twice or hold what they can't are refused", async () => {
  const { ask } = stage();
  for (
    const query of [
      "limit=0",
      "limit=101",
      "limit=1e2",
      "limit=-1",
      "limit=5&limit=6",
      "cursor=a/b",
      "cursor=%00",
      "tenant=*",
      "tenant=",
      "tenants=acme",
      "__proto__=x",
    ]
  ) assert.equal((await ask(root, `GET /admin/keys?${query}`)).status, 400, query);
  for (const query of ["cursor=0", "cursor=-1", "cursor=1e9", "verify=yes", "limit=1000", "x=1"]) {
    assert.equal((await ask(root, `GET /admin/audit?${query}`)).status, 400, query);
  }
  assert.equal((await ask(root, "GET /admin/whoami?x=1")).status, 400);
});

test("a query that means nothing where it stands is refused, so that nobody takes it for heard", async () => {
  const { ask } = stage();
  await ask(root, "POST /admin/keys", { id: "k" });
  for (
    const request of ["POST /admin/keys", "GET /admin/keys/k", "POST /admin/keys/k/rotate", "DELETE /admin/keys/k"]
  ) {
    assert.equal((await ask(root, `${request}?tenant=acme`)).status, 400, request);
  }
  assert.equal((await ask(root, "PATCH /admin/keys/k?tenant=acme", { roles: [] })).status, 400);
  assert.equal((await ask(root, "GET /admin/keys/k")).json.result.version, 1);
});

test("headers that claim to be somebody change nothing", async () => {
  const { ask, rows } = stage({ ip: "192.0.2.1" });
  const claims = {
    "x-forwarded-for": "203.0.113.9",
    "x-real-ip": "203.0.113.9",
    "x-headgate-role": "admin",
    "x-headgate-tenant": "umbra",
    "x-http-method-override": "DELETE",
    "cf-aig-metadata": '{"tenant":"umbra","roles":["admin"]}',
  };
  const keeper = { role: "operator", tenant: "acme" };
  const made = await ask(keeper, "POST /admin/keys", {}, claims);
  assert.equal(made.json.result.tenant, "acme");
  assert.equal((await ask({ role: "caller" }, "GET /admin/keys", undefined, claims)).status, 403);
  for (const { by } of await rows() as { by: { ip: string; tenant?: string } }[]) assert.equal(by.ip, "192.0.2.1");
});
