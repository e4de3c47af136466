import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryVault, type Vault } from "../../src/admin.ts";
import { Refusals } from "../../src/admin/refusals.ts";
import { hashOf } from "../../src/keys/secret.ts";
import { keyOf, PEPPER, ROLE_NAMES, stage, Watch } from "./stage.ts";

const root = { role: "admin" };

test("each row tells who did what to which key, when, from where, and with what outcome", async () => {
  const watch = new Watch();
  const { ask, rows } = stage({ watch, ip: "198.51.100.7" });
  const made = await ask(root, "POST /admin/keys", { id: "told", tenant: "acme" });
  await ask({ role: "operator", tenant: "umbra" }, "DELETE /admin/keys/told");
  await ask({ role: "caller", tenant: "acme" }, "POST /admin/keys", { roles: ["admin"] });
  await ask("hg_wrong", "GET /admin/keys");
  await ask(root, "PATCH /admin/keys/told", { roles: ["viewer"], expiresAt: "2031-01-01T00:00:00Z" });
  await ask(root, "POST /admin/keys/told/rotate", { graceSeconds: 5 });
  await ask(root, "DELETE /admin/keys/told");
  const told = await rows() as {
    seq: number;
    at: string;
    by: { key: string; tenant?: string; ip: string; call: string };
    action: string;
    on?: { key: string; tenant?: string };
    outcome: string;
    code?: string;
    set?: unknown;
  }[];
  assert.deepEqual(
    told.map((
      { seq, by: { key }, action, on, outcome, code },
    ) => [seq, key, action, on?.key, on?.tenant, outcome, code]),
    [
      [1, "admin.all", "keys.create", "told", "acme", "done", undefined],
      [2, "operator.umbra", "keys.revoke", "told", undefined, "refused", "unknown_key"],
      [3, "caller.acme", "keys.create", undefined, undefined, "refused", "forbidden"],
      [4, "anonymous", "enter", undefined, undefined, "refused", "unauthenticated"],
      [5, "admin.all", "keys.change", "told", "acme", "done", undefined],
      [6, "admin.all", "keys.rotate", "told", "acme", "done", undefined],
      [7, "admin.all", "keys.revoke", "told", "acme", "done", undefined],
    ],
  );
  for (const { by, at } of told) assert.deepEqual([by.ip, at], ["198.51.100.7", "2030-01-01T00:00:00.000Z"]);
  assert.equal(told[0]?.by.call, made.headers.get("cf-aig-log-id"));
  assert.deepEqual(told[4]?.set, { roles: ["viewer"], expiresAt: "2031-01-01T00:00:00.000Z" });
});

test("the trail is read newest first, page by page, and its chain is checked", async () => {
  const { ask } = stage();
  for (let n = 0; n < 7; n++) await ask(root, "POST /admin/keys", { id: `k${n}` });
  const seen: number[] = [];
  let cursor: string | undefined;
  do {
    const page = await ask({ role: "auditor" }, `GET /admin/audit?limit=3${cursor ? `&cursor=${cursor}` : ""}`);
    seen.push(...page.json.result.map(({ seq }: { seq: number }) => seq));
    cursor = page.json.cursor;
  } while (cursor !== undefined);
  assert.deepEqual(seen, [7, 6, 5, 4, 3, 2, 1]);
  const check = (await ask({ role: "auditor" }, "GET /admin/audit?verify=1")).json.result;
  assert.deepEqual([check.isIntact, check.checked, check.head.count], [true, 7, 7]);
  assert.equal((await ask({ role: "auditor", tenant: "acme" }, "GET /admin/audit?verify=1")).status, 403);
});

test("a tenant's auditor sees what concerns his tenant, and not from where others came", async () => {
  const { ask } = stage({ ip: "192.0.2.1" });
  await ask(root, "POST /admin/keys", { id: "ours", tenant: "acme" });
  for (let n = 0; n < 150; n++) await ask(root, "POST /admin/keys", { id: `theirs${n}`, tenant: "umbra" });
  await ask({ role: "operator", tenant: "umbra" }, "DELETE /admin/keys/ours");
  await ask({ role: "operator", tenant: "acme" }, "DELETE /admin/keys/ours");
  const told = await ask({ role: "auditor", tenant: "acme" }, "GET /admin/audit");
  assert.deepEqual(
    told.json.result.map((row: { seq: number; by: { ip?: string }; hash?: string }) => [row.seq, row.by.ip, row.hash]),
    [[153, "192.0.2.1", undefined], [1, undefined, undefined]],
  );
  assert.equal(told.text.includes("umbra"), false);
});

test("a change whose row can't be written doesn't happen, and a refusal stands without its row", async () => {
  const inner = memoryVault();
  let isDown = false;
  const vault: Vault = {
    ...inner,
    write: (entry) => isDown ? Promise.reject(new Error("down: token=hunter2")) : inner.write(entry),
  };
  const { ask } = stage({ vault });
  await ask(root, "POST /admin/keys", { id: "kept" });
  isDown = true;
  for (const request of ["DELETE /admin/keys/kept", "POST /admin/keys/kept/rotate", "POST /admin/keys"]) {
    const told = await ask(root, request);
    assert.equal(told.status, 503);
    assert.equal(/hunter2|hg_/.test(told.text), false);
  }
  assert.equal((await ask({ role: "caller" }, "GET /admin/keys")).status, 403);
  assert.equal((await ask(undefined, "GET /admin/keys")).status, 401);
  isDown = false;
  assert.equal((await ask(root, "GET /admin/keys/kept")).json.result.version, 1);
});

test("who may do nothing can't fill the trail; how often he tried is still told", async () => {
  const watch = new Watch();
  const { ask, rows } = stage({ watch });
  for (let n = 0; n < 50; n++) await ask({ role: "caller" }, "GET /admin/keys");
  assert.equal((await rows()).length, 20);
  watch.pass(60_000);
  await ask({ role: "caller" }, "GET /admin/keys");
  assert.equal((await rows()).at(-1)?.["untold"], 30);
  const refusals = new Refusals();
  let told = 0;
  for (let n = 0; n < 100_000; n++) if (refusals.count(`doer ${n}`, n) !== undefined) told++;
  assert.ok(told < 100 * 20, String(told));
});

test("no secret stands in the trail or in the vault, whatever was done", async () => {
  const { ask, vault } = stage();
  const made = await ask(root, "POST /admin/keys", { id: "canary" });
  const turned = await ask(root, "POST /admin/keys/canary/rotate");
  const secrets = [made, turned].map(({ json }) => json.result.secret as string);
  for (const secret of secrets) {
    await ask(root, `GET /admin/keys/${secret}`);
    await ask(root, `DELETE /admin/keys/${secret}`);
    await ask(secret.slice(0, -1), "GET /admin/keys");
  }
  const dump = JSON.stringify([
    await vault.rows(0, 1000),
    await vault.list({ tenant: undefined, after: undefined, limit: 100 }),
    (await ask(root, "GET /admin/audit")).json,
  ]);
  for (const secret of [...secrets, PEPPER, ...ROLE_NAMES.map((role) => keyOf({ role }))]) {
    assert.equal(dump.includes(secret.slice(0, -1)), false);
  }
  assert.ok(dump.includes(await hashOf(secrets[0]!, PEPPER)));
});
