import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import process from "node:process";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { demo, memoryJournal } from "../../mod.ts";
import { Trail, upstashVault, type Vault } from "../../src/admin.ts";
import { hashOf } from "../../src/keys/secret.ts";
import { keyOf, PEPPER, type Stage, stage } from "../admin/stage.ts";
import { openRig, type Rig } from "./rig.ts";

const root = { role: "admin" };
const CHAT = { model: "demo/echo", messages: [{ role: "user", content: "hi" }] };

let rig: Rig;
let vault: Vault;
/** Two gateways that share nothing but Redis. */
let one: Stage;
let other: Stage;
before(async () => {
  rig = await openRig();
  const open = () => upstashVault({ url: rig.url, token: rig.token });
  vault = open();
  one = stage({ vault, local: [demo()] });
  other = stage({ vault: open(), local: [demo()] });
});
after(() => rig.stop());

/** Lets time pass for all clocks of this process but Redis's. */
async function later<T>(ms: number, work: () => Promise<T>): Promise<T> {
  const real = Date.now;
  Date.now = () => real() + ms;
  try {
    return await work();
  } finally {
    Date.now = real;
  }
}

const call = ({ ask }: Stage, secret: string) =>
  ask(secret, "POST /v1/chat/completions", CHAT, { "content-type": "application/json" });

async function redis(...command: string[]): Promise<unknown> {
  const response = await fetch(rig.front.url, {
    method: "POST",
    headers: { authorization: `Bearer ${rig.token}` },
    body: JSON.stringify(command),
  });
  return (await response.json() as { result: unknown }).result;
}

test("a key made at one gateway opens another, and once revoked opens none within 30 seconds", async () => {
  const { secret } = (await one.ask(root, "POST /admin/keys", { id: "app" })).json.result;
  assert.deepEqual([(await call(one, secret)).status, (await call(other, secret)).status], [200, 200]);
  await other.ask(root, "DELETE /admin/keys/app");
  await later(30_000, async () => {
    assert.deepEqual([(await call(one, secret)).status, (await call(other, secret)).status], [401, 401]);
  });
  // Who hasn't met it before takes it at once for what it is.
  assert.equal((await call(stage({ vault, local: [demo()] }), secret)).status, 401);
});

test("a secret that was rotated away opens no gateway within 30 seconds, the new one opens all at once", async () => {
  const { secret } = (await one.ask(root, "POST /admin/keys", { id: "turned" })).json.result;
  assert.equal((await call(other, secret)).status, 200);
  const turned = (await one.ask(root, "POST /admin/keys/turned/rotate", { graceSeconds: 0 })).json.result;
  assert.equal((await call(other, turned.secret)).status, 200);
  await later(30_000, async () => {
    assert.deepEqual([(await call(other, secret)).status, (await call(other, turned.secret)).status], [401, 200]);
  });
});

test("a secret in its grace opens until the grace is over, whatever is remembered of it", async () => {
  const { secret } = (await one.ask(root, "POST /admin/keys", { id: "graced" })).json.result;
  await one.ask(root, "POST /admin/keys/graced/rotate", { graceSeconds: 20 });
  assert.equal((await call(other, secret)).status, 200);
  await later(20_000, async () => assert.equal((await call(other, secret)).status, 401));
});

test("narrowed grants hold at another gateway within 30 seconds", async () => {
  const { secret } = (await one.ask(root, "POST /admin/keys", { id: "narrowed" })).json.result;
  assert.equal((await call(other, secret)).status, 200);
  await one.ask(root, "PATCH /admin/keys/narrowed", { grants: { models: ["none"] } });
  await later(30_000, async () => assert.equal((await call(other, secret)).status, 403));
});

test("of changes at two gateways at once none is lost, and of rotations one is made", async () => {
  await one.ask(root, "POST /admin/keys", { id: "raced" });
  const told = await Promise.all([
    one.ask(root, "PATCH /admin/keys/raced", { roles: ["viewer"] }),
    other.ask(root, "PATCH /admin/keys/raced", { grants: { models: ["m"] } }),
    one.ask(root, "PATCH /admin/keys/raced", { expiresAt: "2090-01-01T00:00:00Z" }),
  ]);
  assert.deepEqual(told.map(({ status }) => status), [200, 200, 200]);
  const { roles, grants, expiresAt } = (await other.ask(root, "GET /admin/keys/raced")).json.result;
  assert.deepEqual([roles, grants, expiresAt], [["viewer"], { models: ["m"] }, "2090-01-01T00:00:00.000Z"]);
  const turned = await Promise.all(
    [one, other, one, other].map(({ ask }) => ask(root, "POST /admin/keys/raced/rotate")),
  );
  assert.deepEqual(turned.map(({ status }) => status).sort(), [200, 409, 409, 409]);
  const ended = await Promise.all([
    one.ask(root, "DELETE /admin/keys/raced"),
    other.ask(root, "PATCH /admin/keys/raced", { roles: ["caller"] }),
  ]);
  assert.equal(ended[0].status, 200);
  assert.equal((await one.ask(root, "GET /admin/keys/raced")).json.result.state, "revoked");
});

test("of several processes at once each row is in the trail, without a gap, and the chain holds", async () => {
  await one.ask(root, "POST /admin/keys", { id: "shared" });
  const { count: before } = await vault.rows(0, 1);
  const run = promisify(execFile);
  const script = fileURLToPath(new URL("./writer.ts", import.meta.url));
  const names = ["p", "q", "r"];
  const outputs = await Promise.all(
    names.map((name) => run(process.execPath, [script, rig.front.url, rig.token, name, "8"])),
  );
  for (const { stdout } of outputs) {
    const statuses = JSON.parse(stdout) as number[];
    assert.deepEqual(
      statuses.filter((_, at) => at % 3 !== 1),
      Array.from({ length: 16 }, (_, at) => at % 2 ? 200 : 201),
    );
  }
  const check = await new Trail(vault).check(1, 10_000);
  assert.equal(check.isIntact, true);
  const { lines, count } = await vault.rows(before, 1000);
  const rows = lines.map((line) => JSON.parse(line.slice(64)) as { seq: number; action: string; outcome: string });
  assert.deepEqual(rows.map(({ seq }) => seq), Array.from({ length: count - before }, (_, at) => before + at + 1));
  const done = (action: string) => rows.filter((row) => row.action === action && row.outcome === "done").length;
  assert.deepEqual([done("keys.create"), done("keys.change")], [24, 24]);
  assert.equal((await vault.read("shared"))?.version, 25);
});

test("what Redis holds are hashes: no secret, no pepper, no key of the config", async () => {
  const journal = memoryJournal();
  const here = stage({ vault, journal, local: [demo()] });
  const made = await here.ask(root, "POST /admin/keys", { id: "canary", tenant: "acme" });
  const turned = await here.ask(root, "POST /admin/keys/canary/rotate");
  const secrets = [made, turned].map(({ json }) => json.result.secret as string);
  for (const secret of secrets) {
    await call(here, secret);
    await here.ask(secret, "POST /admin/keys", { roles: ["admin"] });
    await here.ask(root, `DELETE /admin/keys/${secret}`);
  }
  const [, keys] = await redis("SCAN", "0", "COUNT", "100000") as [string, string[]];
  const dump: unknown[] = [keys, (await here.ask(root, "GET /admin/audit?limit=100")).json];
  for (const key of keys) {
    const type = await redis("TYPE", key);
    if (type === "string") dump.push(await redis("GET", key));
    else if (type === "list") dump.push(await redis("LRANGE", key, "0", "-1"));
    else dump.push(await redis("ZRANGE", key, "0", "-1"));
  }
  const text = JSON.stringify(dump);
  assert.ok(text.includes(await hashOf(secrets[0]!, PEPPER)));
  for (const secret of [...secrets, PEPPER, keyOf(root)]) {
    assert.equal(text.includes(secret), false);
    assert.equal(JSON.stringify(journal.list().map(({ path: _, ...rest }) => rest)).includes(secret), false);
  }
});

test("while Redis is away nothing is managed, and keys of the config still open", async () => {
  await rig.stopRedis();
  for (const request of ["GET /admin/keys", "POST /admin/keys", "GET /admin/keys/app", "GET /admin/audit"]) {
    const told = await one.ask(root, request);
    assert.equal(told.status, 503, request);
    assert.equal(/127\.0\.0\.1|redis|ECONN/i.test(told.text), false, told.text);
  }
  assert.equal((await one.ask(root, "GET /admin/whoami")).status, 200);
  assert.equal((await call(one, keyOf({ role: "caller" }))).status, 200);
  await rig.restartRedis();
  assert.equal((await one.ask(root, "POST /admin/keys", { id: "after" })).status, 201);
  assert.equal((await new Trail(vault).check(1, 100)).isIntact, true);
});
