/**
 * Management: keys that are made, changed and revoked over HTTP, and the trail of it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { CHAT, CHAT_ANSWER, json } from "../answers.ts";
import type { Answered } from "../client.ts";
import { ADMIN_KEY, GATEWAY_KEY, PEPPER } from "../config.ts";
import { area, type Behaviour, type Stage } from "../stage.ts";

interface Shown {
  readonly id: string;
  readonly tenant: string | null;
  readonly roles: readonly string[];
  readonly state: string;
  readonly secret: string;
  readonly secrets: readonly unknown[];
  readonly version: number;
}

/** Asks `/admin` with a key: by itself the one that may do everything. */
function ask(
  { gateway }: Stage,
  request: string,
  body?: unknown,
  key: string | undefined = ADMIN_KEY,
  headers: Record<string, string> = {},
): Promise<Answered> {
  const [method = "", path = ""] = request.split(" ");
  return gateway.call({
    method,
    path,
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    headers: {
      ...(key === "" ? {} : { "cf-aig-authorization": `Bearer ${key}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
  });
}

const resultOf = <T = Shown>({ text }: Answered): T => (JSON.parse(text) as { result: T }).result;

async function make(stage: Stage, body: unknown, key?: string): Promise<Shown> {
  const made = await ask(stage, "POST /admin/keys", body, key);
  assert.equal(made.status, 201, made.text);
  return resultOf(made);
}

/** Keys may lie in either store. */
const stores = ["memory", "redis"] as const;

/** Behaviours of management. */
export const management: readonly Behaviour[] = area("management", [
  {
    name: "A key that is made over HTTP makes calls; it is shown once, and reaches no provider and no log",
    stores,
    async run(stage) {
      const { gateway, upstream } = stage;
      const ticket = upstream.ticket(json(CHAT_ANSWER));
      const { secret, tenant } = await make(stage, { id: "made", tenant: "acme" });
      assert.deepEqual([/^hg_[\w-]{43}$/.test(secret), tenant], [true, "acme"]);
      const answered = await gateway.post("/v1/acc/sec/openai/chat/completions", CHAT, {
        authorization: ticket.bearer,
        "cf-aig-authorization": `Bearer ${secret}`,
      });
      assert.equal(answered.text, CHAT_ANSWER);
      assert.equal((await gateway.log(answered)).key, "made");
      assert.equal(JSON.stringify(ticket.calls[0]?.fields).includes(secret), false);
      const listed = await ask(stage, "GET /admin/keys/made");
      assert.equal(listed.text.includes(secret), false);
      assert.equal(gateway.output.includes(secret), false);
    },
  },
  {
    name: "A key that was never used is refused as soon as it is deleted",
    stores,
    async run(stage) {
      const { id, secret } = await make(stage, {});
      assert.equal(resultOf(await ask(stage, `DELETE /admin/keys/${id}`)).state, "revoked");
      assert.equal((await ask(stage, "GET /admin/whoami", undefined, secret)).status, 401);
    },
  },
  {
    name: "A rotated key has a new secret, and the old one until its grace is over",
    stores,
    async run(stage) {
      const { id, secret } = await make(stage, {});
      const turned = resultOf(await ask(stage, `POST /admin/keys/${id}/rotate`));
      assert.equal(turned.secrets.length, 2);
      for (const each of [secret, turned.secret]) {
        assert.equal((await ask(stage, "GET /admin/whoami", undefined, each)).status, 200);
      }
      assert.equal((await ask(stage, `POST /admin/keys/${id}/rotate`)).status, 409);
      const last = resultOf(await ask(stage, `POST /admin/keys/${id}/rotate`, { graceSeconds: 0 }));
      assert.equal(last.secrets.length, 1);
    },
  },
  {
    name: "/admin answers only who has the role, and nobody without a key, by a cookie or by the address",
    stores,
    async run(stage) {
      for (const request of ["GET /admin/keys", "POST /admin/keys", "GET /admin/audit", "GET /admin/nothing"]) {
        const anonymous = await ask(stage, request, undefined, "", { cookie: `key=${ADMIN_KEY}` });
        assert.deepEqual([anonymous.status, anonymous.headers.get("cache-control")], [401, "no-store"], request);
      }
      for (const request of ["GET /admin/keys", "POST /admin/keys", "GET /admin/audit"]) {
        assert.equal((await ask(stage, request, undefined, GATEWAY_KEY)).status, 403, request);
      }
      for (const path of [`/k/${ADMIN_KEY}/admin/keys`, `/admin/keys?key=${ADMIN_KEY}`]) {
        assert.equal((await ask(stage, `GET ${path}`, undefined, "")).status, 401);
      }
      assert.equal((await ask(stage, "GET /admin/nothing")).status, 404);
      assert.equal((await ask(stage, "PUT /admin/keys")).headers.get("allow"), "GET, POST");
    },
  },
  {
    name: "Who is bound to a tenant manages that tenant's keys, and gives no more than he has",
    stores,
    async run(stage) {
      const { secret } = await make(stage, { tenant: "bound", roles: ["operator"] });
      const other = await make(stage, { tenant: "other" });
      for (const request of ["GET", "DELETE", "PATCH"]) {
        const body = request === "PATCH" ? { roles: ["caller"] } : undefined;
        assert.equal((await ask(stage, `${request} /admin/keys/${other.id}`, body, secret)).status, 404);
      }
      for (const body of [{ tenant: "other" }, { roles: ["admin"] }, { roles: ["replay"] }, { roles: ["delete"] }]) {
        assert.equal((await ask(stage, "POST /admin/keys", body, secret)).status, 403);
      }
      const own = await make(stage, {}, secret);
      assert.deepEqual([own.tenant, own.roles], ["bound", ["caller"]]);
      const wider = await ask(stage, `PATCH /admin/keys/${own.id}`, { roles: ["admin"] }, secret);
      assert.equal(wider.status, 403);
      const listed = resultOf<readonly Shown[]>(await ask(stage, "GET /admin/keys", undefined, secret));
      assert.deepEqual(new Set(listed.map(({ tenant }) => tenant)), new Set(["bound"]));
    },
  },
  {
    name: "Changes at once are all made, and the trail tells of each in an unbroken chain",
    stores,
    async run(stage) {
      const { id } = await make(stage, {});
      const changes = [{ roles: ["viewer"] }, { grants: { models: ["m"] } }, { expiresAt: "2090-01-01T00:00:00Z" }];
      const told = await Promise.all(changes.map((change) => ask(stage, `PATCH /admin/keys/${id}`, change)));
      assert.deepEqual(told.map(({ status }) => status), [200, 200, 200]);
      assert.equal(resultOf(await ask(stage, `GET /admin/keys/${id}`)).version, 4);
      const check = resultOf<{ isIntact: boolean; checked: number }>(await ask(stage, "GET /admin/audit?verify=1"));
      assert.equal(check.isIntact, true);
      const trail = await ask(stage, "GET /admin/audit?limit=100");
      const rows = resultOf<readonly { on?: { key?: string }; by: { key: string } }[]>(trail);
      assert.deepEqual(rows.filter(({ on }) => on?.key === id).map(({ by }) => by.key), Array(4).fill("root"));
      for (const secret of [ADMIN_KEY, PEPPER, "hg_"]) assert.equal(trail.text.includes(secret), false);
    },
  },
  {
    name: "What isn't a request for a key is refused with a sentence, however it is dressed up",
    stores,
    async run(stage) {
      for (
        const [body, status] of [
          ["{", 400],
          ["[]", 400],
          ['{"roles":["admin"],"roles":["caller"]}', 400],
          ['{"__proto__":{"roles":["admin"]}}', 400],
          ['{"id":"../x"}', 400],
          ['{"id":"a\\r\\nb"}', 400],
          ['{"id":"аdmin"}', 400],
          ['{"id":"anonymous"}', 400],
          [`{"tenant":"${"x".repeat(70_000)}"}`, 413],
        ] as const
      ) {
        const told = await ask(stage, "POST /admin/keys", body);
        assert.equal(told.status, status, body.slice(0, 60));
        assert.match((JSON.parse(told.text) as { message: string }).message, /^[A-Z].*\.$/);
      }
      for (const id of ["..%2fkeys", "%2a", "%00", "a%0d%0ab", "__proto__", "%EF%BD%81"]) {
        assert.equal((await ask(stage, `DELETE /admin/keys/${id}`)).status, 404, id);
      }
    },
  },
  {
    name: "No page of another origin may call /admin",
    stores,
    async run(stage) {
      const origin = { "origin": "https://evil.example", "access-control-request-method": "GET" };
      for (const request of ["OPTIONS /admin/keys", "GET /admin/keys"]) {
        const told = await ask(stage, request, undefined, ADMIN_KEY, origin);
        assert.equal(told.headers.get("access-control-allow-origin"), undefined);
      }
    },
  },
]);
