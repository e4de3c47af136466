import assert from "node:assert/strict";
import { test } from "node:test";
import { chat, completion, house } from "../core/house.ts";
import type { AuthConfig } from "../../mod.ts";

const KEYS = [{ id: "bound", key: "bound-key", tenant: "acme" }, { id: "free", key: "free-key" }];

type Case = readonly [
  name: string,
  auth: Omit<AuthConfig, "keys">,
  call: { key?: string; account?: string; metadata?: string },
  outcome: number | undefined | string,
];

const TRUSTED = { tenant: ["path.account", "metadata.tenant"] } as const;

/** What the record says of the tenant, or the status of the refusal. */
const CASES: readonly Case[] = [
  ["a key's tenant counts", {}, { key: "bound-key" }, "acme"],
  ["the same in metadata changes nothing", {}, { key: "bound-key", metadata: '{"tenant":"acme"}' }, "acme"],
  ["another in metadata is refused", {}, { key: "bound-key", metadata: '{"tenant":"beta"}' }, 403],
  ["another of another kind is refused", {}, { key: "bound-key", metadata: '{"tenant":1}' }, 403],
  ["another case is another tenant", {}, { key: "bound-key", metadata: '{"tenant":"ACME"}' }, 403],
  ["an empty one is another tenant", {}, { key: "bound-key", metadata: '{"tenant":""}' }, 403],
  ["the last of two counts", {}, { key: "bound-key", metadata: '{"tenant":"acme","tenant":"beta"}' }, 403],
  ["null names nobody", {}, { key: "bound-key", metadata: '{"tenant":null}' }, "acme"],
  ["broken metadata names nobody", {}, { key: "bound-key", metadata: '{"tenant":{"a":"beta"}}' }, "acme"],
  ["another is overridden if so configured", { tenantMismatch: "override" }, {
    key: "bound-key",
    metadata: '{"tenant":"beta"}',
  }, "acme"],
  ["nobody vouches, nothing is trusted", {}, { key: "free-key", metadata: '{"tenant":"beta"}' }, undefined],
  ["nobody vouches, metadata is trusted", { tenant: "metadata.tenant" }, {
    key: "free-key",
    metadata: '{"tenant":"beta"}',
  }, "beta"],
  [
    "another tag is trusted",
    { tenant: "metadata.org" },
    { key: "free-key", metadata: '{"org":"beta","tenant":"x"}' },
    "beta",
  ],
  ["another tag that contradicts", { tenant: "metadata.org" }, { key: "bound-key", metadata: '{"org":"beta"}' }, 403],
  ["no name", { tenant: "metadata.tenant" }, { key: "free-key", metadata: '{"tenant":"a b"}' }, undefined],
  ["an account isn't trusted by itself", {}, { key: "free-key", account: "beta" }, undefined],
  ["an account is a name, not a contradiction", {}, { key: "bound-key", account: "beta" }, "acme"],
  ["an account is trusted", TRUSTED, { key: "free-key", account: "beta", metadata: '{"tenant":"gamma"}' }, "beta"],
  ["then metadata", TRUSTED, { key: "free-key", metadata: '{"tenant":"gamma"}' }, "gamma"],
  ["a trusted account that contradicts a key", TRUSTED, { key: "bound-key", account: "beta" }, 403],
  ["a trusted account that agrees", TRUSTED, { key: "bound-key", account: "acme" }, "acme"],
  ["a key's tenant comes before all that is trusted", { ...TRUSTED, tenantMismatch: "override" }, {
    key: "bound-key",
    account: "beta",
    metadata: '{"tenant":"gamma"}',
  }, "acme"],
];

for (const [name, auth, { key, account = "default", metadata }, outcome] of CASES) {
  test(`tenant: ${name}`, async () => {
    const { ask, records, sent } = house(() => completion(), { auth: { keys: KEYS, ...auth } });
    const init = chat("gpt-x");
    const headers: Record<string, string> = { ...init.headers };
    if (key !== undefined) headers["cf-aig-authorization"] = key;
    if (metadata !== undefined) headers["cf-aig-metadata"] = metadata;
    const answer = await ask(`/v1/${account}/default/openai/chat/completions`, { ...init, headers });
    const text = await answer.text();
    const [record] = await records();
    assert.equal(answer.status === 200 ? record?.tenant : answer.status, outcome);
    if (answer.status === 403) {
      assert.match(text, /this key is bound to one tenant/);
      assert.equal(sent.length, 0);
      assert.equal(text.includes("beta"), false);
    }
  });
}

test("limits by metadata.tenant count a bound key, be its metadata left out or overridden", async () => {
  const { ask } = house(() => completion(), {
    auth: { keys: KEYS, tenantMismatch: "override" },
    gateways: { default: { limits: [{ per: "metadata.tenant", match: "acme", requests: 2, window: "1h" }] } },
  });
  const status = async (metadata?: string) => {
    const init = chat("gpt-x");
    const headers = {
      ...init.headers,
      "cf-aig-authorization": "bound-key",
      ...(metadata && { "cf-aig-metadata": metadata }),
    };
    return (await ask("/openai/chat/completions", { ...init, headers })).status;
  };
  assert.deepEqual([await status(), await status('{"tenant":"beta"}'), await status('{"a":1}')], [200, 200, 429]);
});

test("limits by a trusted tag count a bound key, whatever its other tags say", async () => {
  for (const tenantMismatch of ["override", "refuse"] as const) {
    const { ask } = house(() => completion(), {
      auth: { keys: KEYS, tenant: "metadata.org", tenantMismatch },
      gateways: { default: { limits: [{ per: "metadata.org", requests: 1, window: "1h" }] } },
    });
    const status = async (metadata: string) => {
      const init = chat("gpt-x");
      const headers = { ...init.headers, "cf-aig-authorization": "bound-key", "cf-aig-metadata": metadata };
      return (await ask("/openai/chat/completions", { ...init, headers })).status;
    };
    assert.deepEqual([await status('{"tenant":"acme","org":"acme"}'), await status('{"tenant":"acme"}')], [200, 429]);
    const spoken = await status('{"tenant":"acme","org":"beta"}');
    assert.equal(spoken, tenantMismatch === "override" ? 429 : 403);
  }
});
