import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { demo, gateway } from "../../mod.ts";
import { ROUTES } from "../../src/admin.ts";
import { parseRoute } from "../../src/routing/route.ts";
import { type Matrix, walk } from "./walk.ts";

const matrix = JSON.parse(readFileSync(new URL("./matrix.json", import.meta.url), "utf8")) as Matrix;

test("every route answers every role, of every tenant, as matrix.json says; a route without a decision there fails", async () => {
  const walked = await walk();
  assert.deepEqual(Object.keys(walked).sort(), Object.keys(matrix).sort());
  for (const [route, row] of Object.entries(walked)) assert.deepEqual(row, matrix[route], route);
});

test("no cell of /admin lets somebody in whom the table of routes doesn't name", () => {
  for (const { method, path, roles, isTenantBound } of ROUTES) {
    const row = matrix[`${method} ${path}`]!;
    assert.equal(row["nobody"], 401);
    for (const [role, cells] of Object.entries(row)) {
      if (typeof cells === "number") continue;
      const mayEnter = roles === undefined || (roles as readonly string[]).includes(role);
      const isOk = cells.map((status) => status < 300);
      if (!mayEnter) assert.deepEqual(cells, [403, 403, 403], `${method} ${path} as ${role}`);
      else assert.deepEqual(isOk.slice(0, 2), [true, true], `${method} ${path} as ${role}`);
      // What is listed for another tenant is empty; what is named is refused, or isn't there.
      if (mayEnter && isTenantBound && path !== "/admin/audit") assert.equal(isOk[2], false);
      if (mayEnter && path.includes(":id")) assert.equal(cells[2], 404);
    }
  }
});

test("without keys there is no /admin, whatever is sent", async () => {
  const gw = gateway({ local: [demo()] });
  for (const { method, path } of ROUTES) {
    const url = `http://gw.test${path.replace(":id", "x")}`;
    const answer = await gw.fetch(url, { method, headers: { authorization: "Bearer gw-secret" } });
    assert.equal(answer.status, 404, path);
    assert.equal(answer.headers.get("cache-control"), "no-store");
    await answer.text();
  }
});

test("/admin is no gateway's: an account of that name is called with its /v1", () => {
  const isProvider = (slug: string) => slug === "openai";
  assert.equal(parseRoute("POST", "/admin/gw/openai/x", isProvider).kind, "admin");
  assert.deepEqual(parseRoute("POST", "/v1/admin/gw/openai/x", isProvider), {
    account: "admin",
    gateway: "gw",
    kind: "native",
    provider: "openai",
    path: "x",
  });
});
