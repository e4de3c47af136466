import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ConfigError, parseConfig } from "../../src/config.ts";
import type { Signer } from "../../src/providers/signer.ts";
import { aws, entra, google } from "../../src/signing.ts";

describe("stored credentials", () => {
  const none = () => undefined;
  const issuesOf = (provider: unknown, slug = "google-vertex-ai", signers: readonly Signer[] = []) => {
    try {
      parseConfig({ providers: { [slug]: provider } }, none, signers);
      return [];
    } catch (error) {
      assert.ok(error instanceof ConfigError);
      return error.issues.map(({ path, message, suggestion }) => `${path} ${message}; ${suggestion}`);
    }
  };
  const account = { type: "service_account", client_email: "a@b.iam", private_key: "-----BEGIN PRIVATE KEY-----\nx" };
  const all = [aws(), google(), entra()];

  it("an account without its signer is refused with what to import, and a token is not", () => {
    const json = JSON.stringify(account);
    for (const key of [json, btoa(json), `\n ${json}`, account]) {
      assert.deepEqual(issuesOf({ key }), [
        "providers.google-vertex-ai.key is no account that anything here signs with; pass aws(), google() or entra() of headgate/signing in signers",
      ]);
      assert.deepEqual(issuesOf({ key }, undefined, all), []);
    }
    assert.match(issuesOf({ key: { accessKeyId: "a", secretAccessKey: "b" } }, "aws-bedrock")[0] ?? "", /aws\(\)/);
    assert.match(
      issuesOf({ key: { tenantId: "a", clientId: "b", clientSecret: "c" } }, "azure-openai")[0] ?? "",
      /entra\(\)/,
    );
    const token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln";
    for (const key of ["ya29.abc", token]) assert.deepEqual(issuesOf({ key }), []);
  });

  it("names what is wrong with an account, and repeats none of it", () => {
    const hush = "hush-secret";
    const wrong: [unknown, string, RegExp][] = [
      [{ accessKeyId: "AKIA", secretAccessKey: `${hush} x` }, "aws-bedrock", /secretAccessKey/],
      [{ accessKeyId: "AKIA" }, "aws-bedrock", /secretAccessKey/],
      [{ accessKeyId: "AKIA", secretAccessKey: hush, region: "eu central" }, "aws-bedrock", /region/],
      [{ accessKeyId: "AKIA", secretAccessKey: hush }, "openai", /AWS.*"openai" doesn't take/],
      [{ ...account, private_key: hush }, "google-vertex-ai", /private_key/],
      [{ ...account, client_email: "" }, "google-vertex-ai", /client_email/],
      [{ ...account, token_uri: "http://169.254.169.254/token" }, "google-vertex-ai", /token_uri/],
      [{ ...account, token_uri: "https://oauth2.googleapis.com.evil.example/" }, "google-vertex-ai", /token_uri/],
      [{ ...account, token_uri: "https://u:p@oauth2.googleapis.com/token" }, "google-vertex-ai", /token_uri/],
      [{ ...account, region: "x.evil.example/" }, "google-vertex-ai", /region/],
      [{ ...account, project_id: "../.." }, "google-vertex-ai", /project_id/],
      [{ ...account, project_id: ".." }, "google-vertex-ai", /project_id/],
      [account, "openai", /Google.*"openai" doesn't take/],
      [{ tenantId: "a/b", clientId: "c", clientSecret: hush }, "azure-openai", /tenantId/],
      [{ tenantId: "..", clientId: "c", clientSecret: hush }, "azure-openai", /tenantId/],
      [
        { tenantId: "a", clientId: "c", clientSecret: hush, authority: "https://evil.example" },
        "azure-openai",
        /author/,
      ],
      [{ tenantId: "a", clientId: "c", clientSecret: hush, scope: "x" }, "azure-openai", /scope/],
      [{ tenantId: "a", clientId: "c", clientSecret: hush }, "groq", /Entra.*"groq" doesn't take/],
      [{ password: hush }, "openai", /no account that anything here signs with/],
      [`{"private_key": ${hush}`, "google-vertex-ai", /no account that anything/],
      [`${hush}\nx`, "openai", /printable ASCII/],
    ];
    for (const [key, slug, pattern] of wrong) {
      const [first = "", ...more] = issuesOf({ key }, slug, all);
      assert.match(first, pattern);
      assert.deepEqual(more, []);
      assert.equal(first.includes(hush), false, first);
    }
  });

  it("aliases have a key, an account or a list, and default is said once", () => {
    assert.deepEqual(issuesOf({ keys: { default: "a", eu: ["b", "c"], us: account } }, undefined, all), []);
    assert.deepEqual(issuesOf({ key: "a", keys: { eu: "b" } }, "openai"), []);
    const path = "providers.openai.key";
    assert.deepEqual(issuesOf({ key: "a", keys: { default: "b" } }, "openai"), [
      `${path} is the same as keys.default; remove one of them`,
    ]);
    assert.deepEqual(issuesOf({ keys: { eu: [] } }, "openai"), [`${path}s.eu must not be empty; undefined`]);
    assert.deepEqual(issuesOf({ keys: { eu: ["a", "\u00e9"] } }, "openai"), [
      `${path}s.eu[1] must be printable ASCII on one line; undefined`,
    ]);
    assert.match(issuesOf({ keys: { "e u": "a" } }, "openai")[0] ?? "", /letters, digits/);
    assert.match(issuesOf({ keys: { eu: 7 } }, "openai")[0] ?? "", /must be text, an account, or a list/);
  });
});
