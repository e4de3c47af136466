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

/** As calls are judged: a pattern with a slash is of a provider and its model. */
const opens = (pattern: string, provider: string, model: string) =>
  isLike(pattern.includes("/") ? `${provider}/${model}` : model, pattern);

test("whatever a pattern for models opens that may be given, the giver's own patterns open, too", () => {
  const patterns = fc.array(fc.stringMatching(/^[ab/*]{1,6}$/), { minLength: 1, maxLength: 3 });
  const asked = fc.tuple(fc.stringMatching(/^[ab]{1,2}$/), fc.stringMatching(/^[ab/]{1,5}$/));
  let given = 0;
  fc.assert(
    fc.property(patterns, patterns, fc.array(asked, { minLength: 30, maxLength: 30 }), (models, own, calls) => {
      if (excess(scope({ grants: { models } }), scope({ grants: { models: own } })) !== undefined) return;
      given++;
      for (const [provider, model] of calls) {
        if (!models.some((pattern) => opens(pattern, provider, model))) continue;
        assert.ok(own.some((pattern) => opens(pattern, provider, model)), `${provider} ${model}`);
      }
    }),
    { numRuns: 5000 },
  );
  assert.ok(given > 300, String(given));
});

test("a pattern of a provider's models isn't taken for one of models, nor the other way round", () => {
  const within = (pattern: string, other: string) =>
    excess(scope({ grants: { models: [pattern] } }), scope({ grants: { models: [other] } })) === undefined;
  for (
    const [pattern, other] of [
      ["openai/gpt-5", "gpt-*"],
      ["openai/gpt-5*", "openai/*"],
      ["gpt-5", "*/gpt-*"],
      ["*/gpt-5", "*"],
      ["openai/a/b*", "a/b*".replace("a/", "a*")],
    ] as const
  ) assert.equal(within(pattern, other), true, `${pattern} ${other}`);
  for (
    const [pattern, other] of [
      ["openai/gpt-5", "o*"],
      ["*/gpt-5", "gpt-5"],
      ["gpt-5", "openai/*"],
      ["gpt-5", "openai/gpt-5"],
      ["*", "*/gpt-5"],
      ["o*/gpt-5", "openai/*"],
    ] as const
  ) assert.equal(within(pattern, other), false, `${pattern} ${other}`);
});
