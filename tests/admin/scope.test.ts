import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isLike } from "../../src/glob.ts";
import { type Role, ROLES } from "../../src/keys/key.ts";
import { excess, hasRole, type Scope } from "../../src/keys/scope.ts";

const scope = (changes: Partial<Scope> = {}): Scope => ({
  tenant: undefined,
  roles: ["admin"],
  grants: {},
  expiresAt: undefined,
  ...changes,
});

test("replay and delete are held by themselves and by admin alone; auditor and operator don't hold each other", () => {
  const holders = (role: Role) => ROLES.filter((one) => hasRole([one], role));
  assert.deepEqual(holders("replay"), ["admin", "replay"]);
  assert.deepEqual(holders("delete"), ["admin", "delete"]);
  assert.deepEqual(holders("auditor"), ["auditor", "admin"]);
  assert.deepEqual(holders("operator"), ["operator", "admin"]);
  assert.deepEqual(holders("admin"), ["admin"]);
  assert.deepEqual(holders("caller"), ["caller", "operator", "admin"]);
});

test("a role that isn't one holds nothing, whatever it is called", () => {
  for (const name of ["__proto__", "constructor", "toString", "root", "Admin"]) {
    assert.equal(hasRole([name as Role], "caller"), false);
  }
});

test("what is more than the giver's is named", () => {
  const giver = scope({
    tenant: "acme",
    roles: ["operator"],
    grants: { models: ["gpt-*"], gateways: ["a", "b*"] },
    expiresAt: 100,
  });
  const good = scope({
    tenant: "acme",
    roles: ["caller", "viewer"],
    grants: { models: ["gpt-5*"], gateways: ["b1"] },
    expiresAt: 100,
  });
  assert.equal(excess(good, giver), undefined);
  for (
    const [changes, words] of [
      [{ tenant: "umbra" }, /^tenant/],
      [{ tenant: undefined }, /^tenant/],
      [{ roles: ["caller", "admin"] }, /^roles names admin/],
      [{ roles: ["replay"] }, /^roles names replay/],
      [{ roles: ["delete"] }, /^roles names delete/],
      [{ grants: {} }, /^grants.gateways is absent/],
      [{ grants: { gateways: ["a"] } }, /^grants.models is absent/],
      [{ grants: { gateways: ["a"], models: ["*"] } }, /^grants.models opens \*/],
      [{ grants: { gateways: ["a"], models: ["gpt-5", "g*"] } }, /^grants.models opens g\*/],
      [{ grants: { gateways: ["*a"], models: ["gpt-5"] } }, /^grants.gateways opens \*a/],
      [{ expiresAt: undefined }, /^expiresAt/],
      [{ expiresAt: 101 }, /^expiresAt/],
    ] as const
  ) assert.match(excess({ ...good, ...changes } as Scope, giver) ?? "", words);
});

test("whatever a pattern opens that may be given, the giver's own patterns open, too", () => {
  const pattern = fc.stringMatching(/^[ab/*]{1,6}$/);
  const text = fc.stringMatching(/^[ab/]{0,8}$/);
  fc.assert(
    fc.property(
      fc.array(pattern, { minLength: 1, maxLength: 3 }),
      fc.array(pattern, { minLength: 1, maxLength: 3 }),
      fc.array(text, { minLength: 20, maxLength: 20 }),
      (given, own, texts) => {
        const found = excess(scope({ grants: { models: given } }), scope({ grants: { models: own } }));
        if (found !== undefined) return;
        for (const text of texts) {
          if (given.some((one) => isLike(text, one))) assert.ok(own.some((one) => isLike(text, one)), text);
        }
      },
    ),
    { numRuns: 3000 },
  );
});
