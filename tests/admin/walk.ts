/** Every route of the gateway, asked by every role, of its own tenant, another's and none. */
import { demo } from "../../mod.ts";
import { ROUTES } from "../../src/admin.ts";
import type { Route } from "../../src/routing/route.ts";
import { ROLE_NAMES, type Stage, stage, type Who } from "./stage.ts";

/** How who asks stands to the tenant whose things are asked for. */
export const RELATIONS = ["unbound", "own", "foreign"] as const;

const TENANTS = { unbound: undefined, own: "acme", foreign: "umbra" } as const;

/** Statuses by route, by role, in the order of the relations; of nobody, whose status is one. */
export type Matrix = Record<string, Record<string, number | readonly number[]>>;

const chat = { model: "demo/echo", messages: [{ role: "user", content: "hi" }] };

/** What is asked at the routes that aren't of `/admin`: the compiler wants one of each kind. */
const KINDS: Readonly<Record<Exclude<Route["kind"], "admin">, readonly (readonly [string, unknown?])[]>> = {
  native: [["POST /demo/chat/completions", { ...chat, model: "echo" }]],
  universal: [["POST /", [{ provider: "demo", endpoint: "chat/completions", query: { ...chat, model: "echo" } }]]],
  compat: [["POST /compat/chat/completions", chat], ["GET /compat/models"]],
  purge: [["POST /cache/purge", { all: true }], ["POST /cache/purge#of-a-tenant", { all: true, tenant: "acme" }]],
  probe: [["GET /"]],
  unknown: [["GET /healthz"], ["GET /readyz"], ["GET /no-such-thing"], ["GET /dashboard"]],
};

/** A body for each route of `/admin` that takes one. */
const BODIES: Readonly<Record<string, unknown>> = {
  "POST /admin/keys": { tenant: "acme" },
  "PATCH /admin/keys/:id": { roles: ["caller"] },
};

/** What is asked of lists: that which is the tenant's. */
const QUERIES: Readonly<Record<string, string>> = { "GET /admin/keys": "?tenant=acme" };

interface Asked {
  readonly name: string;
  ask(stage: Stage, who: Who | undefined): Promise<number>;
}

const others: readonly Asked[] = Object.values(KINDS).flat().map(([name, body]) => ({
  name,
  ask: async (stage, who) => (await stage.ask(who, name.replace(/#.*/, ""), body, JSON_TYPE)).status,
}));

const JSON_TYPE = { "content-type": "application/json" };

const managed: readonly Asked[] = ROUTES.map(({ method, path }) => {
  const name = `${method} ${path}`;
  return {
    name,
    async ask(stage, who) {
      const made = await stage.ask({ role: "admin" }, "POST /admin/keys", { id: "target", tenant: "acme" });
      if (made.status !== 201) throw new Error(made.text);
      const request = name.replace(":id", "target") + (QUERIES[name] ?? "");
      return (await stage.ask(who, request, BODIES[name])).status;
    },
  };
});

/** Asks everything of everybody. */
export async function walk(): Promise<Matrix> {
  const matrix: Matrix = {};
  for (const { name, ask } of [...managed, ...others]) {
    const row: Matrix[string] = matrix[name] = { nobody: await ask(fresh(), undefined) };
    for (const role of ROLE_NAMES) {
      const cells: number[] = [];
      for (const relation of RELATIONS) cells.push(await ask(fresh(), { role, tenant: TENANTS[relation] }));
      row[role] = cells;
    }
  }
  return matrix;
}

const fresh = () => stage({ local: [demo()] });
